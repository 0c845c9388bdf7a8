import { Agent, request } from 'node:http';
import type { Ask } from '../../support/ask.ts';
import { purchases } from './world.ts';

/** What became of requests. */
export interface Tally {
  /** Events answered 204: these must not be lost. */
  readonly acknowledged: Set<number>;
  /** Answers by status. */
  readonly statuses: Map<number, number>;
  /** Requests without an answer, by the system's code for it. Whether they arrived is unknown. */
  readonly unanswered: Map<string, number>;
  /** Answers of 503 that did not say when to come back. */
  withoutRetryAfter: number;
  /** Milliseconds from request to answer, of what was answered 204. */
  readonly latencies: number[];
  /** Answers of 204 and of 503 of each client. */
  readonly shares: { taken: number; refused: number }[];
}

export interface LoadOptions {
  readonly url: string | (() => string);
  readonly clients: number;
  /** Events in each request. */
  readonly events?: number;
  /** Pause of each client between requests, milliseconds. */
  readonly pauseMs?: number;
  /** How often a request without an answer is sent again on a new connection, as browsers and proxies do. */
  readonly again?: number;
  /** Makes the request for these event numbers. */
  readonly make?: (numbers: readonly number[]) => Ask;
}

export interface Load extends Tally {
  /** Stops asking and waits for the answers under way. */
  readonly stop: () => Promise<void>;
}

export function newTally(): Tally {
  return {
    acknowledged: new Set(),
    statuses: new Map(),
    unanswered: new Map(),
    withoutRetryAfter: 0,
    latencies: [],
    shares: [],
  };
}

let numbers = 0;

/** Clients that send events, each with a number of its own, as fast as they are answered. */
export function startLoad(options: LoadOptions, tally: Tally = newTally()): Load {
  const { url, clients, events = 1, pauseMs = 0, again = 0, make = (some) => purchases(some) } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  let running = true;
  const client = async (): Promise<void> => {
    const share = { taken: 0, refused: 0 };
    tally.shares.push(share);
    while (running) {
      const some = Array.from({ length: events }, () => numbers++);
      const asked = make(some);
      for (let tries = 0; tries <= again; tries++) {
        const base = typeof url === 'string' ? url : url();
        const answer = await post(base, asked, tries === 0 ? agent : undefined);
        if (typeof answer === 'string') {
          bump(tally.unanswered, answer);
          await pause(20);
          continue;
        }
        bump(tally.statuses, answer.status);
        if (answer.status === 204) {
          for (const n of some) tally.acknowledged.add(n);
          tally.latencies.push(answer.ms);
          share.taken++;
        } else {
          if (answer.status === 503) share.refused++;
          if (answer.status === 503 && answer.retryAfter === undefined) tally.withoutRetryAfter++;
          await pause(20);
        }
        break;
      }
      if (pauseMs > 0) await pause(pauseMs);
    }
  };
  const all = Promise.all(Array.from({ length: clients }, client));
  return Object.assign(tally, {
    stop: async () => {
      running = false;
      await all;
      agent.destroy();
    },
  });
}

interface Answered {
  readonly status: number;
  readonly ms: number;
  readonly retryAfter: string | undefined;
}

/** One request; a text is why there was no answer. */
function post(
  base: string,
  { path, headers = {}, body = '' }: Ask,
  agent: Agent | undefined,
): Promise<Answered | string> {
  const { hostname, port } = new URL(base);
  const started = performance.now();
  return new Promise((resolve) => {
    const outgoing = request(
      {
        hostname,
        port,
        path,
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        ...(agent === undefined ? { agent: false } : { agent }),
        timeout: 30_000,
      },
      (incoming) => {
        incoming.resume();
        incoming.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'ECUT'));
        incoming.on('end', () => {
          const { statusCode: status = 0, headers: got } = incoming;
          resolve({ status, ms: performance.now() - started, retryAfter: got['retry-after'] });
        });
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    outgoing.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'EUNKNOWN'));
    outgoing.end(body);
  });
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function bump<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** The value below which a share `p` of the numbers lies; 0 of none. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0;
}
