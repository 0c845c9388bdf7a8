import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import Pool from 'undici/lib/dispatcher/pool.js';
import { Unsendable } from '../../../delivery/lane/ports.ts';
import { publicLookup } from './addresses.ts';

export interface ConnectionLimits {
  /** For a connection to be made, milliseconds. */
  readonly timeoutMs: number;
}

/** For tests. There is no switch that turns verification off. */
export interface TestAuthority {
  /** Certificates to trust, PEM. */
  readonly ca?: string;
  /** In place of the resolver and its check. */
  readonly lookup?: NonNullable<ConnectionOptions['lookup']>;
  readonly port?: number;
}

/** As many as one route has requests under way (src/delivery/lane/lane.ts). */
const CONNECTIONS = 128;
/** Shorter than vendors keep them, so that both ends rarely act at once; milliseconds. */
const IDLE_MS = 4_000;
/** Longest time taken from a vendor's `Keep-Alive: timeout=N`, milliseconds. */
const IDLE_MAX_MS = 30_000;

/** One request at a time on each connection; the only clock is the one of the round trip. */
const COMMON = {
  connections: CONNECTIONS,
  pipelining: 1,
  keepAliveTimeout: IDLE_MS,
  keepAliveMaxTimeout: IDLE_MAX_MS,
  headersTimeout: 0,
  bodyTimeout: 0,
} as const satisfies Pool.Options;

/**
 * Connections to a vendor: TLS, verified whatever the environment says (R81), to the public addresses its name leads to
 * (R68). Proxies in the environment are not used (R79).
 */
export function vendorPool(host: string, { timeoutMs }: ConnectionLimits, test: TestAuthority = {}): Pool {
  if (!isName(host)) throw new Unsendable('a host that is not a name');
  const { ca, lookup = publicLookup, port = 443 } = test;
  return new Pool(`https://${host}:${port}`, {
    ...COMMON,
    connect: {
      timeout: timeoutMs,
      lookup,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
    },
  });
}

/** Plain connections to a sink on this machine. */
export function sinkPool(origin: string, { timeoutMs }: ConnectionLimits): Pool {
  return new Pool(origin, { ...COMMON, connect: { timeout: timeoutMs } });
}

/** A name the resolver is asked for, not an address in any of its spellings: those would go round the check. */
function isName(host: string): boolean {
  if (!URL.canParse(`https://${host}/`)) return false;
  const { hostname } = new URL(`https://${host}/`);
  return hostname === host && isIP(hostname) === 0 && !hostname.startsWith('[');
}
