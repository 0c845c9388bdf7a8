import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Idle connections of browsers: those that fetch several things are done by then. Milliseconds. */
const IDLE_MS = 5_000;
/** Idle connections of a proxy: it closes them first, or a request of it would meet one that is being closed. */
const IDLE_PROXIED_MS = 65_000;
/** A connection on which nothing moves, in either direction: a client that asks and never reads. Milliseconds. */
export const STUCK_MS = 60_000;
/** How long a refused client may take to read why, milliseconds. */
const LAST_MS = 1_000;
/** Connections of the admin listener. */
export const ADMIN_CONNECTIONS = 64;

/** Descriptors for everything that is no client: files, vendors, the other listener. */
const RESERVED = 512;

/** Sets how long idle connections are kept; those of a named proxy longer. */
export function keepIdle(server: Server, behindProxy: boolean): void {
  server.keepAliveTimeout = behindProxy ? IDLE_PROXIED_MS : IDLE_MS;
}

/** How many clients may be connected at once, so that files and vendors still find descriptors; undefined = no limit. */
export function mostConnections(descriptors: number | undefined = descriptorLimit()): number | undefined {
  return descriptors === undefined
    ? undefined
    : Math.max(16, descriptors - Math.min(RESERVED, Math.ceil(descriptors / 2)));
}

/** Descriptors this process may have; undefined where the system does not say or does not limit them. */
export function descriptorLimit(): number | undefined {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

/** Says the last word to a client and lets go of it, whether it reads or not. */
export function dismiss(socket: Socket, lastWord: string): void {
  socket.end(lastWord);
  // A client that never closes its end would keep the descriptor for good.
  setTimeout(() => socket.destroy(), LAST_MS).unref();
}
