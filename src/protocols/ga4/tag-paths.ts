import { problemReply } from '../answer.ts';
import type { Door, ProtocolReply } from '../protocol.ts';

/**
 * Requests of gtag.js and Tag Manager to a server container beside hits (`protocols/google-paths.md` 1): each path has one
 * harmless answer, the same for everybody. Nothing of such a request is read, because there is no permission for it: these
 * are pings, conversions with click ids, hashed user data.
 */

const taken: Omit<Door, 'paths' | 'below'> = {
  methods: ['GET', 'POST'],
  types: new Set(),
  fromPages: new Set(),
  preflight: true,
  does: { status: 204 },
};

/** Cached for a day. A page that frames it gets nothing it could show or run. */
const ABSENT: ProtocolReply = {
  ...problemReply({ status: 404, title: 'Nothing here', detail: 'The gateway serves no scripts, frames or workers.' }),
  headers: { 'cache-control': 'max-age=86400', 'x-frame-options': 'DENY' },
};
const absent: Omit<Door, 'paths' | 'below'> = { ...taken, does: ABSENT };

export const TAG_PATHS: readonly Door[] = [
  // Consent-mode pings, conversions and user data of Google Ads, by the names its scripts have for them.
  { ...taken, paths: ['/ccm/collect'], below: ['/ccm/'] },
  { ...taken, paths: ['/d/ccm/conversion'], below: ['/d/ccm/'] },
  { ...taken, paths: ['/g/d/ccm/conversion'], below: ['/g/d/ccm/'] },
  { ...taken, paths: ['/as/d/ccm/conversion'], below: ['/as/'] },
  { ...taken, paths: ['/gs/ccm/collect'], below: ['/gs/'] },
  // Diagnostics of the tag.
  { ...taken, paths: ['/a', '/td'] },
  // Requested only after an answer that tells the browser to, and the gateway gives none.
  { ...taken, paths: ['/_/set_cookie'] },
  // A hidden frame with a worker that would send to Google directly. Without this answer the shop's own page may be loaded.
  { ...absent, paths: ['/_/service_worker'], below: ['/_/service_worker/'] },
  // The scripts themselves, and the frame for browsers without scripts.
  { ...absent, paths: ['/gtag/js', '/gtag/destination', '/gtm.js', '/ns.html'] },
  // The preview of a server container, and hits that only Google's own host takes.
  { ...absent, paths: ['/gtm/debug', '/gtm/get_memo', '/debug/bootstrap', '/g/s/collect'] },
];
