import type { Reply } from '../../core/destination.ts';
import { Recalled, Unsendable, type Send } from '../../delivery/lane/ports.ts';
import { headersOf, hostAndTarget } from './outgoing.ts';

export interface WebSendOptions {
  /** The gateway's version: the `user-agent` of requests whose plan has none. */
  readonly version: string;
  /** From the start of a request to the end of its answer, milliseconds, where the request does not say it. */
  readonly timeoutMs?: number;
  /** What sends; the runtime's own `fetch` if nothing is named. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

const TIMEOUT_MS = 10_000;
/** Most bytes of a vendor's answer that are read (R74). */
const MAX_BODY = 64 * 1024;

/** No complete answer came. Only its code is passed on, because messages of the runtime may quote request or answer. */
class Failed extends Error {
  override readonly name = 'Failed';
  readonly code: string;
  constructor(code: string) {
    super('the request failed');
    this.code = code;
  }
}

/** A `Send` over `fetch`: to declared hosts only, over HTTPS, no redirect followed, one time limit for the whole exchange. */
export function webSend({ version, timeoutMs = TIMEOUT_MS, fetch: ask = fetch }: WebSendOptions): Send {
  const agent = `portvakt/${version}`;
  return async ({ url, method, headers, body, timeoutMs: own }, hosts, may) => {
    const { host, target } = hostAndTarget(url, hosts);
    const all = asHeaders(headersOf(headers, agent));
    if (may?.() === false) throw new Recalled();
    try {
      const signal = AbortSignal.timeout(own ?? timeoutMs);
      const init = { method, headers: all, body: body ?? null, redirect: 'manual', signal } as const;
      return await replyOf(await ask(`https://${host}${target}`, init));
    } catch (error) {
      throw new Failed((error as Error).name === 'TimeoutError' ? 'ETIMEDOUT' : 'ECONNECTION');
    }
  };
}

function asHeaders(flat: readonly string[]): Headers {
  const headers = new Headers();
  try {
    for (let i = 0; i < flat.length; i += 2) headers.append(flat[i] as string, flat[i + 1] as string);
  } catch {
    throw new Unsendable('a header that cannot be sent');
  }
  return headers;
}

async function replyOf(response: Response): Promise<Reply> {
  const headers: Record<string, string> = {};
  for (const [name, value] of response.headers) if (name !== 'set-cookie') headers[name] = value;
  const body = response.body === null ? '' : await startOf(response.body);
  return { status: response.status, at: Date.now(), headers, body };
}

/** The start of a body, up to the limit. */
async function startOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (let size = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    const part = value.subarray(0, MAX_BODY - size);
    size += part.byteLength;
    text += decoder.decode(part, { stream: true });
    if (size < MAX_BODY) continue;
    void reader.cancel().catch(() => {});
    return text;
  }
}
