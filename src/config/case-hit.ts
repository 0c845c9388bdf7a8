import { sha256Hex } from '../core/hash.ts';
import type { Category } from '../core/signals.ts';
import type { Gateway, Site } from '../policy/gateway.ts';
import type { Hit } from '../protocols/hit.ts';
import type { Case, CaseRequest } from './cases.ts';
import { hitOf } from './request.ts';
import { cookiesOfChoice } from './said.ts';

/** The case cannot be run as it is written. */
export class UnusableCase extends Error {
  override readonly name = 'UnusableCase';
}

const AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';
const HOUR = 3_600_000;

/**
 * The hit a case describes: a page view or another web hit of gtag.js, or JSON events of a page or a back end.
 * @param ingestKey the value of the site's first ingest key, for events of a back end.
 * @throws UnusableCase
 */
export function caseHit(one: Case, gateway: Gateway, now: number, ingestKey: string | undefined): Hit {
  const { request } = one;
  const site = siteFor(request, gateway);
  const origin = [...site.origins][0] ?? `https://${site.name}`;
  const cookies = [
    ...choiceCookies(request, site, now),
    ...Object.entries(request.cookies).map(([name, value]) => `${name}=${value}`),
  ].join('; ');
  const browser: Record<string, string> = {
    'user-agent': AGENT,
    ...(request.backend ? {} : { origin }),
    ...(cookies === '' || request.backend ? {} : { cookie: cookies }),
    ...(request.gpc && !request.backend ? { 'sec-gpc': '1' } : {}),
    ...(request.backend ? { authorization: `Bearer ${keyFor(site, ingestKey)}` } : {}),
  };
  const headers = Object.entries({ ...browser, ...lowerCased(request.headers) });
  const page = new URL(request.page ?? '/', origin).href;
  const id = sha256Hex(one.name).slice(0, 32);
  if (request.events !== undefined) {
    const events = request.events.map((event) => withVisitor(withPage(event, request, page), request, cookies));
    const url = `https://${site.name}${gateway.prefix}/v1/events`;
    const body = JSON.stringify({ events });
    return hitOf({ method: 'POST', url, headers: [...headers, ['content-type', 'application/json']], body }, now, id);
  }
  const url = `https://${site.name}${gateway.prefix}/g/collect?${collectQuery(request, site, page, now)}`;
  return hitOf({ method: 'POST', url, headers, body: '' }, now, id);
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

function keyFor(site: Site, ingestKey: string | undefined): string {
  if (ingestKey !== undefined) return ingestKey;
  throw new UnusableCase(`\`backend: true\` needs \`ingest_keys\` on ${site.name}`);
}

function collectQuery(request: CaseRequest, site: Site, page: string, now: number): string {
  const tid = site.routes.find(({ primary }) => primary)?.stream ?? 'G-NONE000001';
  const seconds = Math.floor((now - HOUR) / 1000);
  const keys = {
    v: 2,
    tid,
    cid: `1234567890.${seconds}`,
    sid: seconds,
    _p: 987654321,
    en: 'page_view',
    dl: page,
    ...request.hit,
  };
  return new URLSearchParams(Object.entries(keys).map(([key, value]) => [key, String(value)])).toString();
}

function withPage(
  event: Readonly<Record<string, unknown>>,
  request: CaseRequest,
  page: string,
): Readonly<Record<string, unknown>> {
  return request.page === undefined || event['page'] !== undefined ? event : { ...event, page: { url: page } };
}

/** A back end passes on the visitor's Cookie header and GPC as it received them. */
function withVisitor(
  event: Readonly<Record<string, unknown>>,
  request: CaseRequest,
  cookies: string,
): Readonly<Record<string, unknown>> {
  if (!request.backend || (cookies === '' && !request.gpc)) return event;
  const visitor = { ...(cookies === '' ? {} : { cookies }), ...(request.gpc ? { gpc: true } : {}) };
  return { ...event, visitor: { ...visitor, ...(event['visitor'] as Record<string, unknown> | undefined) } };
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
