import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** Idle connections of browsers: those that fetch several things are done by then. Milliseconds. */
const IDLE_MS = 5_000;
/** Idle connections of a proxy: it closes them first, or a request of it would meet one that is being closed. */
const IDLE_PROXIED_MS = 65_000;
/** A connection on which nothing moves, in either direction: a client that asks and never reads. Milliseconds. */
const STUCK_MS = 60_000;
/** How often connections are looked at for that. */
const LOOK_MS = 10_000;
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

/**
 * Lets go of connections on which nothing moves. All are looked at now and then: a timer for each, which every request
 * would set anew, is work that every hit pays for.
 */
export function dropStuck(server: Server, stuckMs = STUCK_MS, lookMs = LOOK_MS): void {
  /** Bytes that had moved when they last did, and when that was seen. */
  const seen = new Map<Socket, { bytes: number; at: number }>();
  server.on('connection', (socket: Socket) => {
    seen.set(socket, { bytes: 0, at: performance.now() });
    socket.once('close', () => seen.delete(socket));
  });
  const look = setInterval(() => {
    const now = performance.now();
    for (const [socket, last] of seen) {
      const bytes = socket.bytesRead + socket.bytesWritten - socket.writableLength;
      if (bytes !== last.bytes) {
        last.bytes = bytes;
        last.at = now;
      } else if (now - last.at > stuckMs && (unansweredOf(socket) > 0 || socket.writableLength > 0)) {
        socket.destroy();
      }
    }
  }, lookMs).unref();
  server.once('close', () => clearInterval(look));
}

/**
 * Connections of the public listener, where there are descriptors for more: with the headers each of them may have half
 * sent they take 320 MB.
 */
export const MOST_CONNECTIONS = 10_000;
/** Requests of one connection that may be without an answer. Browsers and proxies send one at a time. */
const MOST_UNANSWERED = 16;

/** How many clients may be connected at once, so that files and vendors still find descriptors. */
export function mostConnections(descriptors: number | undefined = descriptorLimit()): number {
  if (descriptors === undefined) return MOST_CONNECTIONS;
  const left = descriptors - Math.min(RESERVED, Math.ceil(descriptors / 2));
  return Math.min(MOST_CONNECTIONS, Math.max(16, left));
}

const UNANSWERED = Symbol('requests without an answer');
type Counted = Socket & { [UNANSWERED]?: number };

function unansweredOf(socket: Counted): number {
  return socket[UNANSWERED] ?? 0;
}

/**
 * Takes note of a request; false where its connection has too many without an answer, and is gone. A read may bring a
 * thousand small ones, and all of them would wait here at once. `answered` is to be called for each that is taken.
 */
export function takes({ socket }: IncomingMessage): boolean {
  const client = socket as Counted;
  if (client.destroyed) return false;
  const open = unansweredOf(client) + 1;
  client[UNANSWERED] = open;
  if (open <= MOST_UNANSWERED) return true;
  client.destroy();
  return false;
}

/** Takes note of an answer. */
export function noteAnswer({ socket }: IncomingMessage): void {
  const client = socket as Counted;
  client[UNANSWERED] = unansweredOf(client) - 1;
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
