import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** For idle connections of browsers: a browser that fetches several things is done by then. Milliseconds. */
const IDLE_MS = 5_000;
/**
 * For idle connections of a proxy: the proxy closes them first, because else a request could meet a connection that is
 * being closed.
 */
const IDLE_PROXIED_MS = 65_000;
/**
 * For a connection without any traffic in either direction, e.g. of a client that asks and never reads. Milliseconds.
 */
const STUCK_MS = 60_000;
/** How often connections are checked for that. */
const LOOK_MS = 10_000;
/** How long a refused client may take to read the reason, milliseconds. */
const LAST_MS = 1_000;
/** Connections of the admin listener. */
export const ADMIN_CONNECTIONS = 64;

/** Descriptors for everything except clients: files, vendors, the other listener. */
const RESERVED = 512;

/** Sets how long idle connections are kept. Those of a named proxy are kept longer. */
export function keepIdle(server: Server, behindProxy: boolean): void {
  server.keepAliveTimeout = behindProxy ? IDLE_PROXIED_MS : IDLE_MS;
}

/**
 * Closes connections without traffic. All are checked from time to time, because a timer for each would be set again by
 * every request, and every hit would pay for that.
 */
export function dropStuck(server: Server, stuckMs = STUCK_MS, lookMs = LOOK_MS): void {
  /** The bytes at the last check with traffic, and the time of that check. */
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
 * The most connections of the public listener, where there are descriptors for more. With half-sent headers in each
 * they take 320 MB.
 */
export const MOST_CONNECTIONS = 10_000;
/** The most requests of one connection without an answer. Browsers and proxies send one at a time. */
const MOST_UNANSWERED = 16;

/** How many clients may be connected at once, so that descriptors are left for files and vendors. */
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
 * Counts a request; false where its connection has too many without an answer, and is closed. One read may bring a
 * thousand small requests, and all of them would wait here at once. `answered` must be called for each that is counted.
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

/** Counts an answer. */
export function noteAnswer({ socket }: IncomingMessage): void {
  const client = socket as Counted;
  client[UNANSWERED] = unansweredOf(client) - 1;
}

/** The descriptors that this process may have; undefined where the system does not say or does not limit them. */
function descriptorLimit(): number | undefined {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

/** Writes the last answer to a client and closes the connection, whether the client reads or not. */
export function dismiss(socket: Socket, lastWord: string): void {
  socket.end(lastWord);
  // A client that never closes its end would keep the descriptor for good.
  setTimeout(() => socket.destroy(), LAST_MS).unref();
}
