import type { Pool } from 'undici';
import type { Reply } from '../../../core/destination.ts';
import { Unsendable, type FilledRequest, type Send } from '../../../delivery/lane/ports.ts';
import { sinkPool, vendorPool } from '../http/connections.ts';
import { roundTrip } from './round-trip.ts';

export interface SendOptions {
  /** `http://127.0.0.1:PORT`: every request goes there instead (design 7.3). */
  readonly sink?: string | undefined;
  /** The gateway's version: the `user-agent` of requests whose plan has none. */
  readonly version: string;
  /** From the start of a request to the end of its answer, milliseconds. */
  readonly timeoutMs?: number;
}

/** A `Send` that holds connections. */
export interface NodeSend extends Send {
  /** Ends all connections; what is under way fails. */
  close(): void;
}

const TIMEOUT_MS = 10_000;

/** A request line's target: what an URL may hold unescaped, nothing that ends the line. */
const TARGET = /^[\x21-\x7e]*$/;
const AUTHORITY_END = /[/?#]/g;

/** Headers that frame the message or belong to the connection: the plan does not decide them. */
const OURS = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
  'expect',
]);

/**
 * Sends requests over HTTPS to declared hosts, or all of them to a sink on this machine. Each vendor host has its own
 * connections, at a sink too, so that one that hangs does not hold up another.
 */
export function createSend({ sink, version, timeoutMs = TIMEOUT_MS }: SendOptions): NodeSend {
  const sinkOrigin = sink === undefined ? undefined : sinkOf(sink);
  const agent = `portvakt/${version}`;
  const pools = new Map<string, Pool>();
  const poolOf = (host: string): Pool => {
    let pool = pools.get(host);
    if (pool === undefined) {
      pool = sinkOrigin === undefined ? vendorPool(host, { timeoutMs }) : sinkPool(sinkOrigin, { timeoutMs });
      pools.set(host, pool);
    }
    return pool;
  };

  const send = (request: FilledRequest, hosts: readonly string[], may?: () => boolean): Promise<Reply> => {
    try {
      const { host, target } = splitUrl(request.url, hosts);
      const options = {
        method: request.method,
        path: sinkOrigin === undefined ? target : `/${host}${target}`,
        headers: headersOf(request.headers, agent),
        body: request.body ?? null,
      };
      return roundTrip(poolOf(host), options, timeoutMs, may);
    } catch (error) {
      return Promise.reject(error);
    }
  };
  return Object.assign(send, {
    close: () => {
      for (const pool of pools.values()) void pool.destroy();
    },
  });
}

/** The sink's origin. @throws TypeError unless it is plain HTTP on a loopback address. */
export function sinkOf(sink: string): string {
  const [, origin, port] = /^(http:\/\/(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost):(\d{1,5}))\/?$/.exec(sink) ?? [];
  if (origin === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new TypeError('a sink is http://127.0.0.1:PORT');
  }
  return origin;
}

const SCHEME = 'https://';

/** Host and target of an https URL to a declared host; nothing else is ever connected to (R67, R68). */
function splitUrl(url: string, hosts: readonly string[]): { host: string; target: string } {
  if (!url.startsWith(SCHEME)) throw new Unsendable('not an https address');
  AUTHORITY_END.lastIndex = SCHEME.length;
  const end = AUTHORITY_END.exec(url)?.index ?? url.length;
  const authority = url.slice(SCHEME.length, end);
  const host = authority.endsWith(':443') ? authority.slice(0, -4) : authority;
  if (!hosts.includes(host)) throw new Unsendable('a host the destination does not declare');
  const hash = url.indexOf('#', end);
  const target = url.slice(end, hash === -1 ? undefined : hash);
  if (!TARGET.test(target)) throw new Unsendable('an address with characters it cannot have');
  return { host, target: target.startsWith('/') ? target : `/${target}` };
}

/**
 * The plan's headers and ours, as names and values in turn. Those that HTTP cannot carry are refused by the client
 * (R69).
 */
function headersOf(planned: FilledRequest['headers'], agent: string): string[] {
  const headers: string[] = [];
  let named = false;
  for (const name in planned) {
    const lower = name.toLowerCase();
    if (OURS.has(lower)) throw new Unsendable('a header that cannot be sent');
    if (lower === 'user-agent') named = true;
    headers.push(name, planned[name] ?? '');
  }
  if (!named) headers.push('user-agent', agent);
  return headers;
}
