import { connect, type AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { Counters } from '../../src/ledger/counters.ts';
import { frontOf } from '../../src/http/front.ts';
import type { Ports } from '../../src/http/ports.ts';
import { createRateLimit } from '../../src/http/rate-limit.ts';
import { createListener, rawTarget, toHit } from '../../src/runtimes/node/http/listener.ts';
import { webHit } from '../../src/http/web-hit.ts';
import type { Gateway } from '../../src/policy/gateway.ts';
import type { Hit } from '../../src/protocols/hit.ts';
import { LIMITS } from '../../src/protocols/limits.ts';
import { hostOf } from '../../src/protocols/target.ts';
import { gatewayOf as compiled } from '../support/hits.ts';

// One table of requests, sent in every way a request can come: Node's socket, Node's socket through the web app, and
// the web app alone, which has a `Request` and nothing else. All must answer the same; where this is impossible, the
// row says why. RFC 9110 15.5.6 (405 and Allow), 15.5.14 (413), 15.5.16 (415), RFC 9112 3.2 (target, Host), Fetch
// (CORS), R72 (limits), `protocols/google-paths.md` 1 (fixed answers).

const ORIGIN = 'https://shop.example.no';
const HOST = 'metrics.example.no';
const yaml = (server: string) => `
server: { ${server} }
sites:
  - hosts: [${HOST}]
    origins: [${ORIGIN}]
    ingest_keys: ["\${INGEST_KEY}"]
    mp_secrets: ["\${MP_SECRET}"]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001 }
`;

const HIT = 'v=2&tid=G-TEST000001&cid=1.1790000000&en=page_view&dl=https%3A%2F%2Fshop.example.no%2F';
const EVENTS = JSON.stringify({ events: [{ name: 'page_view' }] });

const KEY = 'ingest-key-of-the-test-0123456789';
const gatewayOf = (text: string): Gateway => compiled(text, undefined, KEY);

interface Case {
  readonly name: string;
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly allow?: string;
  readonly json?: true;
  /** Answered without a look at the request. */
  readonly unread?: true;
  /** Its events are taken, whatever the status says of it. */
  readonly taken?: boolean;
  /** Beside `Origin`, and the type of JSON events; undefined = it is not sent. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
  /** Where a `Request` by its nature ends otherwise, and why. */
  readonly web?: { readonly status: number; readonly why: string };
}

const one = (name: string, method: string, target: string, status: number, more: Partial<Case> = {}): Case => ({
  name,
  method,
  target,
  status,
  ...more,
});

const RESOLVED = { status: 204, why: 'the address of a Request is resolved when it is made' };
const PAGELESS = { origin: undefined };

/** Below a prefix and without one the same. */
const cases = (prefix: string): Case[] => [
  one('a web hit', 'POST', `${prefix}/g/collect?${HIT}`, 204),
  one('a web hit by GET', 'GET', `${prefix}/g/collect?${HIT}`, 204),
  one('a web hit with a slash at the end', 'POST', `${prefix}/g/collect/?${HIT}`, 204),
  one('JSON events', 'POST', `${prefix}/v1/events`, 204, { json: true }),
  one('an absolute target', 'POST', `http://${HOST}${prefix}/g/collect?${HIT}`, 204),
  one('an absolute target with a port', 'GET', `http://${HOST}:80${prefix}/g/collect?${HIT}`, 204),
  one('an absolute target of JSON events', 'POST', `http://${HOST}${prefix}/v1/events`, 204, { json: true }),
  one('an absolute target of a host nobody has', 'GET', `http://other.example${prefix}/g/collect?${HIT}`, 421),
  one('HEAD of a hit', 'HEAD', `${prefix}/g/collect?${HIT}`, 405, { allow: 'GET, POST' }),
  one('PUT of a hit', 'PUT', `${prefix}/g/collect?${HIT}`, 405, { allow: 'GET, POST' }),
  one('DELETE of a hit with a slash', 'DELETE', `${prefix}/g/collect/?${HIT}`, 405, { allow: 'GET, POST' }),
  one('HEAD of JSON events', 'HEAD', `${prefix}/v1/events`, 405, { allow: 'POST' }),
  one('GET of JSON events', 'GET', `${prefix}/v1/events`, 405, { allow: 'POST' }),
  one('PATCH of JSON events', 'PATCH', `${prefix}/v1/events`, 405, { allow: 'POST' }),
  one('HEAD of an absolute target', 'HEAD', `http://${HOST}${prefix}/g/collect?${HIT}`, 405, { allow: 'GET, POST' }),
  one('a preflight of a hit', 'OPTIONS', `${prefix}/g/collect`, 204),
  one('a preflight of JSON events', 'OPTIONS', `${prefix}/v1/events`, 204),
  one('a preflight of nothing', 'OPTIONS', `${prefix}/v2/events`, 404),
  one('a letter percent-encoded', 'POST', `${prefix}/g/%63ollect?${HIT}`, 404),
  one('a slash percent-encoded', 'POST', `${prefix}/g%2Fcollect?${HIT}`, 404),
  one('a letter of JSON events percent-encoded', 'POST', `${prefix}/v1/%65vents`, 404, { json: true }),
  one('HEAD of an encoded spelling', 'HEAD', `${prefix}/g/%63ollect?${HIT}`, 404),
  one('another case', 'POST', `${prefix}/G/Collect?${HIT}`, 404),
  one('two slashes', 'POST', `${prefix}/g//collect?${HIT}`, 404),
  one('two slashes at the end', 'POST', `${prefix}/g/collect//?${HIT}`, 404),
  one('a matrix parameter', 'POST', `${prefix}/g/collect;x=1?${HIT}`, 404),
  one('a longer path', 'POST', `${prefix}/g/collector?${HIT}`, 404),
  one('JSON events with a slash at the end', 'POST', `${prefix}/v1/events/`, 404, { json: true }),
  one('a dot segment', 'POST', `${prefix}/g/./collect?${HIT}`, 404, { web: RESOLVED }),
  one('two dots', 'POST', `${prefix}/x/../g/collect?${HIT}`, 404, { web: RESOLVED }),
  one('two dots percent-encoded', 'POST', `${prefix}/x/%2e%2e/g/collect?${HIT}`, 404, { web: RESOLVED }),
  one('the root', 'GET', `${prefix}/`, 404),
  one('the bridge script', 'GET', `${prefix}/g/consent.js`, 200),
  one('HEAD of the bridge script', 'HEAD', `${prefix}/g/consent.js`, 200),
  one('POST to the bridge script', 'POST', `${prefix}/g/consent.js`, 405, { allow: 'GET, HEAD' }),
  one('the tag', 'GET', `${prefix}/g/pv.js`, 200),
  one('HEAD of the tag', 'HEAD', `${prefix}/g/pv.js`, 200),
  one('POST to the tag', 'POST', `${prefix}/g/pv.js`, 405, { allow: 'GET, HEAD' }),
  one('the tag percent-encoded', 'GET', `${prefix}/g/%70v.js`, 404),
  one('health', 'GET', `${prefix}/healthz`, 200),
  one('health at the root', 'GET', '/healthz', 200),
  one('readiness', 'HEAD', `${prefix}/readyz`, 200),
  one('DELETE of readiness', 'DELETE', `${prefix}/readyz`, 405, { allow: 'GET, HEAD' }),
  ...origins(prefix),
  ...bodies(prefix),
  ...tagPaths(prefix),
  ...measurement(prefix),
  ...segment(prefix),
];

/** Segment's HTTP API (`protocols/segment.md` 1, 2, 6). */
const segment = (prefix: string): Case[] => {
  const call = JSON.stringify({ type: 'track', event: 'A', messageId: 'm-1' });
  const batch = JSON.stringify({ batch: [{ type: 'track', event: 'A' }], sentAt: '2026-11-23T12:00:00Z' });
  const typed = (type: string | undefined) => ({ headers: { 'content-type': type } });
  const text = { body: call, ...typed('text/plain') };
  const basic = (key: string) => ({ ...PAGELESS, authorization: `Basic ${btoa(`${key}:`)}` });
  const server = (key: string, more: Partial<Case> = {}): Partial<Case> => ({
    body: batch,
    headers: { ...basic(key), 'content-type': 'application/json' },
    ...more,
  });
  const settings = `${prefix}/v1/projects/KEY/settings`;
  const long = 'x'.repeat(LIMITS.body + 1);
  return [
    ...['t', 'p', 'i', 'g', 'a', 's', 'track', 'page', 'identify', 'group', 'alias', 'screen'].map((path) =>
      one(`a call at ${path}`, 'POST', `${prefix}/v1/${path}`, 200, text),
    ),
    ...['b', 'batch', 'import'].map((path) =>
      one(`a batch at ${path}`, 'POST', `${prefix}/v1/${path}`, 200, { body: batch, ...typed('text/plain') }),
    ),
    one('a call as JSON', 'POST', `${prefix}/v1/t`, 200, { body: call, json: true }),
    one('a call as a form', 'POST', `${prefix}/v1/t`, 415, {
      body: call,
      ...typed('application/x-www-form-urlencoded'),
    }),
    one('a call of no type', 'POST', `${prefix}/v1/t`, 415, { body: call }),
    one('a call of another origin', 'POST', `${prefix}/v1/t`, 403, {
      body: call,
      headers: { origin: 'https://evil.example', 'content-type': 'text/plain' },
    }),
    one('a call without Origin and key', 'POST', `${prefix}/v1/track`, 403, {
      body: call,
      json: true,
      headers: PAGELESS,
    }),
    one('a text without Origin', 'POST', `${prefix}/v1/t`, 415, {
      body: call,
      headers: { ...basic(KEY), 'content-type': 'text/plain' },
    }),
    one('a batch of a back end', 'POST', `${prefix}/v1/batch`, 200, server(KEY)),
    one('a batch of a back end with a bearer', 'POST', `${prefix}/v1/batch`, 200, {
      body: batch,
      json: true,
      headers: { ...PAGELESS, authorization: `Bearer ${KEY}` },
    }),
    one('a batch with another key', 'POST', `${prefix}/v1/batch`, 403, server(`${KEY}x`)),
    one('a batch that is no JSON', 'POST', `${prefix}/v1/batch`, 400, server(KEY, { body: '{' })),
    one(
      'a batch that is longer than a stranger may send',
      'POST',
      `${prefix}/v1/batch`,
      400,
      server(`${KEY}x`, { body: long }),
    ),
    one('a batch that is no longer than a back end may send', 'POST', `${prefix}/v1/batch`, 200, {
      ...server(KEY, {
        body: JSON.stringify({ batch: Array.from({ length: 80 }, () => ({ type: 'page', name: 'x'.repeat(1_000) })) }),
      }),
    }),
    one('GET of a call', 'GET', `${prefix}/v1/t`, 405, { allow: 'POST' }),
    one('a preflight of a call', 'OPTIONS', `${prefix}/v1/t`, 204),
    one('metrics of the SDK', 'POST', `${prefix}/v1/m`, 204, { unread: true, ...text }),
    one('the settings', 'GET', settings, 200),
    one('the settings of another origin', 'GET', settings, 200, { headers: { origin: 'https://evil.example' } }),
    one('the settings of no key', 'GET', `${prefix}/v1/projects/`, 404),
    one('HEAD of the settings', 'HEAD', settings, 405, { allow: 'GET' }),
    one('the settings of a host nobody has', 'GET', settings, 421, { headers: { host: 'other.example' } }),
    one('the script', 'GET', `${prefix}/analytics.js/v1/KEY/analytics.min.js`, 404),
    one('a part of the script', 'GET', `${prefix}/analytics-next/bundles/ajs-destination.bundle.js`, 404),
    one('a vendor for the page', 'GET', `${prefix}/next-integrations/integrations/vendor/x.js`, 404),
    one('a call with a slash at the end', 'POST', `${prefix}/v1/t/`, 404, text),
  ].map((row) => (row.method === 'POST' && row.status === 200 ? { ...row, taken: true } : row));
};

/** The Measurement Protocol (`protocols/measurement-protocol.md` 1, 2, 5). */
const measurement = (prefix: string): Case[] => {
  const at = (path: string, key = KEY, id = 'G-TEST000001') =>
    `${prefix}${path}?measurement_id=${id}&api_secret=${encodeURIComponent(key)}`;
  const body = (events: unknown) => JSON.stringify({ client_id: '1.1790000000', events });
  const view = body([{ name: 'page_view' }]);
  const sent = (more: Partial<Case> = {}) => ({ body: view, ...more, headers: { ...PAGELESS, ...more.headers } });
  const typed = (type: string) => ({ headers: { 'content-type': type } });
  return [
    ...['application/json', 'application/json; charset=utf-8', 'text/plain'].map((type) =>
      one(`a measurement as ${type}`, 'POST', at('/mp/collect'), 204, sent(typed(type))),
    ),
    one('a measurement of no type', 'POST', at('/mp/collect'), 204, sent()),
    one('a measurement as a form', 'POST', at('/mp/collect'), 415, sent(typed('application/x-www-form-urlencoded'))),
    one('a measurement without a key', 'POST', `${prefix}/mp/collect?measurement_id=G-TEST000001`, 403, sent()),
    one('a measurement with another key', 'POST', at('/mp/collect', `${KEY}x`), 403, sent()),
    one('a measurement with an empty key', 'POST', at('/mp/collect', ''), 403, sent()),
    one('a measurement with two keys', 'POST', `${at('/mp/collect')}&api_secret=${KEY}x`, 403, sent()),
    one('a measurement with the key of JSON events', 'POST', `${prefix}/mp/collect?measurement_id=G-TEST000001`, 403, {
      ...sent({ headers: { authorization: `Bearer ${KEY}` } }),
    }),
    one('a measurement of a page', 'POST', at('/mp/collect'), 403, { body: view }),
    one('a measurement of an id nobody has', 'POST', at('/mp/collect', KEY, 'G-OTHER00001'), 204, sent()),
    one('a measurement of no id', 'POST', `${prefix}/mp/collect?api_secret=${KEY}`, 400, sent()),
    one('a measurement of an app', 'POST', `${at('/mp/collect')}&firebase_app_id=1:2:ios:3`, 400, sent()),
    one('a measurement of a host nobody has', 'POST', at('/mp/collect'), 421, sent({ headers: { host: 'x.example' } })),
    one('a measurement that is no JSON', 'POST', at('/mp/collect'), 400, sent({ body: '{"events":' })),
    one('a measurement of nothing', 'POST', at('/mp/collect'), 400, sent({ body: body([]) })),
    one(
      'a measurement of too much',
      'POST',
      at('/mp/collect'),
      400,
      sent({ body: body(Array.from({ length: 26 }, () => ({ name: 'a' }))) }),
    ),
    one('a measurement that is longer than others may be', 'POST', at('/mp/collect'), 204, {
      ...sent({ body: body([{ name: 'a', params: { text: 'x'.repeat(120 * 1024) } }]) }),
    }),
    one('a measurement that is too long', 'POST', at('/mp/collect'), 413, sent({ body: 'x'.repeat(130 * 1024 + 1) })),
    one('a long one with another key', 'POST', at('/mp/collect', `${KEY}x`), 413, {
      ...sent({ body: 'x'.repeat(LIMITS.body + 1) }),
    }),
    one('a measurement with a bad event', 'POST', at('/mp/collect'), 204, sent({ body: body([{ name: '9' }]) })),
    one('a look at a measurement', 'POST', at('/debug/mp/collect'), 200, sent()),
    one('a look at one that is no JSON', 'POST', at('/debug/mp/collect'), 200, sent({ body: '{' })),
    one('a look with another key', 'POST', at('/debug/mp/collect', 'x'), 403, sent()),
    one('GET of a measurement', 'GET', at('/mp/collect'), 405, { allow: 'POST', ...sent() }),
    one('a preflight of a measurement', 'OPTIONS', at('/mp/collect'), 405, { allow: 'POST' }),
    one('a measurement with a slash at the end', 'POST', `${prefix}/mp/collect/`, 404, sent()),
  ];
};

/** What Google tags ask for beside hits. */
const tagPaths = (prefix: string): Case[] => {
  const dropped = [
    '/ccm/collect?en=page_view&gcs=G111&gclaw=Cj0',
    '/ccm/conversion/123456789/?label=x&auid=1.2',
    '/ccm/form-data/123456789?em=tv.1~em.aaaa',
    '/d/ccm/conversion?auid=1.2',
    '/d/ccm/form-data/123456789',
    '/g/d/ccm/conversion',
    '/as/d/ccm/conversion/123456789/',
    '/as/p/c/123456789/',
    '/gs/ccm/collect',
    '/gs/ccm/conversion',
    '/a?id=G-TEST000001&v=3&t=t',
    '/td?id=G-TEST000001',
    '/_/set_cookie?val=x',
  ];
  const absent = [
    '/_/service_worker/63b0/sw_iframe.html?origin=https%3A%2F%2Fshop.example.no&1p=1',
    '/_/service_worker/69f0/sw.js?path=%2F',
    '/gtag/js?id=G-TEST000001',
    '/gtag/destination?id=AW-1&cx=c',
    '/gtm.js?id=GTM-XXXX',
    '/ns.html?id=GTM-XXXX',
    '/gtm/debug',
    '/gtm/get_memo',
    '/debug/bootstrap',
    `/g/s/collect?${HIT}`,
  ];
  const worker = { origin: undefined, 'service-worker': 'script' };
  return [
    ...dropped.map((path) => one(`nothing is read at ${path}`, 'GET', prefix + path, 204, { unread: true })),
    ...absent.map((path) => one(`nothing is served at ${path}`, 'GET', prefix + path, 404)),
    one('user data of a page', 'POST', `${prefix}/d/ccm/form-data/1`, 204, { unread: true, body: 'em=tv.1~em.aaaa' }),
    one('a body that no door would take', 'POST', `${prefix}/as/p/c/1/`, 204, {
      unread: true,
      body: 'x'.repeat(LIMITS.body + 1),
    }),
    one('a ping of another origin', 'GET', `${prefix}/ccm/collect`, 204, {
      unread: true,
      headers: { origin: 'https://evil.example' },
    }),
    one('a ping of a host nobody has', 'GET', `${prefix}/ccm/collect`, 421, { headers: { host: 'other.example' } }),
    one('a preflight of a ping', 'OPTIONS', `${prefix}/ccm/collect`, 204),
    one('HEAD of a ping', 'HEAD', `${prefix}/ccm/collect`, 405, { allow: 'GET, POST' }),
    one('a path that begins like a ping', 'GET', `${prefix}/ccmx`, 404),
    one('health by the name of Google', 'GET', `${prefix}/healthy`, 200),
    one('the tag as a worker', 'GET', `${prefix}/g/pv.js`, 404, { headers: worker }),
    one('the bridge script as a worker', 'GET', `${prefix}/g/consent.js`, 404, { headers: worker }),
    one('a hit of a worker that is being installed', 'GET', `${prefix}/g/collect?${HIT}`, 404, { headers: worker }),
  ];
};

/** Who may send, and to whom. */
const origins = (prefix: string): Case[] => {
  const hit = `${prefix}/g/collect?${HIT}`;
  const events = `${prefix}/v1/events`;
  const from = (origin: string) => ({ headers: { origin } });
  const json = (headers: NonNullable<Case['headers']>) => ({ json: true, headers }) as const;
  return [
    one('a hit of another origin', 'POST', hit, 403, from('https://evil.example')),
    one('a hit of an origin that ends like the listed one', 'POST', hit, 403, from('https://not-shop.example.no')),
    one('a hit of no origin', 'POST', hit, 403, from('null')),
    one('a hit without Origin of the same site', 'GET', hit, 204, {
      headers: { ...PAGELESS, 'sec-fetch-site': 'same-origin' },
    }),
    one('a hit without Origin of another site', 'GET', hit, 403, {
      headers: { ...PAGELESS, 'sec-fetch-site': 'cross-site' },
    }),
    one('a hit without Origin from a listed page', 'GET', hit, 204, {
      headers: { ...PAGELESS, referer: `${ORIGIN}/a` },
    }),
    one('a hit that says nothing of where it comes from', 'GET', hit, 204, { headers: PAGELESS }),
    one('HEAD of another origin', 'HEAD', hit, 405, { allow: 'GET, POST', ...from('https://evil.example') }),
    one('nothing for another origin', 'GET', `${prefix}/g/other`, 404, from('https://evil.example')),
    one('a preflight of another origin', 'OPTIONS', events, 403, from('https://evil.example')),
    one('a preflight without Origin', 'OPTIONS', events, 403, { headers: PAGELESS }),
    one('events of another origin', 'POST', events, 403, json({ origin: 'https://evil.example' })),
    one('events of a back end', 'POST', events, 204, json({ ...PAGELESS, authorization: `Bearer ${KEY}` })),
    one('events without Origin and key', 'POST', events, 403, json(PAGELESS)),
    one('events with another key', 'POST', events, 403, json({ ...PAGELESS, authorization: `Bearer ${KEY}x` })),
    one('events with a key in another form', 'POST', events, 403, json({ ...PAGELESS, authorization: `Basic ${KEY}` })),
    one('a key of a page that is not listed', 'POST', events, 403, {
      ...json({ origin: 'https://evil.example', authorization: `Bearer ${KEY}` }),
    }),
    one('a host nobody has', 'POST', hit, 421, { headers: { host: 'other.example' } }),
    one('a host with a port', 'POST', hit, 204, { headers: { host: `${HOST}:8443` } }),
    one('a host in capitals', 'POST', hit, 204, { headers: { host: HOST.toUpperCase() } }),
    one('a preflight of a host nobody has', 'OPTIONS', events, 421, { headers: { host: 'other.example' } }),
    one('two hosts', 'GET', hit, 400, {
      headers: { host: `${HOST}\r\nhost: other.example` },
      web: { status: 421, why: 'a Request holds them as one, which nobody has' },
    }),
  ];
};

/** What a body may be. */
const bodies = (prefix: string): Case[] => {
  const query = HIT.replace('&en=page_view', '');
  const hit = (body: string, type?: string) => ({ body, headers: { 'content-type': type } });
  const lines = `${prefix}/g/collect?${query}`;
  const events = `${prefix}/v1/events`;
  const json = (body: string, headers: NonNullable<Case['headers']> = {}) => ({ json: true, body, headers }) as const;
  const long = (bytes: number) => `en=page_view&ep.a=${'x'.repeat(bytes - 'en=page_view&ep.a='.length)}`;
  return [
    one('lines of no type', 'POST', lines, 204, hit('en=page_view')),
    one('lines of text', 'POST', lines, 204, hit('en=page_view\nen=scroll', 'text/plain;charset=UTF-8')),
    one('lines of a form', 'POST', lines, 204, hit('en=page_view', 'Application/X-WWW-Form-Urlencoded')),
    one('lines of JSON', 'POST', lines, 415, hit('en=page_view', 'application/json')),
    one('lines of several parts', 'POST', lines, 415, hit('en=page_view', 'multipart/form-data; boundary=text/plain')),
    one('events of a beacon', 'POST', events, 204, json(EVENTS, { 'content-type': 'text/plain' })),
    one('events of a form', 'POST', events, 415, json(EVENTS, { 'content-type': 'application/x-www-form-urlencoded' })),
    one('events of no type', 'POST', events, 415, json(EVENTS, { 'content-type': undefined })),
    one(
      'events of a type like the right one',
      'POST',
      events,
      415,
      json(EVENTS, { 'content-type': 'application/jsonp' }),
    ),
    one('text of a back end', 'POST', events, 415, {
      ...json(EVENTS, { ...PAGELESS, authorization: `Bearer ${KEY}`, 'content-type': 'text/plain' }),
    }),
    one('an encoded body', 'POST', events, 415, json(EVENTS, { 'content-encoding': 'gzip' })),
    one('an encoded body of nothing', 'POST', lines, 415, { headers: { 'content-encoding': 'identity' } }),
    one('as much as there may be', 'POST', lines, 204, hit(long(LIMITS.body), 'text/plain')),
    one('one byte more', 'POST', lines, 413, hit(long(LIMITS.body + 1), 'text/plain')),
    one('few letters of many bytes', 'POST', lines, 413, hit('ø'.repeat(LIMITS.body / 2 + 1), 'text/plain')),
    one('lines that take over a long query', 'POST', `${lines}&ep.b=${'x'.repeat(6_000)}`, 413, {
      ...hit('en=a\n'.repeat(25), 'text/plain'),
    }),
    one('no JSON', 'POST', events, 400, json('{"events":')),
    one('no body', 'POST', events, 400, json('')),
    one('an empty list', 'POST', events, 400, json('{"events":[]}')),
    one('a byte order mark', 'POST', events, 204, json(`\ufeff${EVENTS}`)),
    one('a hit of another version', 'POST', `${prefix}/g/collect?${HIT.replace('v=2', 'v=1')}`, 400),
    one('a hit of nobody', 'GET', `${prefix}/g/collect?v=2&en=page_view`, 400),
  ];
};

interface Said {
  readonly status: number;
  readonly allow: string | undefined;
  readonly cors: string | undefined;
}

type Way = (one: Case) => Promise<Said>;

function portsOf(server: string): { ports: Ports; hits: Hit[] } {
  const gateway = gatewayOf(yaml(server));
  const hits: Hit[] = [];
  const ports: Ports = {
    gateway: () => gateway,
    outbox: {
      append: (rows) => Promise.resolve(rows.map(() => 'stored' as const)),
      pending: 0,
      shared: false,
      ready: true,
    },
    stopped: () => 0,
    overloaded: () => false,
    toHit,
    target: rawTarget,
    counters: new Counters(),
    rateLimit: createRateLimit(() => new Uint8Array(32)),
    watcher: () => (trace) => void hits.push(trace.hit),
  };
  return { ports, hits };
}

/** A runtime that has nothing but a `Request`. */
function webPorts(ports: Ports): Ports {
  const { target: _, ...rest } = ports;
  return { ...rest, toHit: (c, mostBytes) => webHit(c.req.raw, undefined, {}, mostBytes) };
}

function headersOf(one: Case): Record<string, string> {
  const all = { origin: ORIGIN, ...(one.json === true ? { 'content-type': 'application/json' } : {}), ...one.headers };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function bodyOf(one: Case): string {
  return one.body ?? (one.json === true ? EVENTS : '');
}

function bySocket(port: () => number): Way {
  return async (one) => {
    const body = bodyOf(one);
    const { host = HOST, ...headers } = headersOf(one);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const text = await exchange(
      port(),
      `${one.method} ${one.target} HTTP/1.1\r\nhost: ${host}\r\n${lines.map((line) => `${line}\r\n`).join('')}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
    return said(text);
  };
}

function said(text: string): Said {
  const [head = ''] = text.split('\r\n\r\n');
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim();
  return {
    status: Number(head.split(' ')[1]),
    allow: header('allow'),
    cors: header('access-control-allow-origin'),
  };
}

function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setTimeout(5_000, () => socket.destroy(new Error(`no answer, got: ${text}`)));
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

function byRequest(ports: Ports): Way {
  const app = createApp(webPorts(ports));
  return async (one) => {
    const url = one.target.startsWith('/') ? `http://${HOST}${one.target}` : one.target;
    const body = ['GET', 'HEAD'].includes(one.method) ? '' : bodyOf(one);
    const headers = headersOf(one);
    if (headers['host'] !== undefined) headers['host'] = headers['host'].replace('\r\nhost: ', ', ');
    const bytes = body === '' ? undefined : new TextEncoder().encode(body);
    const answer = await app.request(url, { method: one.method, headers, ...(bytes && { body: bytes }) });
    return {
      status: answer.status,
      allow: answer.headers.get('allow') ?? undefined,
      cors: answer.headers.get('access-control-allow-origin') ?? undefined,
    };
  };
}

describe.each([
  ['', ''],
  ['/sgtm', 'path_prefix: /sgtm'],
  ['/a/b-c', 'path_prefix: /a/b-c'],
])('below "%s"', (prefix, server) => {
  const { ports, hits } = portsOf(server);
  const servers: Server[] = [];
  const port = (i: number) => ((servers[i] as Server).address() as AddressInfo).port;
  const ways: readonly (readonly [string, Way, boolean])[] = [
    ["Node's socket", bySocket(() => port(0)), false],
    ["Node's socket through the app", bySocket(() => port(1)), false],
    ['the app alone', byRequest(ports), true],
  ];

  beforeAll(async () => {
    const front = frontOf(ports);
    servers.push(createListener(createApp(ports, front), front), createListener(createApp(ports)));
    await Promise.all(servers.map((each) => new Promise<void>((done) => each.listen(0, '127.0.0.1', done))));
  });
  afterAll(() => servers.forEach((each) => void each.close()));

  describe.each(ways)('%s', (_name, ask, web) => {
    const table = cases(prefix).map((each) => ({
      each,
      status: web ? (each.web?.status ?? each.status) : each.status,
    }));
    it.each(table.map(({ each, status }) => [each.name, each.method, each.target.slice(0, 40), status, each] as const))(
      '%s (%s %s): %i',
      async (_case, _method, _target, status, each) => {
        hits.length = 0;
        const answer = await ask(each);
        expect(answer.status).toBe(status);
        expect(answer.allow).toBe(each.allow);
        // A page may read why it was refused; what anybody may read needs no permission.
        const { origin, host = HOST } = headersOf(each);
        const listed = origin === ORIGIN && host.toLowerCase().split(':')[0] === HOST && status !== 421;
        if (status !== 200) expect(answer.cors).toBe(listed ? ORIGIN : undefined);
        const read = each.taken ?? (status === 204 && each.method !== 'OPTIONS' && each.unread !== true);
        expect(hits.length).toBe(read ? 1 : 0);
        for (const hit of hits) expect(hit.host).toBe(HOST);
      },
    );

    it.runIf(prefix !== '')('knows nothing at the root but health', async () => {
      for (const target of [`/g/collect?${HIT}`, '/v1/events', '/g/consent.js'])
        expect((await ask(one('', 'POST', target, 404))).status).toBe(404);
      expect((await ask(one('', 'GET', '/readyz', 200))).status).toBe(200);
    });
  });

  it.each(['Host', 'host', 'HOST'])('two Host headers (%s) are refused', async (name) => {
    for (const second of [HOST, 'other.example'])
      for (const i of [0, 1]) {
        hits.length = 0;
        const text = await exchange(
          port(i),
          `GET ${prefix}/g/collect?${HIT} HTTP/1.1\r\nHost: ${HOST}\r\n${name}: ${second}\r\nConnection: close\r\n\r\n`,
        );
        expect(said(text).status).toBe(400);
        expect(hits).toEqual([]);
      }
  });

  it('reads CORS for listed origins only', async () => {
    const text = await exchange(
      port(0),
      `HEAD ${prefix}/g/collect HTTP/1.1\r\nHost: ${HOST}\r\nOrigin: https://evil.example\r\nConnection: close\r\n\r\n`,
    );
    expect(said(text)).toEqual({ status: 405, allow: 'GET, POST', cors: undefined });
  });
});

describe('a body that comes as a stream', () => {
  const { ports, hits } = portsOf('');
  const app = createApp(webPorts(ports));
  const send = (body: ReadableStream<Uint8Array>, headers: Record<string, string> = {}) => {
    hits.length = 0;
    const init = { method: 'POST', headers: { origin: ORIGIN, 'content-type': 'text/plain', ...headers }, body };
    return app.request(`http://${HOST}/g/collect?${HIT}`, { ...init, duplex: 'half' } as RequestInit);
  };
  const pieces = (count: number, size: number, end?: Error) => {
    const piece = new TextEncoder().encode('x'.repeat(size));
    let left = count;
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- > 0) controller.enqueue(piece);
        else if (end === undefined) controller.close();
        else controller.error(end);
      },
    });
  };

  it.each([
    ['in a few pieces', pieces(4, 1_000), 204, {}],
    ['of no end', pieces(Number.POSITIVE_INFINITY, 8_192), 413, {}],
    ['in more pieces than there may be', pieces(LIMITS.pieces + 1, 1), 413, {}],
    ['that says it is too long', pieces(1, 10), 413, { 'content-length': String(LIMITS.body + 1) }],
    ['that breaks off', pieces(2, 10, new Error('gone')), 400, {}],
  ] as const)('%s', async (_name, body, status, headers) => {
    expect((await send(body, headers)).status).toBe(status);
    expect(hits.length).toBe(status === 204 ? 1 : 0);
  });

  it('has an id that no other hit has, and its time', async () => {
    const before = Date.now();
    const ids = new Set<string>();
    for (let i = 0; i < 20; i++) {
      await send(pieces(1, 10));
      const [hit] = hits;
      expect(hit?.id).toMatch(/^[0-9a-f]{32}$/);
      expect(hit?.at).toBeGreaterThanOrEqual(before);
      ids.add(hit?.id ?? '');
    }
    expect(ids.size).toBe(20);
  });
});

describe('hosts', () => {
  it.each([
    ['shop.example.no', 'shop.example.no'],
    ['Shop.Example.NO:8443', 'shop.example.no'],
    ['shop.example.no:', 'shop.example.no'],
    ['[::1]', '[::1]'],
    ['[::1]:8080', '[::1]'],
    ['shop.example.no:evil', 'shop.example.no:evil'],
    ['user@shop.example.no:80', 'user@shop.example.no'],
    ['', ''],
  ])('%s is %s', (header, host) => {
    expect(hostOf(header)).toBe(host);
  });
});

describe('a configuration', () => {
  it.each(['sgtm', '/sgtm/', '/', '//x', '/a/../b', '/%73gtm', '/a b'])('refuses the prefix %s', (prefix) => {
    expect(() => gatewayOf(yaml(`path_prefix: "${prefix}"`))).toThrow(/path such as/);
  });
});
