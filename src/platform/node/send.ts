import { Unsendable, type FilledRequest, type Send } from '../../delivery/attempt.ts';
import { Pool, type Origin, type PoolOptions } from './pool.ts';

export interface SendOptions extends Partial<PoolOptions> {
  /** `http://127.0.0.1:PORT`: every request goes there instead (design 7.3). */
  readonly sink?: string | undefined;
  /** Of the gateway; said in `user-agent` where the plan says nothing. */
  readonly version: string;
}

/** A `Send` that holds connections. */
export interface NodeSend extends Send {
  close(): void;
}

const TIMEOUT_MS = 10_000;
const IDLE_MS = 30_000;
const SWEEP_MS = 500;
const HTTPS_PORT = 443;

/** A request line's target: what an URL may hold unescaped, nothing that ends the line. */
const TARGET = /^[\x21-\x7e]*$/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// Header values of visitors arrive as Latin-1, so that is what goes out; control characters never do (R69).
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const ASCII = /^[\x00-\x7f]*$/;

/** Headers that frame the message or belong to the connection: the plan does not decide them. */
const OURS = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
  'expect',
]);

/** Sends requests over HTTPS to declared hosts, or all of them to a sink on this machine. */
export function createSend({
  sink,
  version,
  timeoutMs = TIMEOUT_MS,
  idleMs = IDLE_MS,
  ...rest
}: SendOptions): NodeSend {
  const options: PoolOptions = { timeoutMs, idleMs, ...rest };
  const sinkOrigin = sink === undefined ? undefined : sinkOf(sink);
  const pools = new Map<string, Pool>();
  const poolOf = (key: string, origin: Origin): Pool => {
    let pool = pools.get(key);
    if (pool === undefined) pools.set(key, (pool = new Pool(origin, options)));
    return pool;
  };
  const agent = `portvakt/${version}`;
  const timer = setInterval(() => {
    const now = performance.now();
    for (const pool of pools.values()) pool.sweep(now);
  }, SWEEP_MS).unref();

  const send = async (request: FilledRequest, hosts: readonly string[]) => {
    const { host, target } = splitUrl(request.url, hosts);
    if (sinkOrigin !== undefined) {
      const authority = `${sinkOrigin.host}:${sinkOrigin.port}`;
      const { head, latin1 } = headOf(request, `/${host}${target}`, authority, agent);
      return poolOf('', sinkOrigin).send(head, request.body, latin1);
    }
    const { head, latin1 } = headOf(request, target, host, agent);
    return poolOf(host, { host, port: HTTPS_PORT, tls: true }).send(head, request.body, latin1);
  };
  return Object.assign(send, {
    close: () => {
      clearInterval(timer);
      for (const pool of pools.values()) pool.close();
    },
  });
}

/** The sink's origin. @throws TypeError unless it is plain HTTP on a loopback address. */
export function sinkOf(sink: string): Origin {
  const [, host, portText] = /^http:\/\/(127(?:\.\d{1,3}){3}|\[::1\]|localhost):(\d{1,5})\/?$/.exec(sink) ?? [];
  const port = Number(portText);
  if (host === undefined || port < 1 || port > 65_535) throw new TypeError('a sink is http://127.0.0.1:PORT');
  return { host: host.replace(/[[\]]/g, ''), port, tls: false };
}

/** Host and target of an https URL to a declared host; nothing else is ever connected to (R67, R68). */
function splitUrl(url: string, hosts: readonly string[]): { host: string; target: string } {
  if (!url.startsWith('https://')) throw new Unsendable('not an https address');
  const end = /[/?#]|$/.exec(url.slice(8))?.index ?? 0;
  const authority = url.slice(8, 8 + end);
  const host = authority.endsWith(':443') ? authority.slice(0, -4) : authority;
  if (!hosts.includes(host)) throw new Unsendable('a host the destination does not declare');
  const rest = url.slice(8 + end);
  const hash = rest.indexOf('#');
  const target = hash === -1 ? rest : rest.slice(0, hash);
  if (!TARGET.test(target)) throw new Unsendable('an address with characters it cannot have');
  return { host, target: target.startsWith('/') ? target : `/${target}` };
}

function headOf(
  request: FilledRequest,
  target: string,
  authority: string,
  agent: string,
): { head: string; latin1: boolean } {
  const { method, headers, body } = request;
  let head = `${method} ${target} HTTP/1.1\r\nhost: ${authority}\r\n`;
  let named = false;
  let latin1 = false;
  for (const name in headers) {
    const value = headers[name] ?? '';
    const lower = name.toLowerCase();
    if (!HEADER_NAME.test(name) || !HEADER_VALUE.test(value) || OURS.has(lower)) {
      throw new Unsendable('a header that cannot be sent');
    }
    if (lower === 'user-agent') named = true;
    if (!ASCII.test(value)) latin1 = true;
    head += `${name}: ${value}\r\n`;
  }
  if (!named) head += `user-agent: ${agent}\r\n`;
  if (body !== undefined) head += `content-length: ${Buffer.byteLength(body)}\r\n`;
  else if (method === 'POST') head += 'content-length: 0\r\n';
  return { head: `${head}\r\n`, latin1 };
}
