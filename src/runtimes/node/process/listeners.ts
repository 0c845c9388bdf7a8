import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createAdmin } from '../../../http/admin.ts';
import type { Preview } from '../../../http/preview.ts';
import type { Counters } from '../../../ledger/counters.ts';
import { createListener } from '../http/listener.ts';
import { ADMIN_CONNECTIONS, MOST_CONNECTIONS, mostConnections } from '../http/sockets.ts';
import type { JsonLog } from './log.ts';
import { summed } from './summed.ts';

/** How long busy connections have for their last request before new requests are refused, milliseconds. */
const LAST_WORD = 200;
/** Milliseconds for requests in flight, then for deliveries in flight, at a graceful stop (R61: 10 s together). */
const FINISH_REQUESTS = 4_000;
/** What is left of that after a drain, which takes its own time off: whoever asked before has been answered. */
const FINISH_AT_LEAST = 500;

/** Refuses connections before they take the descriptors for files and vendors, or more memory than there is. */
export function limitConnections(server: Server, counters: Counters, log: JsonLog): void {
  const most = mostConnections();
  server.maxConnections = most;
  const say = summed((count) => log.warn(tooManyConnections(most), { count }));
  server.on('drop', () => {
    counters.connectionsRefused++;
    say();
  });
}

function tooManyConnections(most: number): string {
  const remedy = most < MOST_CONNECTIONS ? 'raise the limit of descriptors (`ulimit -n`)' : 'start more `--processes`';
  return `more connections than this process takes were refused, ${most} were open: ${remedy}`;
}

/** The listener of `createAdmin`. */
export function adminListener(
  metrics: () => Promise<string>,
  preview: Preview,
  token: string | undefined,
  log: JsonLog,
): Server {
  const refused = summed((count) =>
    log.warn('admin listener: requests refused (wrong or missing token, unknown host, or from another site)', {
      count,
    }),
  );
  const server = createListener(createAdmin({ metrics, preview, token, refused }));
  server.maxConnections = ADMIN_CONNECTIONS;
  return server;
}

/** Listens at `host:port`; with `shared`, beside other processes that also do. */
export function listen(server: Server, address: string, shared = false): Promise<void> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const place = { port: Number(address.slice(colon + 1)), host, backlog: 4096, reusePort: shared };
    server.listen(place, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

export function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/**
 * Answers clients that still ask, each on its last connection. Then it takes no new connections, waits for requests in
 * flight, and closes the rest. Without that last answer a busy client would keep its connection until it is cut, and a
 * request on its way at that moment would get no answer.
 * @param drainMs how long new connections are still taken, milliseconds; a moment at least
 */
export async function close(server: Server, drainMs = 0): Promise<void> {
  server.keepAliveTimeout = 1;
  server.prependListener('request', (_incoming, outgoing) => {
    outgoing.shouldKeepAlive = false;
  });
  await pause(Math.max(LAST_WORD, drainMs));
  return new Promise((resolve) => {
    const finish = Math.max(FINISH_AT_LEAST, FINISH_REQUESTS - drainMs);
    const force = setTimeout(() => server.closeAllConnections(), finish);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    server.closeIdleConnections();
  });
}
