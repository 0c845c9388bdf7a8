import type { Dispatcher } from 'undici';
import errors from 'undici/lib/core/errors.js';
import type { Reply } from '../../../core/destination.ts';
import { AddressRefused, Recalled, Unsendable } from '../../../delivery/lane/ports.ts';

/** How much of a vendor's answer is read (R74), bytes. */
export const MAX_BODY = 64 * 1024;

/**
 * No complete answer came. Only its code is known outside, because messages of the client may quote the request or the
 * answer.
 */
export class Failed extends Error {
  override readonly name = 'Failed';
  readonly code: string;
  constructor(code: string) {
    super('the request failed');
    this.code = code;
  }
}

/**
 * Sends one request and reads its answer. Of a body longer than `MAX_BODY` it reads the start, and closes the
 * connection. `timeoutMs` counts from the call to the last byte, the wait for a connection included. Rejects with
 * `Unsendable` if the request cannot be written as HTTP, with `AddressRefused` if the name leads into a network that is
 * not public, with `Recalled` if `may` says no when there is a connection, else with `Failed`. Nothing is sent twice.
 */
export function roundTrip(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  timeoutMs: number,
  may: () => boolean = always,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let late = false;
    let status = 0;
    let headers: Reply['headers'] = {};
    const body: Buffer[] = [];
    let size = 0;

    const timer = setTimeout(() => {
      late = true;
      const timeout = new Failed('ETIMEDOUT');
      controller?.abort(timeout);
      reject(timeout);
    }, timeoutMs);
    const end = (): void => {
      clearTimeout(timer);
      const text = body.length === 0 ? '' : Buffer.concat(body, Math.min(size, MAX_BODY)).toString();
      resolve({ status, at: Date.now(), headers, body: text });
    };

    dispatcher.dispatch(request, {
      onRequestStart(started) {
        controller = started;
        // It has waited so long for a connection that its sender counts it as failed: a second copy must not be sent.
        if (late) started.abort(new Failed('ETIMEDOUT'));
        else if (!may()) started.abort(new Recalled());
      },
      onResponseStart(_, code, fields) {
        // The last header block counts, because interim answers (1xx) come before it.
        status = code;
        headers = flat(fields);
      },
      onResponseData(it, chunk) {
        body.push(chunk);
        size += chunk.length;
        if (size <= MAX_BODY) return;
        end();
        it.abort(new Failed('ECUT'));
      },
      onResponseEnd: end,
      onResponseError(_, error) {
        clearTimeout(timer);
        reject(failure(error));
      },
    });
  });
}

const always = (): boolean => true;

/** Repeated headers are joined (RFC 9110 5.3). Cookies are dropped, because nothing reads them again. */
function flat(fields: Readonly<Record<string, string | string[] | undefined>>): Reply['headers'] {
  const headers: Record<string, string | undefined> = {};
  for (const name in fields) {
    if (name === 'set-cookie' || name === '__proto__') continue;
    const value = fields[name];
    headers[name] = typeof value === 'object' ? value.join(', ') : value;
  }
  return headers;
}

/** Codes of the client for which an older word exists. */
const CODES: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'ECONNRESET',
  UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_HEADERS_OVERFLOW: 'EBADREPLY',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'EBADREPLY',
};

function failure(error: Error & { readonly code?: unknown }): Error {
  if (error instanceof Failed || error instanceof Recalled || error instanceof AddressRefused) return error;
  if (error instanceof errors.InvalidArgumentError) return new Unsendable('a header that cannot be sent');
  if (error instanceof errors.HTTPParserError) return new Failed('EBADREPLY');
  const code = typeof error.code === 'string' ? error.code : 'ECONNECTION';
  return new Failed(CODES[code] ?? code);
}
