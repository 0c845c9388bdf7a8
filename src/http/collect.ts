import { OutboxUnavailable, type OutboxRow, type Stored } from '../delivery/outbox.ts';
import { outboxRow, withdrawalsOf } from '../delivery/rows.ts';
import { process, type Trace } from '../pipeline.ts';
import type { Gateway } from '../policy/gateway.ts';
import type { Door } from '../sources/doors.ts';
import type { Hit, Problem } from '../sources/hit.ts';
import { accountOf } from './account.ts';
import { accepted, headersFor, problemAnswer, type Answer } from './answer.ts';
import type { Ports, Watcher } from './ports.ts';
import { FAILED } from './problem.ts';

const BAD_TYPE: Problem = {
  status: 415,
  title: 'Unsupported media type',
  detail: 'Web hits are text/plain, JSON events are application/json.',
};

const BEACON_TYPE: Problem = {
  status: 415,
  title: 'Unsupported media type',
  detail: 'Without an Origin header, JSON events must be application/json.',
};

/**
 * Takes one hit: decides it, stores what may leave, and only then answers 204 (design 2). `host` and `origin` are the
 * request's, for what a page may read of the answer where there is no hit.
 */
export type Collect = (
  read: Hit | Problem | Promise<Hit | Problem>,
  host: string,
  origin: string | undefined,
) => Answer | Promise<Answer>;

/** How the hits of one door are taken. Never throws, never rejects. */
export function collector(ports: Ports, door: Door): Collect {
  // Nothing of an error goes out or into a log: it may hold parts of the hit.
  const failed = (): Answer => refuse(ports, FAILED, RETRY_LATER, '500');
  const take = (read: Hit | Problem, host: string, origin: string | undefined): Answer | Promise<Answer> => {
    try {
      const gateway = ports.gateway();
      const headers = headersFor(gateway.siteOf.get(host), origin);
      // Asked when its turn has come, so that what arrived before it was too much counts as well.
      if (ports.overloaded()) return refuse(ports, OVERLOADED, { ...headers, ...RETRY_SOON });
      const answer = 'status' in read ? refuse(ports, read, headers) : collect(read, ports, gateway, door, headers);
      return answer instanceof Promise ? answer.catch(failed) : answer;
    } catch {
      return failed();
    }
  };
  return (read, host, origin) =>
    read instanceof Promise ? read.then((value) => take(value, host, origin), failed) : take(read, host, origin);
}

function collect(
  hit: Hit,
  ports: Ports,
  gateway: Gateway,
  door: Door,
  headers: Answer['headers'],
): Answer | Promise<Answer> {
  const media = mediaProblem(hit, door);
  if (media !== undefined) return refuse(ports, media, headers);
  const limited = ports.rateLimit.take(hit, gateway);
  if (limited !== undefined) {
    return refuse(ports, limited.problem, { ...headers, 'retry-after': `${limited.retryAfter}` });
  }
  const processed = process(hit, gateway, ports.windows?.at(gateway, hit.at));
  if ('problem' in processed) return refuse(ports, processed.problem, headers);
  const { trace } = processed;
  const rows = rowsOf(trace, gateway.policy);
  const withdrawals = withdrawalsOf(trace, ports.outbox.pending);
  const done = accepting(trace, gateway, ports, headers);
  if (rows.length === 0 && withdrawals.length === 0) return done(NOTHING_STORED);
  return ports.outbox.append(rows, withdrawals).then(done, (error: unknown) => {
    const retryAfter = error instanceof OutboxUnavailable ? error.retryAfter : 5;
    return refuse(ports, UNAVAILABLE, { ...headers, 'retry-after': `${retryAfter}` });
  });
}

const NOTHING_STORED: readonly Stored[] = [];

/** What happens once a hit is safe. It is all that waits for that: it must not hold the trace. */
function accepting(
  trace: Trace,
  gateway: Gateway,
  ports: Ports,
  headers: Readonly<Record<string, string>>,
): (stored: readonly Stored[]) => Answer {
  const recorded = gateway.delivery.decisions > 0;
  const account = accountOf(trace, recorded);
  const answer = accepted(headers, trace.setCookies);
  const watcher = ports.watcher();
  const show = watcher === undefined ? undefined : showing(watcher, trace);
  return (stored) => {
    ports.counters.accept(account, stored);
    ports.windows?.count(account);
    if (recorded) ports.decisions?.add(account, stored, gateway.policy);
    ports.counters.answers.add('204');
    show?.();
    return answer;
  };
}

/** A function of its own: what one closure of a function holds, all of them hold. */
function showing(watcher: Watcher, trace: Trace): () => void {
  return () => watcher(trace);
}

const RETRY_LATER: Readonly<Record<string, string>> = { 'retry-after': '5' };

const OVERLOADED: Problem = {
  status: 503,
  title: 'Too much at once',
  detail: 'More arrives than can be stored. Nothing of this request was kept; send it again after Retry-After seconds.',
};
const RETRY_SOON: Readonly<Record<string, string>> = { 'retry-after': '1' };

const UNAVAILABLE: Problem = {
  status: 503,
  title: 'Events cannot be stored now',
  detail: 'Nothing of this request was kept. Send it again after Retry-After seconds.',
};

function rowsOf(trace: Trace, policy: string): OutboxRow[] {
  const rows: OutboxRow[] = [];
  for (const event of trace.events) {
    for (const decision of event.routes) {
      if (decision.outcome === 'planned') rows.push(outboxRow(trace, event, decision, policy));
    }
  }
  return rows;
}

function refuse(
  ports: Ports,
  problem: Problem,
  headers: Readonly<Record<string, string>>,
  counted = String(problem.status),
): Answer {
  ports.counters.answers.add(counted);
  return problemAnswer(problem, headers);
}

function mediaProblem(hit: Hit, { types, fromPages }: Door): Problem | undefined {
  if (hit.method === 'GET') return undefined;
  const type = hit.headers['content-type'] ?? '';
  const end = type.indexOf(';');
  const media = (end === -1 ? type : type.slice(0, end)).trim().toLowerCase();
  if (!types.has(media)) return BAD_TYPE;
  return fromPages.has(media) && hit.headers['origin'] === undefined ? BEACON_TYPE : undefined;
}
