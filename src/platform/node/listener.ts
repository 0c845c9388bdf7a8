import { randomFillSync } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { getRequestListener } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import type { Answer } from '../../http/answer.ts';
import type { Collectors } from '../../http/app.ts';
import type { Collect } from '../../http/collect.ts';
import { ENCODED, TOO_LARGE } from '../../http/problem.ts';
import type { Hit, Problem } from '../../sources/hit.ts';
import { turns } from './turns.ts';

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

/**
 * A Node HTTP server around an app. Hits of the ordinary kind, given `take`, do not pass through the app: making a web
 * Request and Response of them costs as much as deciding them.
 */
export function createListener(app: Hono, take?: Collectors): Server {
  const throughApp = adapterFor(app);
  const server = createServer(SERVER_OPTIONS, (incoming, outgoing) => {
    const direct = take === undefined ? undefined : collectorFor(incoming, take);
    if (direct === undefined) throughApp(incoming, outgoing);
    else answerDirectly(incoming, outgoing, direct);
  });
  server.maxRequestsPerSocket = 0;
  server.on('clientError', answerClientError);
  return server;
}

/**
 * Takes requests through an app. What turns them into web Requests is loaded with the first of them: all of `fetch` comes
 * along, and would be a tenth of the start.
 */
function adapterFor(app: Hono): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  let loaded: Promise<ReturnType<typeof getRequestListener>> | undefined;
  return (incoming, outgoing) => {
    loaded ??= import('@hono/node-server').then((adapter) =>
      adapter.getRequestListener((request, env) => app.fetch(request, env), { overrideGlobalObjects: false }),
    );
    // It cannot be loaded where another version was installed under a running one.
    loaded.then(
      (answer) => answer(incoming, outgoing),
      () => outgoing.destroy(),
    );
  };
}

/** Who takes this request without the app: hits whose body, if any, is not encoded and not known to be too large. */
function collectorFor({ method, url = '', headers }: IncomingMessage, take: Collectors): Collect | undefined {
  if (method === 'GET') return isPath(url, '/g/collect') ? take.hits : undefined;
  if (method !== 'POST' || headers['content-encoding'] !== undefined) return undefined;
  if (Number(headers['content-length'] ?? 0) > MAX_BODY) return undefined;
  if (isPath(url, '/g/collect')) return take.hits;
  return isPath(url, '/v1/events') ? take.events : undefined;
}

function isPath(url: string, path: string): boolean {
  return url.startsWith(path) && (url.length === path.length || url.charAt(path.length) === '?');
}

function answerDirectly(incoming: IncomingMessage, outgoing: ServerResponse, take: Collect): void {
  const empty = incoming.method === 'GET' || incoming.headers['content-length'] === '0';
  const answer = take(empty ? freeze(incoming, '') : readBody(incoming, outgoing));
  if (answer instanceof Promise) void answer.then((value) => write(outgoing, value));
  else writeSoon(outgoing, answer);
}

let waiting: { readonly outgoing: ServerResponse; readonly answer: Answer }[] = [];

/**
 * Answers that are known at once go out together when everything that has arrived is decided: a write wakes the other
 * end, and one wake-up for many is much cheaper than one for each.
 */
function writeSoon(outgoing: ServerResponse, answer: Answer): void {
  if (waiting.push({ outgoing, answer }) === 1) setImmediate(writeWaiting);
}

function writeWaiting(): void {
  const due = waiting;
  waiting = [];
  for (const { outgoing, answer } of due) write(outgoing, answer);
}

function write(outgoing: ServerResponse, { status, headers, cookies, body }: Answer): void {
  if (body !== undefined) {
    outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
    outgoing.end(body);
    return;
  }
  outgoing.writeHead(status, cookies.length === 0 ? headers : { ...headers, 'set-cookie': [...cookies] });
  outgoing.end();
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
    incoming.on('end', () =>
      turns.take(() => {
        const body = more !== undefined ? Buffer.concat(more) : first;
        resolve(freeze(incoming, body === undefined ? '' : body.toString('utf8')));
      }),
    );
    incoming.on('error', () => resolve(ABORTED));
    // What is complete may still wait for its turn.
    incoming.on('close', () => {
      if (!incoming.complete) resolve(ABORTED);
    });
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
