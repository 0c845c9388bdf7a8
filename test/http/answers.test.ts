import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cookiebot, NOW } from '../support/hits.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, type Served } from '../support/serve.ts';

// What the public listener answers (design 7.4), through a socket, with a recorder in the vendors' place.

const ORIGIN = 'https://shop.example.no';
const KEY = 'ingest-key-of-the-test-0123456789';
const CONFIG = `
sites:
  - hosts: [127.0.0.1, shop.example.no]
    origins: [${ORIGIN}]
    ingest_keys: [\${INGEST_KEY}]
    country: NO
    consent: { cmp: [cookiebot] }
    privacy: { never_forward: ["/helse/**"] }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${GA4_API_SECRET}" }
`;

let recorder: Recorder;
let gateway: Served;

beforeAll(async () => {
  recorder = await startRecorder();
  gateway = await serve({ config: CONFIG, sink: recorder.url, env: { INGEST_KEY: KEY, GA4_API_SECRET: 'secret' } });
});
afterAll(async () => {
  await gateway.stop();
  await recorder.close();
});

const GRANTED = cookiebot({ preferences: true, statistics: true, marketing: true }, Date.now() - 60_000);
const CID = `482310557.${Math.floor(Date.now() / 1000) - 86_400}`;
const HIT = `v=2&tid=G-TEST000001&cid=${CID}&_p=1795169690123&dl=${encodeURIComponent('https://shop.example.no/krus')}&en=page_view`;

interface Ask {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

function ask({ method = 'POST', path, headers = {}, body }: Ask): Promise<Response> {
  return fetch(`${gateway.url}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
    redirect: 'manual',
  });
}

const EVENT = { events: [{ name: 'purchase', params: { value: 1, currency: 'NOK' } }] };
const json = (body: unknown, headers: Record<string, string> = {}): Ask => ({
  path: '/v1/events',
  headers: { origin: ORIGIN, 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

/** What a back end is told; a browser's bad event ends as invalid. */
const stated = (body: unknown): Ask => ({
  path: '/v1/events',
  headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

const REFUSED: readonly (readonly [name: string, status: number, ask: Ask, detail: RegExp])[] = [
  ['an unknown path', 404, { method: 'GET', path: '/' }, /\/g\/collect/],
  ['a path beside the right one', 404, { method: 'GET', path: '/g/collect/x' }, /\/g\/collect/],
  ['DELETE on collection', 405, { method: 'DELETE', path: `/g/collect?${HIT}` }, /GET, POST/],
  ['GET on JSON events', 405, { method: 'GET', path: '/v1/events' }, /POST/],
  ['a foreign origin', 403, { path: `/g/collect?${HIT}`, headers: { origin: 'https://evil.example' } }, /origins/],
  [
    'an origin that ends like the listed one',
    403,
    { path: `/g/collect?${HIT}`, headers: { origin: 'https://evil-shop.example.no' } },
    /origins/,
  ],
  [
    'an origin that begins like the listed one',
    403,
    { path: `/g/collect?${HIT}`, headers: { origin: 'https://shop.example.no.evil.example' } },
    /origins/,
  ],
  [
    'the listed host over http',
    403,
    { path: `/g/collect?${HIT}`, headers: { origin: 'http://shop.example.no' } },
    /origins/,
  ],
  [
    'the listed origin with a port',
    403,
    { path: `/g/collect?${HIT}`, headers: { origin: 'https://shop.example.no:444' } },
    /origins/,
  ],
  ['Origin: null', 403, { path: `/g/collect?${HIT}`, headers: { origin: 'null' } }, /origins/],
  [
    'no origin, from another site',
    403,
    { method: 'GET', path: `/g/collect?${HIT}`, headers: { 'sec-fetch-site': 'cross-site' } },
    /same site/,
  ],
  [
    'no origin, typed into the address bar',
    403,
    { method: 'GET', path: `/g/collect?${HIT}`, headers: { 'sec-fetch-site': 'none' } },
    /same site/,
  ],
  [
    'no origin, a foreign referrer',
    403,
    { method: 'GET', path: `/g/collect?${HIT}`, headers: { referer: 'https://evil.example/' } },
    /origins/,
  ],
  ['an unlisted host', 421, { path: `/g/collect?${HIT}`, headers: { origin: ORIGIN, host: 'other.example' } }, /hosts/],
  [
    'JSON without origin and key',
    403,
    { path: '/v1/events', headers: { 'content-type': 'application/json' }, body: JSON.stringify(EVENT) },
    /ingest_keys/,
  ],
  [
    'JSON with a wrong key',
    403,
    {
      path: '/v1/events',
      headers: { 'content-type': 'application/json', authorization: 'Bearer wrong' },
      body: JSON.stringify(EVENT),
    },
    /ingest_keys/,
  ],
  [
    'JSON with the key in another scheme',
    403,
    {
      path: '/v1/events',
      headers: { 'content-type': 'application/json', authorization: `Basic ${KEY}` },
      body: JSON.stringify(EVENT),
    },
    /ingest_keys/,
  ],
  ['version 1', 400, { path: `/g/collect?${HIT.replace('v=2', 'v=1')}`, headers: { origin: ORIGIN } }, /v/],
  [
    'no measurement id',
    400,
    { path: `/g/collect?${HIT.replace('tid=G-TEST000001&', '')}`, headers: { origin: ORIGIN } },
    /tid/,
  ],
  [
    'a body of 64 KiB and one byte',
    413,
    { path: `/g/collect?${HIT}`, headers: { origin: ORIGIN, 'content-type': 'text/plain' }, body: 'x'.repeat(65_537) },
    /64 KiB/,
  ],
  [
    'a compressed body',
    415,
    {
      path: `/g/collect?${HIT}`,
      headers: { origin: ORIGIN, 'content-type': 'text/plain', 'content-encoding': 'gzip' },
      body: 'x',
    },
    /Content-Encoding/,
  ],
  [
    'an image for a hit',
    415,
    { path: `/g/collect?${HIT}`, headers: { origin: ORIGIN, 'content-type': 'image/png' }, body: 'x' },
    /text\/plain/,
  ],
  ['a form for JSON', 415, json('a=b', { 'content-type': 'application/x-www-form-urlencoded' }), /application\/json/],
  ['broken JSON', 400, json('{"events":['), /JSON/],
  ['an empty body', 400, json(''), /JSON/],
  ['no events', 400, json({ events: [] }), /events/],
  [
    '26 JSON events of a back end',
    400,
    stated({ events: Array.from({ length: 26 }, () => ({ name: 'a' })) }),
    /events/,
  ],
  ['an unknown key', 400, stated({ events: [{ name: 'a', colour: 'blue' }] }), /events\[0\].*colour/],
  [
    'a value that is no number',
    400,
    stated({ events: [{ name: 'a', params: { value: true } }] }),
    /events\[0\]\.params/,
  ],
  ['a reserved event name', 400, stated({ events: [{ name: 'session_start' }] }), /events\[0\]\.name/],
  [
    'more than one mistake',
    400,
    stated({ events: [{ name: 'kjøp' }, { name: 'a', time: 'now', params: { value: true } }] }),
    /events\[0\]\.name: .*; events\[1\]\.time: .*; events\[1\]\.params\.value: /,
  ],
  ['__proto__', 400, stated('{"events":[{"name":"a","params":{"__proto__":{"polluted":1}}}]}'), /key is not a name/],
  ['a duplicate key', 400, stated('{"events":[{"name":"a","name":"b"}]}'), /name/],
];

describe('refusals', () => {
  it.each(REFUSED)('%s is answered %i', async (_name, status, request, detail) => {
    // fetch does not let a test set Host: that row goes by a raw socket.
    const host = request.headers?.['host'];
    const answer = host === undefined ? await ask(request) : await raw(host, request);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const problem = (await answer.json()) as { title: string; status: number; detail: string };
    expect(problem.status).toBe(status);
    expect(problem.detail).toMatch(detail);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it('repeats nothing of the request in a refusal', async () => {
    const answer = await ask(
      stated({ events: [{ name: 'a', params: { value: true, email: 'kari.canary@example.no' } }] }),
    );
    expect(answer.status).toBe(400);
    expect(await answer.text()).not.toContain('kari.canary');
  });

  it('a bad event of a browser ends by itself, and the others are taken', async () => {
    recorder.clear();
    const cookies = { cookie: GRANTED };
    const bad = [{ name: 'kjøp' }, { name: 'a', visitor: { cookies: GRANTED } }, { name: 'b', 'my key': 1 }];
    const good = { name: 'good', client_id: CID };
    expect((await ask(json({ events: [...bad, good] }, cookies))).status).toBe(204);
    const lines = ['en=line_one', 'ep.a=1', 'en=line_two'].join('\n');
    const headers = { origin: ORIGIN, 'content-type': 'text/plain', ...cookies };
    const query = HIT.replace('&en=page_view', '');
    expect((await ask({ path: `/g/collect?${query}`, headers, body: lines })).status).toBe(204);
    expect((await ask({ path: `/g/collect?${query}`, headers })).status).toBe(204);
    await recorder.waitFor(3);
    const sent = recorder.requests.map(({ query: keys, body }) => `${keys}&${body}`).join(' ');
    for (const name of ['good', 'line_one', 'line_two']) expect(sent).toContain(name);
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(/portvakt_outcomes_total\{[^}]*outcome="invalid"[^}]*\} 5\b/);
    recorder.clear();
  });

  it('sent nothing and goes on', async () => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(recorder.requests).toEqual([]);
    expect((await ask({ method: 'GET', path: '/healthz' })).status).toBe(200);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('what Node itself refuses', () => {
  it.each([
    ['headers of more than 32 KiB', `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ${'a'.repeat(33_000)}\r\n\r\n`, 431],
    ['what is not HTTP', 'HELO shop.example.no\r\n\r\n', 400],
    [
      'two lengths',
      'POST /g/collect HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      400,
    ],
    [
      'a length beside chunks',
      'POST /g/collect HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
  ])('%s', async (_name, bytes, status) => {
    const answer = await exchange(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain('application/problem+json');
  });

  it('a body that never comes is answered 408 and the socket closed', async () => {
    const answer = await exchange(
      `POST /g/collect?${HIT} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: ${ORIGIN}\r\nContent-Length: 10\r\n\r\nabc`,
      30_000,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  }, 40_000);
});

describe('a body of unknown length, in chunks', () => {
  const ask = (chunks: readonly string[]) =>
    exchange(
      `POST /g/collect?${HIT} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: ${ORIGIN}\r\nCookie: ${GRANTED}\r\nContent-Type: text/plain\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunks
        .map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`)
        .join('')}0\r\n\r\n`,
    );

  it('is read like any other, an empty one too', async () => {
    recorder.clear();
    expect(await ask([])).toMatch(/^HTTP\/1\.1 204 /);
    expect(await ask(['en=page_', 'view&_et=1'])).toMatch(/^HTTP\/1\.1 204 /);
    await recorder.waitFor(2);
  });

  it('is refused as soon as it is more than 64 KiB (R72)', async () => {
    const answer = await ask(Array.from({ length: 9 }, () => 'x'.repeat(8 * 1024)));
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('application/problem+json');
  });
});

describe('CORS', () => {
  it('answers a preflight of a listed origin with credentials, and of no other', async () => {
    const headers = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
    const listed = await ask({ method: 'OPTIONS', path: '/v1/events', headers: { ...headers, origin: ORIGIN } });
    expect(listed.status).toBe(204);
    expect(listed.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(listed.headers.get('access-control-allow-credentials')).toBe('true');
    expect(listed.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('content-type');
    const other = await ask({
      method: 'OPTIONS',
      path: '/v1/events',
      headers: { ...headers, origin: 'https://evil.example' },
    });
    expect(other.status).toBe(403);
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('accepted hits', () => {
  it.each([
    ['a listed origin', { path: `/g/collect?${HIT}`, headers: { origin: ORIGIN, cookie: GRANTED } }],
    [
      'a same-origin GET',
      { method: 'GET', path: `/g/collect?${HIT}`, headers: { 'sec-fetch-site': 'same-origin', cookie: GRANTED } },
    ],
    [
      'a GET with a referrer of a listed origin',
      { method: 'GET', path: `/g/collect?${HIT}`, headers: { referer: `${ORIGIN}/krus`, cookie: GRANTED } },
    ],
    [
      'a GET that says nothing of where it comes from',
      { method: 'GET', path: `/g/collect?${HIT}`, headers: { cookie: GRANTED } },
    ],
    [
      'a body of lines',
      {
        path: `/g/collect?${HIT.replace('&en=page_view', '')}`,
        headers: { origin: ORIGIN, cookie: GRANTED, 'content-type': 'text/plain;charset=UTF-8' },
        body: 'en=page_view\r\n',
      },
    ],
    ['JSON from a page', json(EVENT, { cookie: `${GRANTED}; _ga=GA1.1.${CID}` })],
    [
      'JSON from a beacon',
      json(EVENT, { cookie: `${GRANTED}; _ga=GA1.1.${CID}`, 'content-type': 'text/plain;charset=UTF-8' }),
    ],
    [
      'JSON from the back end',
      {
        path: '/v1/events',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
        body: JSON.stringify({ events: [{ name: 'purchase', visitor: { cookies: GRANTED, client_id: CID } }] }),
      },
    ],
  ] as const)('%s: 204, no body, and the vendor gets it', async (_name, request) => {
    recorder.clear();
    const answer = await ask(request);
    expect(answer.status).toBe(204);
    expect(await answer.text()).toBe('');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const [sent] = await recorder.waitFor(1);
    expect(sent?.host).toMatch(/^(www|region1)\.google-analytics\.com$/);
  });

  it.each([
    ['no cookie', { path: `/g/collect?${HIT}`, headers: { origin: ORIGIN } }],
    ['a refusal', { path: `/g/collect?${HIT}`, headers: { origin: ORIGIN, cookie: cookiebot({}, NOW - 60_000) } }],
    ['a cookie cut off', { path: `/g/collect?${HIT}`, headers: { origin: ORIGIN, cookie: GRANTED.slice(0, 120) } }],
    [
      'an unknown measurement id',
      {
        path: `/g/collect?${HIT.replace('G-TEST000001', 'G-OTHER00001')}`,
        headers: { origin: ORIGIN, cookie: GRANTED },
      },
    ],
    [
      'a page that is never forwarded',
      { path: `/g/collect?${HIT.replace('krus', 'helse%2Fsovn')}`, headers: { origin: ORIGIN, cookie: GRANTED } },
    ],
    [
      'a back end that says nothing of the visitor',
      {
        path: '/v1/events',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}`, cookie: GRANTED },
        body: JSON.stringify(EVENT),
      },
    ],
  ] as const)('%s: 204 and silence', async (_name, request) => {
    recorder.clear();
    expect((await ask(request as Ask)).status).toBe(204);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(recorder.requests).toEqual([]);
  });
});

/** A request with a Host of its own. */
async function raw(host: string, { method = 'POST', path, headers = {}, body = '' }: Ask): Promise<Response> {
  const lines = Object.entries({ ...headers, host }).map(([name, value]) => `${name}: ${value}`);
  const text = await exchange(
    `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
  const [head = '', content = ''] = text.split('\r\n\r\n');
  const [status = '', ...rest] = head.split('\r\n');
  return new Response(content, {
    status: Number(status.split(' ')[1]),
    headers: rest.map((line) => line.split(': ') as [string, string]),
  });
}

/** Bytes out, and everything that comes back until the other side closes. */
function exchange(bytes: string, ms = 5_000): Promise<string> {
  const { hostname, port } = new URL(gateway.url);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setTimeout(ms, () => socket.destroy(new Error(`no answer in ${ms} ms, got: ${text}`)));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}
