import type { Pool } from 'undici';
import type { Reply } from '../../../core/destination.ts';
import type { FilledRequest, Send } from '../../../delivery/lane/ports.ts';
import { headersOf, hostAndTarget } from '../../web/outgoing.ts';
import { sinkPool, vendorPool } from '../http/connections.ts';
import { roundTrip } from './round-trip.ts';

export interface SendOptions {
  /** `http://127.0.0.1:PORT`: every request is sent there instead (design 7.3). */
  readonly sink?: string | undefined;
  /** The gateway's version: the `user-agent` of requests whose plan has none. */
  readonly version: string;
  /** From the start of a request to the end of its answer, milliseconds, where the request has no limit of its own. */
  readonly timeoutMs?: number;
}

/** A `Send` with its connections. */
export interface NodeSend extends Send {
  /** Ends all connections; requests in flight fail. */
  close(): void;
}

const TIMEOUT_MS = 10_000;

/**
 * Sends requests over HTTPS to declared hosts, or all of them to a sink on this machine. Each vendor host has its own
 * connections, also at a sink, so that a host that hangs does not delay another.
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
      const { host, target } = hostAndTarget(request.url, hosts);
      const options = {
        method: request.method,
        path: sinkOrigin === undefined ? target : `/${host}${target}`,
        headers: headersOf(request.headers, agent),
        body: request.body ?? null,
      };
      return roundTrip(poolOf(host), options, request.timeoutMs ?? timeoutMs, may);
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
