import { connect, type AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { Counters } from '../../src/http/counters.ts';
import { frontOf } from '../../src/http/front.ts';
import type { Ports } from '../../src/http/ports.ts';
import { createRateLimit } from '../../src/http/rate-limit.ts';
import { createListener, rawTarget, toHit } from '../../src/platform/node/listener.ts';
import type { Hit } from '../../src/protocols/hit.ts';
import { hostOf, splitTarget } from '../../src/protocols/target.ts';
import { gatewayOf } from '../support/hits.ts';

// Which paths and methods there are, and that every way in says the same: Node's socket, Node's socket through the web
// app, and the web app alone. RFC 9110 15.5.6 (405 and Allow), RFC 9112 3.2 (target, Host), Fetch (CORS).

const ORIGIN = 'https://shop.example.no';
const HOST = 'metrics.example.no';
const yaml = (server: string) => `
server: { ${server} }
sites:
  - hosts: [${HOST}]
    origins: [${ORIGIN}]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001 }
`;

const HIT = 'v=2&tid=G-TEST000001&cid=1.1790000000&en=page_view&dl=https%3A%2F%2Fshop.example.no%2F';
const EVENTS = JSON.stringify({ events: [{ name: 'page_view' }] });

interface Case {
  readonly name: string;
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly allow?: string;
  readonly json?: true;
  /** A web `Request` has mended the address before anybody sees it. */
  readonly rawOnly?: true;
}

const one = (name: string, method: string, target: string, status: number, more: Partial<Case> = {}): Case => ({
  name,
  method,
  target,
  status,
  ...more,
});

/** Below a prefix and without one the same. */
const cases = (prefix: string): Case[] => [
  one('a web hit', 'POST', `${prefix}/g/collect?${HIT}`, 204),
  one('a web hit by GET', 'GET', `${prefix}/g/collect?${HIT}`, 204),
  one('a web hit with a slash at the end', 'POST', `${prefix}/g/collect/?${HIT}`, 204),
  one('JSON events', 'POST', `${prefix}/v1/events`, 204, { json: true }),
  one('an absolute target', 'POST', `http://${HOST}${prefix}/g/collect?${HIT}`, 204),
  one('an absolute target with a port', 'GET', `http://${HOST}:80${prefix}/g/collect?${HIT}`, 204),
  one('an absolute target of JSON events', 'POST', `http://${HOST}${prefix}/v1/events`, 204, { json: true }),
  one('an absolute target of a host nobody has', 'GET', `http://other.example${prefix}/g/collect?${HIT}`, 421, {
    rawOnly: true,
  }),
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
  one('a dot segment', 'POST', `${prefix}/g/./collect?${HIT}`, 404, { rawOnly: true }),
  one('two dots', 'POST', `${prefix}/x/../g/collect?${HIT}`, 404, { rawOnly: true }),
  one('two dots percent-encoded', 'POST', `${prefix}/x/%2e%2e/g/collect?${HIT}`, 404, { rawOnly: true }),
  one('the root', 'GET', `${prefix}/`, 404),
  one('the bridge script', 'GET', `${prefix}/g/consent.js`, 200),
  one('HEAD of the bridge script', 'HEAD', `${prefix}/g/consent.js`, 200),
  one('POST to the bridge script', 'POST', `${prefix}/g/consent.js`, 405, { allow: 'GET, HEAD' }),
  one('health', 'GET', `${prefix}/healthz`, 200),
  one('health at the root', 'GET', '/healthz', 200),
  one('readiness', 'HEAD', `${prefix}/readyz`, 200),
  one('DELETE of readiness', 'DELETE', `${prefix}/readyz`, 405, { allow: 'GET, HEAD' }),
];

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
  return {
    ...rest,
    toHit: async (c) => {
      const { authority, path, query } = splitTarget(c.req.raw.url);
      return {
        id: '0123456789abcdef0123456789abcdef',
        at: Date.now(),
        method: c.req.method,
        path,
        query,
        host: hostOf(c.req.header('host') ?? authority ?? ''),
        headers: c.req.header(),
        body: await c.req.text(),
        peer: undefined,
      };
    },
  };
}

function headersOf(one: Case): Record<string, string> {
  return { origin: ORIGIN, ...(one.json === true ? { 'content-type': 'application/json' } : {}) };
}

function bySocket(port: () => number): Way {
  return async (one) => {
    const body = one.json === true ? EVENTS : '';
    const lines = Object.entries(headersOf(one)).map(([name, value]) => `${name}: ${value}`);
    const text = await exchange(
      port(),
      `${one.method} ${one.target} HTTP/1.1\r\nhost: ${HOST}\r\n${lines.join('\r\n')}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
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
    const body = one.json === true && !['GET', 'HEAD'].includes(one.method) ? EVENTS : undefined;
    const answer = await app.request(url, { method: one.method, headers: headersOf(one), ...(body && { body }) });
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
    ["Node's socket", bySocket(() => port(0)), true],
    ["Node's socket through the app", bySocket(() => port(1)), true],
    ['the app alone', byRequest(ports), false],
  ];

  beforeAll(async () => {
    const front = frontOf(ports);
    servers.push(createListener(createApp(ports, front), front), createListener(createApp(ports)));
    await Promise.all(servers.map((each) => new Promise<void>((done) => each.listen(0, '127.0.0.1', done))));
  });
  afterAll(() => servers.forEach((each) => void each.close()));

  describe.each(ways)('%s', (_name, ask, raw) => {
    const table = cases(prefix).filter((each) => raw || each.rawOnly !== true);
    it.each(table.map((each) => [each.name, each.method, each.target.slice(0, 40), each.status, each] as const))(
      '%s (%s %s): %i',
      async (_case, _method, _target, _status, each) => {
        hits.length = 0;
        const answer = await ask(each);
        expect(answer.status).toBe(each.status);
        expect(answer.allow).toBe(each.allow);
        // A page may read why it was refused; what anybody may read needs no permission.
        if (each.status !== 200 && each.status !== 421) expect(answer.cors).toBe(ORIGIN);
        expect(hits.length).toBe(each.status === 204 && each.method !== 'OPTIONS' ? 1 : 0);
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
