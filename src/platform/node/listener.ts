import { randomFillSync } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import { ENCODED, TOO_LARGE } from '../../http/problem.ts';
import type { Hit, Problem } from '../../sources/hit.ts';

/** Bytes a body may have (R72). */
const MAX_BODY = 64 * 1024;

/** Limits on slow and oversized clients (R60, R72); times in milliseconds. */
const SERVER_OPTIONS = {
  maxHeaderSize: 32 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 2_000,
  insecureHTTPParser: false,
};

const ABORTED: Problem = { status: 400, title: 'Incomplete body', detail: 'The connection ended before the body did.' };

/** A Node HTTP server around an app. */
export function createListener(app: Hono): Server {
  const server = createAdaptorServer({
    fetch: (request, env) => app.fetch(request, env),
    serverOptions: SERVER_OPTIONS,
    overrideGlobalObjects: false,
  }) as Server;
  server.maxRequestsPerSocket = 0;
  server.on('clientError', answerClientError);
  return server;
}

/** Node's own refusals (slow, too long, not HTTP), as the problems the contract promises. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, phrase, detail] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? [408, 'Request Timeout', 'The request did not arrive in time.']
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? [431, 'Request Header Fields Too Large', 'The headers may have 32 KiB together.']
        : [400, 'Bad Request', 'This is not a well-formed HTTP request.'];
  const body = JSON.stringify({ type: 'about:blank', title: phrase, status, detail });
  socket.end(
    `HTTP/1.1 ${status} ${phrase}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/** Freezes a Node request as a hit, reading the body within its limits. */
export function toHit(c: Context): Hit | Problem | Promise<Hit | Problem> {
  const { incoming, outgoing } = c.env as { incoming: IncomingMessage; outgoing: ServerResponse };
  if (incoming.method === 'GET') return freeze(incoming, '');
  if (incoming.headers['content-encoding'] !== undefined) return ENCODED;
  return readBody(incoming, outgoing);
}

function readBody(incoming: IncomingMessage, outgoing: ServerResponse): Promise<Hit | Problem> {
  return new Promise((resolve) => {
    const refuse = () => {
      // The rest of the body is not read, so the connection cannot be used again.
      outgoing.setHeader('connection', 'close');
      incoming.removeAllListeners('data');
      incoming.pause();
      resolve(TOO_LARGE);
    };
    if (Number(incoming.headers['content-length'] ?? 0) > MAX_BODY) {
      refuse();
      return;
    }
    let first: Buffer | undefined;
    let more: Buffer[] | undefined;
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY) refuse();
      else if (first === undefined) first = chunk;
      else (more ??= [first]).push(chunk);
    });
    incoming.on('end', () => {
      const body = more !== undefined ? Buffer.concat(more) : first;
      resolve(freeze(incoming, body === undefined ? '' : body.toString('utf8')));
    });
    incoming.on('error', () => resolve(ABORTED));
    incoming.on('close', () => resolve(ABORTED));
  });
}

function freeze(incoming: IncomingMessage, body: string): Hit {
  const target = incoming.url ?? '/';
  const queryAt = target.indexOf('?');
  return {
    id: randomId(),
    at: Date.now(),
    method: incoming.method ?? 'GET',
    path: queryAt === -1 ? target : target.slice(0, queryAt),
    query: queryAt === -1 ? '' : target.slice(queryAt + 1),
    host: hostOf(incoming.headers.host ?? ''),
    headers: incoming.headers as Hit['headers'],
    body,
    peer: incoming.socket.remoteAddress,
  };
}

/** `Host` in lower case without the port; sites are found by it. */
function hostOf(header: string): string {
  const colon = header.lastIndexOf(':');
  const host = colon === -1 || header.endsWith(']') ? header : header.slice(0, colon);
  return host.toLowerCase();
}

const POOL = Buffer.allocUnsafe(16 * 256);
let used = POOL.length;

/** 128 bits of the system's generator, drawn 256 ids at a time. */
function randomId(): string {
  if (used === POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  used += 16;
  return POOL.toString('hex', used - 16, used);
}
