import { randomFillSync } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { getRequestListener } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import { problemAnswer, type Answer } from '../../../http/answer.ts';
import type { Collect } from '../../../http/collect.ts';
import type { Front } from '../../../http/front.ts';
import type { MostBytes } from '../../../http/body-limit.ts';
import { ABORTED, bodyTooLarge, ENCODED, NO_ROOM } from '../../../http/problem.ts';
import { refusedCode, type Hit, type Problem, type RefusedCode, type Unread } from '../../../protocols/hit.ts';
import { hostOf, splitTarget, type Target } from '../../../protocols/target.ts';
import { Body, saidLength } from './body.ts';
import { noteAnswer, dismiss, dropStuck, keepIdle, takes } from './sockets.ts';
import { turns } from './turns.ts';

/** Limits on slow and oversized clients (R60, R72); times in milliseconds. */
const SERVER_OPTIONS = {
  maxHeaderSize: 32 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 2_000,
  insecureHTTPParser: false,
};

/**
 * A Node HTTP server around an app. Requests that `front` answers do not pass through the app, because making a web
 * Request and Response of a hit costs as much as deciding it. `refused` is called with requests that Node or this file
 * refuses.
 */
export function createListener(app: Hono, front?: Front, refused: (code: RefusedCode) => void = () => {}): Server {
  const throughApp = adapterFor(app);
  const server = createServer(SERVER_OPTIONS, (incoming, outgoing) => {
    if (!takes(incoming)) return;
    if (hasTwoHosts(incoming)) {
      refused('refused.host');
      write(outgoing, problemAnswer(TWO_HOSTS));
      return;
    }
    if (front === undefined) {
      throughApp(incoming, outgoing);
      return;
    }
    const target = splitTarget(targetOf(incoming));
    const { method = '', headers } = incoming;
    const authority = target.authority ?? headers.host ?? '';
    const host = hostOf(authority);
    const asWorker = headers['service-worker'] !== undefined;
    const known = headers['if-none-match'];
    const found = front({ method, path: target.path, host, authority, origin: headers.origin, asWorker, known });
    if (found === undefined) throughApp(incoming, outgoing);
    else if (typeof found === 'function') answerDirectly(incoming, outgoing, target, host, found);
    else write(outgoing, found);
  });
  server.maxRequestsPerSocket = 0;
  dropStuck(server);
  keepIdle(server, false);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => answerClientError(error, socket, refused));
  return server;
}

/**
 * Takes requests through an app. The code that makes web Requests of them is loaded with the first: it brings all of
 * `fetch` along, which would be a tenth of the start.
 */
function adapterFor(app: Hono): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  let loaded: Promise<ReturnType<typeof getRequestListener>> | undefined;
  return (incoming, outgoing) => {
    outgoing.once('close', () => noteAnswer(incoming));
    loaded ??= import('@hono/node-server').then((adapter) =>
      adapter.getRequestListener((request, env) => app.fetch(request, env), { overrideGlobalObjects: false }),
    );
    // The code cannot be loaded where another version was installed under a running gateway.
    loaded.then(
      (answer) => answer(incoming, outgoing),
      () => outgoing.destroy(),
    );
  };
}

const TWO_HOSTS: Problem = { status: 400, title: 'Two hosts', detail: 'A request may have one Host header.' };

/** Of several Host headers Node keeps the first, and a proxy in front perhaps another (RFC 9112 3.2). */
function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts > 1;
}

function targetOf({ url = '/' }: IncomingMessage): string {
  return url;
}

function hostFor({ headers }: IncomingMessage, { authority }: Target): string {
  return hostOf(authority ?? headers.host ?? '');
}

function answerDirectly(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: Target,
  host: string,
  take: Collect,
): void {
  const answer = take(receive({ incoming, outgoing }, target, host, take.mostBytes), host, incoming.headers.origin);
  if (answer instanceof Promise) void answer.then((value) => write(outgoing, value));
  else writeSoon(outgoing, answer);
}

let waiting: { readonly outgoing: ServerResponse; readonly answer: Answer }[] = [];

/**
 * Answers that are known at once are written together when every request that has arrived is decided. A write wakes the
 * other end, and waking it once for many answers is much cheaper than once for each.
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
  const length = body === undefined ? undefined : { 'content-length': Buffer.byteLength(body) };
  const set = cookies.length === 0 ? undefined : { 'set-cookie': [...cookies] };
  outgoing.writeHead(status, length === undefined && set === undefined ? headers : { ...headers, ...length, ...set });
  outgoing.end(body);
  noteAnswer(outgoing.req);
}

/** Node's own refusals (slow, too long, not HTTP), as the problems that the contract promises. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket, refused: (code: RefusedCode) => void): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, phrase, detail]: [number, string, string] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? [408, 'Request Timeout', 'The request did not arrive in time.']
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? [431, 'Request Header Fields Too Large', 'The headers may have 32 KiB together.']
        : [400, 'Bad Request', 'This is not a well-formed HTTP request.'];
  refused(refusedCode({ status, title: phrase, detail }));
  const body = JSON.stringify({ type: 'about:blank', title: phrase, status, detail });
  dismiss(
    socket,
    `HTTP/1.1 ${status} ${phrase}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

interface NodeRequest {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/** Freezes a Node request as a hit, reading the body within its limits. */
export function toHit(c: Context, mostBytes: MostBytes): Hit | Problem | Promise<Hit | Problem> {
  const request = c.env as NodeRequest;
  const target = splitTarget(targetOf(request.incoming));
  return receive(request, target, hostFor(request.incoming, target), mostBytes);
}

/** The target of a Node request as it came. */
export function rawTarget(c: Context): string {
  return targetOf((c.env as NodeRequest).incoming);
}

function receive(
  request: NodeRequest,
  target: Target,
  host: string,
  mostBytes: MostBytes,
): Hit | Unread | Promise<Hit | Unread> {
  const { incoming } = request;
  if (incoming.method === 'GET') return freeze(incoming, target, host, '');
  if (incoming.headers['content-encoding'] !== undefined)
    return { ...ENCODED, hit: freeze(incoming, target, host, '') };
  if (incoming.headers['content-length'] === '0') return freeze(incoming, target, host, '');
  return readBody(
    request,
    target,
    host,
    mostBytes(() => freeze(incoming, target, host, '')),
  );
}

function readBody(
  { incoming, outgoing }: NodeRequest,
  target: Target,
  host: string,
  most: number,
): Promise<Hit | Unread> {
  return new Promise((resolve) => {
    const body = new Body(most);
    const refuse = (problem: Problem) => {
      // The rest of the body is not read, so the connection cannot be used again.
      outgoing.setHeader('connection', 'close');
      incoming.removeAllListeners('data');
      incoming.pause();
      end(problem);
    };
    const end = (result: Hit | Problem) => {
      body.free();
      resolve('status' in result ? { ...result, hit: freeze(incoming, target, host, '') } : result);
    };
    if (saidLength(incoming) > most) {
      refuse(bodyTooLarge(most));
      return;
    }
    incoming.on('data', (piece: Buffer) => {
      const went = body.add(piece);
      if (went === 'too large') refuse(bodyTooLarge(most));
      else if (went === 'no room') refuse(NO_ROOM);
    });
    incoming.on('end', () => turns.take(() => end(freeze(incoming, target, host, body.text()))));
    incoming.on('error', () => end(ABORTED));
    // A complete body may still wait for its turn.
    incoming.on('close', () => {
      if (!incoming.complete) end(ABORTED);
    });
  });
}

function freeze(incoming: IncomingMessage, { path, query }: Target, host: string, body: string): Hit {
  return {
    id: randomId(),
    at: Date.now(),
    method: incoming.method ?? 'GET',
    path,
    query,
    host,
    headers: incoming.headers as Hit['headers'],
    body,
    peer: incoming.socket.remoteAddress,
  };
}

const POOL = Buffer.allocUnsafe(16 * 256);
let used = POOL.length;

/** 128 random bits of the system, drawn for 256 ids at a time. */
function randomId(): string {
  if (used === POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  used += 16;
  return POOL.toString('hex', used - 16, used);
}
