import { toResponse } from '../../http/answer.ts';
import { frontOf, refused, type Asked } from '../../http/front.ts';
import { FAILED, problemResponse } from '../../http/problem.ts';
import type { Ports } from '../../http/ports.ts';
import { Refusals } from '../../http/refusals.ts';
import { createRateLimit } from '../../http/rate-limit.ts';
import { requestHead, webHit, type RequestHead, type HeaderOptions, type Seen } from '../../http/web-hit.ts';
import { Counters } from '../../ledger/counters.ts';
import type { Outbox } from '../../delivery/outbox.ts';
import type { Gateway } from '../../policy/gateway.ts';
import { notFound } from '../../protocols/doors.ts';

export interface FetchOptions {
  /** The configuration in force (`makeGateway`). */
  readonly gateway: Gateway;
  /**
   * Where events are stored before they are answered. It has to be durable when `append` resolves: everything that the
   * gateway promises about events rests on that.
   */
  readonly outbox: Outbox;
  /** Routes that wait for a person, for `/readyz`. */
  readonly stopped?: () => number;
  /** How this runtime hands over header bytes and Cookie lines, where it does otherwise than most. */
  readonly headers?: HeaderOptions;
  /** What is counted in; left out = counters of its own. */
  readonly counters?: Counters;
  /** Answers what the gateway has no path for; undefined = nor has it. */
  readonly elsewhere?: (request: Request, head: RequestHead) => Promise<Response> | undefined;
}

/** The public listener as a function of a web `Request`. */
export interface WebGateway {
  /** Never rejects. */
  readonly fetch: (request: Request, seen?: Seen) => Promise<Response>;
  /** What was counted since it was made. */
  readonly counters: Counters;
}

/** The gateway's public listener for any runtime that has web standards. It sets no timers and sends no requests. */
export function createFetch(options: FetchOptions): WebGateway {
  const {
    gateway,
    outbox,
    stopped = () => 0,
    headers = {},
    counters = new Counters(),
    elsewhere = () => undefined,
  } = options;
  const ports: Ports = {
    gateway: () => gateway,
    outbox,
    stopped,
    toHit: (c, mostBytes) => webHit(c.req.raw, requestHead(c.req.raw, headers), {}, mostBytes),
    overloaded: () => false,
    counters,
    refusals: new Refusals(counters, () => undefined),
    rateLimit: lazyRateLimit(),
    watcher: () => undefined,
  };
  const front = frontOf(ports);
  const answer = async (request: Request, seen: Seen): Promise<Response> => {
    const head = requestHead(request, headers);
    const asked = askedOf(head);
    const found = front(asked);
    if (found === undefined)
      return elsewhere(request, head) ?? toResponse(refused(asked, notFound(gateway.prefix), ports));
    if (typeof found !== 'function') return toResponse(found);
    const hit = webHit(request, head, seen, found.mostBytes);
    return toResponse(await found(hit, asked.host, asked.origin));
  };
  return {
    counters,
    // The error is neither answered nor logged: its text may hold parts of the hit.
    fetch: (request, seen = {}) =>
      answer(request, seen).catch(() => {
        counters.answers.add('500');
        return problemResponse(FAILED, { 'retry-after': '5' });
      }),
  };
}

function askedOf({ method, path, host, headers }: RequestHead): Asked {
  return {
    method,
    path,
    host,
    origin: headers['origin'],
    asWorker: headers['service-worker'] !== undefined,
    known: headers['if-none-match'],
  };
}

/** Made late, because some runtimes have no random bytes before the first request. */
function lazyRateLimit(): Ports['rateLimit'] {
  let made: Ports['rateLimit'] | undefined;
  const limit = (): Ports['rateLimit'] => (made ??= createRateLimit(() => crypto.getRandomValues(new Uint8Array(32))));
  return {
    take: (hit, gateway) => (gateway.perClient === undefined ? undefined : limit().take(hit, gateway)),
    failed: (hit, gateway) => limit().failed(hit, gateway),
  };
}
