import { BIT, type SignalMask } from '../core/signals.ts';
import {
  clientIdTime,
  fbClickId,
  fbTime,
  fpidTime,
  gaClientId,
  gaSessionId,
  gaSessionTime,
  gclAuTime,
  gclClickId,
  gclTime,
} from '../privacy/identifiers.ts';
import { isSafe } from './set-cookie.ts';

/** Click ids of a landing page's address, values as they stood. */
export interface ClickIds {
  readonly gclid?: string | undefined;
  readonly gbraid?: string | undefined;
  readonly wbraid?: string | undefined;
  readonly dclid?: string | undefined;
  readonly fbclid?: string | undefined;
  readonly msclkid?: string | undefined;
  readonly li_fat_id?: string | undefined;
}

/** What the cookies of a hit say about whose it is; only what its signal and its cap allow. */
export interface Identifiers {
  clientId?: string;
  sessionId?: string;
  ownId?: string;
  fbp?: string;
  fbc?: string;
  gclid?: string;
  gbraid?: string;
  wbraid?: string;
  dclid?: string;
  msclkid?: string;
  li_fat_id?: string;
}

/** How a click id is kept for the conversion that comes pages later, in the vendor's own format. */
export interface ClickCookie {
  readonly param: keyof ClickIds;
  /** The cookie's value for a click id that was just seen at `at` (unix ms) on a site with this cookie domain. */
  readonly write: (id: string, at: number, domain: string) => string;
  /** The click id in a cookie's value. */
  readonly read: (value: string) => string | undefined;
}

/** A cookie the gateway answers for: not read, not kept and not renewed beyond what its signal and cap allow. */
export interface GovernedCookie {
  /** The name; where it ends in `*`, every name that goes on from there. */
  readonly name: string;
  readonly owner: 'Google' | 'Meta' | 'Microsoft' | 'LinkedIn' | 'this gateway';
  readonly signal: 'analytics_storage' | 'ad_storage';
  readonly bit: SignalMask;
  /**
   * Issue time written in the value, unix milliseconds. `never`: its form has none. `session`: the vendor itself ends
   * it within a day or so, there is nothing to cap.
   */
  readonly issued: ((value: string) => number | undefined) | 'never' | 'session';
  /** The identifier it holds, if the gateway uses it. */
  readonly holds?: { readonly field: keyof Identifiers; readonly read: (value: string) => string | undefined };
  readonly click?: ClickCookie;
}

type Row = Omit<GovernedCookie, 'name' | 'owner' | 'bit' | 'signal'>;

const analytics = (owner: GovernedCookie['owner'], name: string, row: Row): GovernedCookie => ({
  name,
  owner,
  signal: 'analytics_storage',
  bit: BIT.analytics_storage,
  ...row,
});

const ads = (owner: GovernedCookie['owner'], name: string, row: Row): GovernedCookie => ({
  name,
  owner,
  signal: 'ad_storage',
  bit: BIT.ad_storage,
  ...row,
});

/** A cookie that keeps one click id under the name of its URL parameter. */
function click(
  param: Exclude<keyof ClickIds, 'fbclid'>,
  issued: GovernedCookie['issued'],
  write: ClickCookie['write'],
  parse: (value: string) => string | undefined,
): Row {
  const read = (value: string): string | undefined => {
    const id = parse(value);
    return id !== undefined && isClickId(id) ? id : undefined;
  };
  return { issued, holds: { field: param, read }, click: { param, write, read } };
}

const gcl = (id: string, at: number): string => `GCL.${Math.floor(at / 1000)}.${id}`;

const UET = '_uet';

/**
 * The governed cookies (`destinations/ga4.md` 7, `google-ads.md` 5, `meta.md` 6, `microsoft.md` B, `linkedin.md` 4).
 *
 * The sheet gives `_gcl_gb` for both of Google's braids, which would leave open what to send later. Google's own tag
 * keeps them apart, as can be seen in any browser: wbraid in `_gcl_gb`, gbraid in `_gcl_ag` in the newer form.
 */
export const GOVERNED: readonly GovernedCookie[] = [
  analytics('Google', '_ga', { issued: gaTime, holds: { field: 'clientId', read: gaClientId } }),
  analytics('Google', '_ga_*', { issued: gaSessionTime, holds: { field: 'sessionId', read: gaSessionId } }),
  analytics('Google', 'FPID', { issued: fpidTime }),
  analytics('Google', 'FPLC', { issued: 'session' }),
  analytics('this gateway', 'pv_id', { issued: 'session' }),
  ads('this gateway', 'pv_seen', { issued: 'session' }),
  ads('Google', '_gcl_au', { issued: gclAuTime }),
  ads('Google', '_gcl_aw', click('gclid', gclTime, gcl, gclClickId)),
  ads('Google', '_gcl_gb', click('wbraid', gclTime, gcl, gclClickId)),
  ads(
    'Google',
    '_gcl_ag',
    click('gbraid', gclTime, (id, at) => `2.1.k${id}$i${Math.floor(at / 1000)}`, gclClickId),
  ),
  ads('Google', '_gcl_dc', click('dclid', gclTime, gcl, gclClickId)),
  ads('Google', '_gcl_*', { issued: gclTime }),
  ads('Google', '_gac_*', { issued: gclTime }),
  ads('Google', 'FPAU', { issued: gclAuTime }),
  ads('Google', 'FPGCL*', { issued: gclTime }),
  ads('Google', 'FPGSID', { issued: 'session' }),
  ads('Meta', '_fbp', { issued: fbTime, holds: { field: 'fbp', read: metaId } }),
  ads('Meta', '_fbc', {
    issued: fbTime,
    holds: { field: 'fbc', read: metaId },
    click: { param: 'fbclid', write: (id, at, domain) => `fb.${domainIndex(domain)}.${at}.${id}`, read: fbClickId },
  }),
  ads('Meta', '_fbi', { issued: 'never' }),
  ads('Microsoft', '_uetsid', { issued: 'session' }),
  ads('Microsoft', '_uetvid', { issued: 'never' }),
  ads(
    'Microsoft',
    '_uetmsclkid',
    click(
      'msclkid',
      'never',
      (id) => UET + id,
      (value) => (value.startsWith(UET) ? value.slice(UET.length) : undefined),
    ),
  ),
  ads(
    'LinkedIn',
    'li_fat_id',
    click(
      'li_fat_id',
      'never',
      (id) => id,
      (value) => value,
    ),
  ),
];

/** The cookies that keep click ids. */
export const CLICK_COOKIES = GOVERNED.filter((cookie) => cookie.click !== undefined);

const BY_NAME: ReadonlyMap<string, GovernedCookie> = new Map(GOVERNED.map((cookie) => [cookie.name, cookie]));
const FAMILIES = GOVERNED.filter(({ name }) => name.endsWith('*')).map((cookie) => ({
  cookie,
  prefix: cookie.name.slice(0, -1),
}));

const MAX_NAME = 64;

/** The rule for a cookie of this name; undefined = none of ours. Most names fail at their first letter. */
export function governs(name: string): GovernedCookie | undefined {
  const first = name.charCodeAt(0);
  if (first !== 95 /* _ */ && first !== 70 /* F */ && first !== 108 /* l */ && first !== 112 /* p */) return undefined;
  const exact = BY_NAME.get(name);
  if (exact !== undefined) return name.endsWith('*') ? undefined : exact;
  for (const { cookie, prefix } of FAMILIES) {
    if (name.startsWith(prefix)) return isName(name) ? cookie : undefined;
  }
  return undefined;
}

/** Whether a click id is one that can be kept and sent: 1 to 512 characters that need no quoting anywhere. */
export function isClickId(id: string): boolean {
  return id.length > 0 && id.length <= 512 && isSafe(id);
}

function isName(name: string): boolean {
  return name.length <= MAX_NAME && /^[A-Za-z0-9_-]+$/.test(name);
}

function gaTime(value: string): number | undefined {
  const cid = gaClientId(value);
  return cid === undefined ? undefined : clientIdTime(cid);
}

/** Meta takes the whole value, appendix included (`meta.md` 6.1). */
function metaId(value: string): string | undefined {
  return fbTime(value) !== undefined && value.length <= 640 && isSafe(value) ? value : undefined;
}

/** Meta's index of a cookie domain: its labels less one (`meta.md` 6.1). */
function domainIndex(domain: string): number {
  let dots = 0;
  for (let i = 0; i < domain.length; i++) if (domain.charCodeAt(i) === 46) dots++;
  return dots;
}
