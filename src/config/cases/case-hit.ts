import { sha256Hex } from '../../core/hash.ts';
import type { Category } from '../../core/signals.ts';
import type { Gateway, Site } from '../../policy/gateway.ts';
import type { Hit } from '../../protocols/hit.ts';
import { KEY_KINDS, type KeyKind } from '../../protocols/admission.ts';
import { PROTOCOLS } from '../../protocols/index.ts';
import { NO_SECRETS } from '../compile/secrets.ts';
import type { SiteConfig } from '../schema.ts';
import type { Case, CaseRequest } from './index.ts';
import { hitOf } from './request.ts';
import { cookiesOfChoice } from '../lint/said.ts';

/** The case cannot be run as it is written. */
export class UnusableCase extends Error {
  override readonly name = 'UnusableCase';
}

const AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';
const HOUR = 3_600_000;

/**
 * The hit that a case describes: of the protocol whose key it has, else a page view.
 * @param keys the keys that a back end of the site sends with its events.
 * @throws UnusableCase
 */
export function caseHit(one: Case, gateway: Gateway, now: number, keys: BackEndKeys): Hit {
  const { request } = one;
  const site = siteFor(request, gateway);
  const origin = [...site.origins][0] ?? `https://${site.name}`;
  const cookies = [
    ...choiceCookies(request, site, now),
    ...Object.entries(request.cookies).map(([name, value]) => `${name}=${value}`),
  ].join('; ');
  const { caseForm, backends = 'ingest_keys' } =
    PROTOCOLS.findLast(({ caseForm: { key } }) => givenIn(request, key) !== undefined) ?? PROTOCOLS[0];
  const written = caseForm.write(givenIn(request, caseForm.key), {
    now,
    page: new URL(request.page ?? '/', origin).href,
    pageSaid: request.page !== undefined,
    stream: site.routes.find(({ primary }) => primary)?.stream,
    backend: request.backend ? { key: keyFor(site, backends, keys), cookies, gpc: request.gpc } : undefined,
  });
  const { method, path, query, body } = written;
  const browser = {
    origin,
    ...(cookies === '' ? {} : { cookie: cookies }),
    ...(request.gpc ? { 'sec-gpc': '1' } : {}),
  };
  const headers = {
    'user-agent': AGENT,
    ...(request.backend ? {} : browser),
    ...written.headers,
    ...lowerCased(request.headers),
  };
  const url = `https://${site.name}${gateway.prefix}${path}${query === '' ? '' : `?${query}`}`;
  const id = sha256Hex(one.name).slice(0, 32);
  return hitOf({ method, url, headers: Object.entries(headers), body }, now, id);
}

/** The part of a case under the key of a protocol. */
function givenIn(request: CaseRequest, key: string): unknown {
  return (request as Readonly<Record<string, unknown>>)[key];
}

export function siteFor({ site }: CaseRequest, gateway: Gateway): Site {
  const found = site === undefined ? gateway.sites[0] : gateway.siteOf.get(site);
  if (found === undefined) throw new UnusableCase(`no site of the configuration answers on \`${site}\``);
  return found;
}

function choiceCookies({ said }: CaseRequest, site: Site, now: number): string[] {
  if (said === undefined) return [];
  const cookies = cookiesOfChoice(categories(said), now - HOUR, site.consent.cmp);
  if (cookies !== undefined) return [cookies];
  throw new UnusableCase('`said` cannot be written for the platforms this site reads; write their own under `cookies`');
}

function categories(said: NonNullable<CaseRequest['said']>): readonly Category[] {
  if (said === 'everything') return ['preferences', 'statistics', 'marketing'];
  if (said === 'nothing') return [];
  return typeof said === 'string' ? [said] : said;
}

/** The first key of each kind that a site lists. */
export type BackEndKeys = Partial<Readonly<Record<KeyKind, string>>>;

/** Stand-ins for the keys of a site, as `NO_SECRETS` has them. */
export function standInKeys(site: SiteConfig | undefined): BackEndKeys {
  const named = KEY_KINDS.flatMap((kind) => site?.[kind].slice(0, 1).map((ref) => [kind, NO_SECRETS.value(ref)]) ?? []);
  return Object.fromEntries(named) as BackEndKeys;
}

function keyFor(site: Site, kind: KeyKind, keys: BackEndKeys): string {
  const key = keys[kind];
  if (key !== undefined) return key;
  throw new UnusableCase(`\`backend: true\` needs \`${kind}\` on ${site.name}`);
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
