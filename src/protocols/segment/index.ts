import { problemReply } from '../answer.ts';
import type { Door, Protocol, ProtocolReply } from '../protocol.ts';
import { admitCalls } from './admit.ts';
import { answerCall } from './answer.ts';
import { caseForm } from './case-form.ts';
import { SEGMENT_LIMITS } from './limits.ts';
import { readCalls } from './read.ts';
import { SETTINGS, settingsReply } from './settings.ts';

const calls: Omit<Door, 'paths'> = {
  methods: ['POST'],
  // Browsers send JSON as `text/plain`, which needs no CORS preflight; server libraries send its own type.
  types: new Set(['application/json', 'text/plain']),
  fromPages: new Set(['text/plain']),
  preflight: true,
  headers: ['Authorization', 'X-Retry-Count'],
  backendBytes: SEGMENT_LIMITS.batch,
  does: 'store',
};

/** Nothing of the request is read. */
const fixed: Omit<Door, 'paths' | 'does'> = {
  methods: ['GET', 'POST'],
  types: new Set(),
  fromPages: new Set(),
  preflight: true,
  headers: ['Authorization', 'X-Retry-Count'],
};

/** Cached for a day. */
const NO_SCRIPT: ProtocolReply = {
  ...problemReply({
    status: 404,
    title: 'Nothing here',
    detail: 'The gateway serves no scripts: the site has its own.',
  }),
  headers: { 'cache-control': 'max-age=86400' },
};

const SCRIPTS = ['/analytics.js/', '/analytics-next/bundles/', '/next-integrations/'];

/** Calls of Segment's SDKs and its HTTP API (`protocols/segment.md`). */
export const segment: Protocol<'segment'> = {
  name: 'segment',
  title: 'Segment calls',
  doors: [
    { ...calls, paths: ['/v1/batch', '/v1/b', '/v1/import'] },
    { ...calls, paths: ['/v1/track', '/v1/t'] },
    { ...calls, paths: ['/v1/page', '/v1/p'] },
    { ...calls, paths: ['/v1/identify', '/v1/i'] },
    { ...calls, paths: ['/v1/group', '/v1/g'] },
    { ...calls, paths: ['/v1/alias', '/v1/a'] },
    { ...calls, paths: ['/v1/screen', '/v1/s'] },
    // Metrics of the SDK itself.
    { ...fixed, paths: ['/v1/m'], does: { status: 204 } },
    { ...fixed, methods: ['GET'], paths: [`${SETTINGS}WRITE_KEY/settings`], below: [SETTINGS], does: settingsReply },
    { ...fixed, paths: ['/analytics.js/v1/WRITE_KEY/analytics.min.js'], below: SCRIPTS, does: NO_SCRIPT },
  ],
  backends: 'ingest_keys',
  // The SDK repeats this id when it sends a call again, and uses it for no other call.
  ownEventIds: true,
  admit: admitCalls,
  read: readCalls,
  answer: answerCall,
  caseForm,
  keepsSession: true,
};
