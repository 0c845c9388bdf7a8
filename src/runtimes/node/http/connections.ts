import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { buildConnector } from 'undici';
import makeConnector from 'undici/lib/core/connect.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import { AddressRefused, Unsendable } from '../../../delivery/lane/ports.ts';
import { isPublic, publicLookup } from './addresses.ts';

export interface ConnectionLimits {
  /** The most time for making a connection, milliseconds. */
  readonly timeoutMs: number;
}

type Lookup = NonNullable<ConnectionOptions['lookup']>;

/** For tests. No switch turns verification off. */
export interface TestAuthority {
  /** Certificates of accepted authorities, PEM. */
  readonly ca?: string;
  /** Replaces the resolver and its check. */
  readonly lookup?: Lookup;
  /** Replaces the check of the address of a connection that was made by name. */
  readonly accepts?: (address: string) => boolean;
  readonly port?: number;
}

/** As many as the requests one route has in flight (src/delivery/lane/lane.ts). */
const CONNECTIONS = 128;
/** Shorter than the vendors' own time, so that both ends rarely close at the same moment; milliseconds. */
const IDLE_MS = 4_000;
/** The longest time that is accepted from a vendor's `Keep-Alive: timeout=N`, milliseconds. */
const IDLE_MAX_MS = 30_000;

/** One request at a time on each connection; only the round trip has a time limit. */
const COMMON = {
  connections: CONNECTIONS,
  pipelining: 1,
  keepAliveTimeout: IDLE_MS,
  keepAliveMaxTimeout: IDLE_MAX_MS,
  headersTimeout: 0,
  bodyTimeout: 0,
} as const satisfies Pool.Options;

/**
 * Connections to a vendor: TLS, verified whatever the environment says (R81), to the public addresses of its name
 * (R68). Proxies in the environment are not used (R79).
 */
export function vendorPool(host: string, { timeoutMs }: ConnectionLimits, test: TestAuthority = {}): Pool {
  if (!isName(host)) throw new Unsendable('a host that is not a name');
  const { ca, lookup = publicLookup, accepts = isPublic, port = 443 } = test;
  const options = {
    timeout: timeoutMs,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
  } as const;
  return new Pool(`https://${host}:${port}`, {
    ...COMMON,
    connect: PERMITS_NAMES ? byName(makeConnector(options), lookup, accepts) : { ...options, lookup },
  });
}

/**
 * Deno's `--allow-net` has the names of the vendors. Where a connection has a resolver of its own, Deno compares the
 * address it found with that list, so that no connection would ever be allowed.
 */
const PERMITS_NAMES = 'Deno' in globalThis;

/**
 * Connects by name. The name is looked up and checked before, and the address of the connection once more before
 * anything is written, because the second answer of a resolver may be another.
 */
function byName(
  connect: buildConnector.connector,
  lookup: Lookup,
  accepts: (address: string) => boolean,
): buildConnector.connector {
  return (target, callback) => {
    lookup(target.hostname, { all: true }, (unknown) => {
      if (unknown !== null) {
        callback(unknown, null);
        return;
      }
      connect(target, (...[failed, socket]) => {
        if (failed !== null) callback(failed, null);
        else if (accepts(socket.remoteAddress ?? '')) callback(null, socket);
        else {
          socket.destroy();
          callback(new AddressRefused(), null);
        }
      });
    });
  };
}

/** Plain connections to a sink on this machine. */
export function sinkPool(origin: string, { timeoutMs }: ConnectionLimits): Pool {
  return new Pool(origin, { ...COMMON, connect: { timeout: timeoutMs } });
}

/** A name for the resolver. An address in any spelling is none, because it would not be checked. */
function isName(host: string): boolean {
  if (!URL.canParse(`https://${host}/`)) return false;
  const { hostname } = new URL(`https://${host}/`);
  return hostname === host && isIP(hostname) === 0 && !hostname.startsWith('[');
}
