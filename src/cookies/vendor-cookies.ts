import { BIT, type SignalMask } from '../core/signals.ts';
import {
  clientIdTime,
  fbClick,
  fbClickId,
  fbTime,
  fpidTime,
  gaClientId,
  gaSessionId,
  gclAuTime,
  gclClickId,
  gclTime,
} from '../privacy/identifiers.ts';
import { isClickIdText } from '../privacy/click-ids.ts';
import { isSafe } from './set-cookie.ts';
import type { ClickIds, Identifiers } from './types.ts';

/** What a cookie's value says. */
export interface Parsed {
  /** When it was issued, unix milliseconds; undefined = it does not say. */
  readonly issued: number | undefined;
  /** The identifier in it; undefined = none that could be used. */
  readonly id: string | undefined;
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
  readonly bit: SignalMask;
  /** `session`: the vendor itself ends it within a day or so. `signed`: ours, it has files of its own. */
  readonly life: 'capped' | 'session' | 'signed';
  readonly parse: (value: string) => Parsed;
  /** The identifier it holds, if the gateway uses it. */
  readonly field: keyof Identifiers | undefined;
  readonly click: ClickCookie | undefined;
  /**
   * What a value, and the `id` that was parsed from it, tell of who the visitor is, by which stored events are found
   * again; a click cookie's is its click id. Undefined = nothing.
   */
  readonly whose: (value: string, id: string | undefined) => string | undefined;
}

const SILENT: Parsed = { issued: undefined, id: undefined };

function rule(
  owner: GovernedCookie['owner'],
  signal: 'analytics_storage' | 'ad_storage',
  name: string,
  parse: GovernedCookie['parse'],
  more: Partial<Pick<GovernedCookie, 'life' | 'field' | 'click' | 'whose'>> = {},
): GovernedCookie {
  const { life = 'capped', field, click, whose = subjectOf(field) } = more;
  return { name, owner, bit: BIT[signal], life, parse, field, click, whose };
}

/** The kinds under which other files name the same ids. */
function subjectOf(field: GovernedCookie['field']): GovernedCookie['whose'] {
  if (field === undefined || field === 'sessionId') return () => undefined;
  const kind = field === 'clientId' ? 'ga' : field;
  return (_, id) => (id === undefined ? undefined : `${kind}:${id}`);
}

/** The time in Meta's click cookie is that of whoever wrote it; the click is the same. */
function fbcSubject(value: string, id: string | undefined): string | undefined {
  const click = id === undefined ? fbClickId(value) : fbClick(value);
  return click === undefined ? undefined : `fbc:${click}`;
}

/** A cookie whose identifier only its vendor uses: the visitor is known by it all the same. */
const byValue =
  (kind: string): GovernedCookie['whose'] =>
  (value) =>
    value.length >= SHORTEST_ID && value.length <= LONGEST_ID ? `${kind}:${value}` : undefined;

/** What is shorter tells nobody apart. */
const SHORTEST_ID = 8;
const LONGEST_ID = 256;

/** A cookie that keeps one click id, used under the name of its URL parameter. */
function clickRule(
  owner: GovernedCookie['owner'],
  name: string,
  param: Exclude<keyof ClickIds, 'fbclid'>,
  write: ClickCookie['write'],
  read: ClickCookie['read'],
  issued: (value: string) => number | undefined,
): GovernedCookie {
  const safe = (value: string): string | undefined => {
    const id = read(value);
    return id !== undefined && isClickId(id) ? id : undefined;
  };
  const parse = (value: string): Parsed => ({ issued: issued(value), id: safe(value) });
  return rule(owner, 'ad_storage', name, parse, { field: param, click: { param, write, read: safe } });
}

const dated =
  (issued: (value: string) => number | undefined) =>
  (value: string): Parsed => ({ issued: issued(value), id: undefined });

const undated = (): Parsed => SILENT;
const noTime = (): undefined => undefined;

const gcl = (id: string, at: number): string => `GCL.${Math.floor(at / 1000)}.${id}`;
const gclNew = (id: string, at: number): string => `2.1.k${id}$i${Math.floor(at / 1000)}`;

const UET = '_uet';
const uet = (id: string): string => UET + id;
const uetId = (value: string): string | undefined => (value.startsWith(UET) ? value.slice(UET.length) : undefined);

const itself = (value: string): string => value;

const META_CLICK: ClickCookie = {
  param: 'fbclid',
  write: (id, at, domain) => `fb.${domainIndex(domain)}.${at}.${id}`,
  read: fbClickId,
};

/**
 * The governed cookies (`destinations/ga4.md` 7, `google-ads.md` 5, `meta.md` 6, `microsoft.md` B, `linkedin.md` 4).
 *
 * The sheet gives `_gcl_gb` for both of Google's braids, which would leave open what to send later. Google's own tag
 * keeps them apart, as can be seen in any browser: wbraid in `_gcl_gb`, gbraid in `_gcl_ag` in the newer form.
 */
export const GOVERNED: readonly GovernedCookie[] = [
  rule('Google', 'analytics_storage', '_ga', parseGa, { field: 'clientId' }),
  rule('Google', 'analytics_storage', '_ga_*', parseGaSession, { field: 'sessionId' }),
  rule('Google', 'analytics_storage', 'FPID', dated(fpidTime), { whose: byValue('fpid') }),
  rule('Google', 'analytics_storage', 'FPLC', undated, { life: 'session' }),
  rule('this gateway', 'analytics_storage', 'pv_id', undated, { life: 'signed' }),
  rule('this gateway', 'ad_storage', 'pv_seen', undated, { life: 'signed' }),
  rule('Google', 'ad_storage', '_gcl_au', dated(gclAuTime), { whose: byValue('gclau') }),
  clickRule('Google', '_gcl_aw', 'gclid', gcl, gclClickId, gclTime),
  clickRule('Google', '_gcl_gb', 'wbraid', gcl, gclClickId, gclTime),
  clickRule('Google', '_gcl_ag', 'gbraid', gclNew, gclClickId, gclTime),
  clickRule('Google', '_gcl_dc', 'dclid', gcl, gclClickId, gclTime),
  rule('Google', 'ad_storage', '_gcl_*', dated(gclTime)),
  rule('Google', 'ad_storage', '_gac_*', dated(gclTime)),
  rule('Google', 'ad_storage', 'FPAU', dated(gclAuTime)),
  rule('Google', 'ad_storage', 'FPGCL*', dated(gclTime)),
  rule('Google', 'ad_storage', 'FPGSID', undated, { life: 'session' }),
  rule('Meta', 'ad_storage', '_fbp', parseFbp, { field: 'fbp' }),
  rule('Meta', 'ad_storage', '_fbc', parseFbc, { field: 'fbc', click: META_CLICK, whose: fbcSubject }),
  rule('Meta', 'ad_storage', '_fbi', undated),
  rule('Microsoft', 'ad_storage', '_uetsid', undated, { life: 'session' }),
  rule('Microsoft', 'ad_storage', '_uetvid', undated, { whose: byValue('uetvid') }),
  clickRule('Microsoft', '_uetmsclkid', 'msclkid', uet, uetId, noTime),
  clickRule('LinkedIn', 'li_fat_id', 'li_fat_id', itself, itself, noTime),
];

/** The cookies that keep click ids. */
export const CLICK_COOKIES = GOVERNED.filter((cookie) => cookie.click !== undefined);

const FAMILY = '*';
const BY_NAME: ReadonlyMap<string, GovernedCookie> = new Map(
  GOVERNED.filter(({ name }) => !name.endsWith(FAMILY)).map((rule) => [rule.name, rule]),
);
const FAMILIES = GOVERNED.filter(({ name }) => name.endsWith(FAMILY)).map((rule) => ({
  rule,
  prefix: rule.name.slice(0, -FAMILY.length),
}));
const FIRST: ReadonlySet<number> = new Set(GOVERNED.map(({ name }) => name.charCodeAt(0) * 256 + name.charCodeAt(1)));

const MAX_NAME = 64;

/** The rule for a cookie of this name; undefined = none of ours. Most names fail at their first two letters. */
export function governs(name: string): GovernedCookie | undefined {
  if (!FIRST.has(name.charCodeAt(0) * 256 + name.charCodeAt(1))) return undefined;
  const exact = BY_NAME.get(name);
  if (exact !== undefined) return exact;
  for (const { rule, prefix } of FAMILIES) {
    if (name.startsWith(prefix)) return isName(name) ? rule : undefined;
  }
  return undefined;
}

/** Whether a click id is one that can be kept and sent: at most 512 characters that need no quoting anywhere. */
export function isClickId(id: string): boolean {
  return id.length <= 512 && isSafe(id) && isClickIdText(id);
}

function isName(name: string): boolean {
  return name.length <= MAX_NAME && /^[A-Za-z0-9_-]+$/.test(name);
}

function parseGa(value: string): Parsed {
  const id = gaClientId(value);
  return { issued: id === undefined ? undefined : clientIdTime(id), id };
}

function parseGaSession(value: string): Parsed {
  const id = gaSessionId(value);
  return { issued: id === undefined ? undefined : Number(id) * 1000, id };
}

/** Meta takes the whole value, appendix included (`meta.md` 6.1). */
function parseMeta(value: string): Parsed {
  const issued = fbTime(value);
  return { issued, id: issued !== undefined && value.length <= 640 && isSafe(value) ? value : undefined };
}

/** The random part of `_fbp` is a number (`meta.md` 6.1). */
function parseFbp(value: string): Parsed {
  return /^fb\.\d{1,3}\.\d{1,16}\.\d{1,20}(?:\.|$)/.test(value) ? parseMeta(value) : SILENT;
}

/** A `_fbc` that keeps no click is as good as none. */
function parseFbc(value: string): Parsed {
  const parsed = parseMeta(value);
  const keeps = parsed.id === undefined || isClickIdText(fbClick(value));
  return keeps ? parsed : { issued: parsed.issued, id: undefined };
}

/** Meta's index of a cookie domain: its labels less one (`meta.md` 6.1). */
function domainIndex(domain: string): number {
  let dots = 0;
  for (let i = 0; i < domain.length; i++) if (domain.charCodeAt(i) === 46) dots++;
  return dots;
}
