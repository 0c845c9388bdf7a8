import { OutboxUnavailable, type Stored } from '../delivery/outbox.ts';
import { inTraceOrder, recordsOf, withdrawalsToStore } from '../delivery/records.ts';
import { decideHit, decideWithdrawals } from '../decide/index.ts';
import { takenBack } from '../decide/taken-back.ts';
import type { Trace } from '../decide/trace.ts';
import type { Gateway } from '../policy/gateway.ts';
import { mediaProblem, type WayIn } from '../protocols/doors.ts';
import { refusedCode, type Hit, type Problem, type HitRemark, type Unread } from '../protocols/hit.ts';
import { accountOf } from '../ledger/account.ts';
import { headersFor, problemAnswer, replyAnswer, type Answer } from './answer.ts';
import { mostBytesOf, type MostBytes } from './body-limit.ts';
import type { Ports, Watcher } from './ports.ts';
import { FAILED } from './problem.ts';
import type { RefusedRequest } from './refusals.ts';

/**
 * Takes one hit: decides it, stores what may leave, and only then answers (design 2). `host` and `origin` are the
 * request's, for what a page may read of the answer where there is no hit.
 */
export interface Collect {
  (
    read: Hit | Problem | Unread | Promise<Hit | Problem | Unread>,
    host: string,
    origin: string | undefined,
  ): Answer | Promise<Answer>;
  /** How long a body may be, by what comes before it. */
  readonly mostBytes: MostBytes;
}

/** Makes the function that takes the hits of one door. That function never throws and never rejects. */
export function collector(ports: Ports, way: WayIn): Collect {
  // The error is neither answered nor logged: its text may hold parts of the hit.
  const failed = (): Answer => {
    ports.counters.faults.add('http\tanswer');
    ports.counters.answers.add('500');
    ports.refusals?.count('', refusedCode(FAILED));
    return problemAnswer(FAILED, { 'retry-after': '5' });
  };
  const path = way.door.paths[0];
  const take = (
    read: Hit | Problem | Unread,
    host: string,
    origin: string | undefined,
    began: number,
  ): Answer | Promise<Answer> => {
    const timed = (answer: Answer): Answer => {
      ports.counters.answerTime.observe(performance.now() - began);
      return answer;
    };
    try {
      const gateway = ports.gateway();
      const headers = headersFor(gateway.siteOf.get(host), origin);
      const answer = takeOne(read, { ports, way, gateway, headers, request: { host, origin, path } });
      return answer instanceof Promise ? answer.then(timed, () => timed(failed())) : timed(answer);
    } catch {
      return timed(failed());
    }
  };
  const collect = (
    read: Hit | Problem | Unread | Promise<Hit | Problem | Unread>,
    host: string,
    origin: string | undefined,
  ): Answer | Promise<Answer> => {
    const began = performance.now();
    return read instanceof Promise
      ? read.then((value) => take(value, host, origin, began), failed)
      : take(read, host, origin, began);
  };
  return Object.assign(collect, { mostBytes: mostBytesOf(way, ports) });
}

/** A request on its way to its answer. It is held in memory while the disk is waited for, so it has nothing of the hit. */
interface Asked {
  readonly ports: Ports;
  readonly way: WayIn;
  readonly gateway: Gateway;
  readonly headers: Answer['headers'];
  readonly request: RefusedRequest;
}

function takeOne(read: Hit | Problem | Unread, of: Asked): Answer | Promise<Answer> {
  // Asked when its turn has come, so that what arrived before it was too much counts as well.
  const overloaded = of.ports.overloaded();
  if ('status' in read) {
    const problem = overloaded ? OVERLOADED : read;
    const more = problem.status === 503 ? { retryAfter: SOON } : {};
    return 'hit' in read ? refuseHit(read.hit, of, problem, more) : refuse(of, problem, more);
  }
  const media = overloaded ? undefined : mediaProblem(read, of.way);
  if (media !== undefined) return refuseHit(read, of, media, { hit: read });
  const unwanted = overloaded ? SHED : of.ports.rateLimit.take(read, of.gateway);
  return unwanted === undefined ? collect(read, of) : withdrawOnly(read, of, unwanted);
}

function collect(hit: Hit, of: Asked): Answer | Promise<Answer> {
  const { ports, way, gateway } = of;
  const windows = ports.windows?.at(gateway, hit.at);
  const processed = decideHit(hit, way.protocol, gateway, windows, ports.withdrawnSince);
  if ('problem' in processed) {
    const { problem } = processed;
    const answer = refuseHit(hit, of, problem, { hit });
    const late = problem.guessed === true ? ports.rateLimit.failed(hit, gateway) : undefined;
    return late === undefined ? answer : after(late, answer);
  }
  const { trace } = processed;
  if (way.door.does === 'validate') return validated(trace, processed.remarks, of);
  const { name, privacy } = trace.site;
  if (privacy.replacedIds !== undefined && windows?.has(name) === false)
    return refuseHit(hit, of, UNAVAILABLE, { retryAfter: SOON });
  const stores = recordsOf(trace, gateway.policy);
  const withdrawals = withdrawalsToStore(trace, ports.outbox);
  const done = accepting(trace, of);
  if (trace.unknownStream) ports.refusals?.add(shown(of, hit), UNKNOWN_ID, gateway);
  ports.unlisted?.look(trace);
  if (stores.records.length === 0 && withdrawals.length === 0) return done(NOTHING_STORED);
  // A withdrawal counts even if the events could not be stored: the browser's cookies expire, too.
  const cookies = trace.withdrawn.length === 0 ? undefined : trace.setCookies;
  const { records, ...order } = stores;
  const stored = ports.outbox.append(records, withdrawals);
  return stored.then(
    (answers) => done(inTraceOrder(answers, order)),
    (error: unknown) => {
      const retryAfter = error instanceof OutboxUnavailable ? error.retryAfter : 5;
      return refuse(of, UNAVAILABLE, { retryAfter, cookies });
    },
  );
}

/** A function of its own, so that its closure holds the answer and nothing of the hit while it waits. */
function after(late: Promise<unknown>, answer: Answer | Promise<Answer>): Promise<Answer> {
  return late.then(() => answer);
}

/**
 * Refuses a request whose cookies may withdraw consent. The withdrawal is carried out and the cookies expire, whatever is
 * wrong with the rest of the request.
 */
function refuseHit(hit: Hit, of: Asked, problem: Problem, more: More): Answer | Promise<Answer> {
  const { ports, way, gateway } = of;
  const trace = way.door.does === 'store' ? takenBack(hit, way.protocol, gateway) : undefined;
  if (trace === undefined) return refuse(of, problem, more);
  const answer = refuse(of, problem, { ...more, cookies: trace.setCookies });
  const withdrawals = withdrawalsToStore(trace, ports.outbox);
  if (withdrawals.length === 0) return answer;
  // It is held where it could not be stored, and the answer is no 2xx as it is.
  return after(
    ports.outbox.append([], withdrawals).catch(() => NOTHING_STORED),
    answer,
  );
}

/** The answer to a hit that is only validated: what would have become of it. */
function validated(
  { events, unknownStream }: Trace,
  remarks: readonly HitRemark[] | undefined,
  { ports, way, headers }: Asked,
): Answer {
  const mistakes =
    remarks ?? events.flatMap(({ invalid }) => (invalid === undefined ? [] : [{ at: '', code: '', says: invalid }]));
  const usable = events.find(({ invalid }) => invalid === undefined);
  const routes = (usable?.routes ?? []).map(({ route: { name }, permit: { verdict }, reason }) => {
    return { route: name, verdict, reason: reason?.code };
  });
  const reply = way.protocol.answer({ kind: 'validated', mistakes, unknownStream, routes }, way.door);
  ports.counters.answers.add(String(reply.status));
  return replyAnswer(reply, headers);
}

/** Why a hit is not taken, and after how many seconds it may be sent again. */
interface Unwanted {
  readonly problem: Problem;
  readonly retryAfter: number;
}

/**
 * Of a hit over the limit only the withdrawal is carried out, because a withdrawal must not depend on load. If there is
 * nothing else in the hit, it gets its usual answer.
 */
function withdrawOnly(hit: Hit, of: Asked, { problem, retryAfter }: Unwanted): Answer | Promise<Answer> {
  const { ports, way, gateway } = of;
  const refused = (cookies?: readonly string[]): Answer => refuse(of, problem, { hit, retryAfter, cookies });
  if (!mayWithdraw(hit, way)) return refused();
  const windows = ports.windows?.at(gateway, hit.at);
  const processed = decideWithdrawals(hit, way.protocol, gateway, windows);
  // A hit over the limit that also cannot be read is treated as one that cannot be read.
  if ('problem' in processed) return refuseHit(hit, of, problem, { hit, retryAfter });
  if (processed.trace.withdrawn.length === 0) return refused();
  // The whole hit is decided only here: a hit that only withdraws has nothing to store and gets a full answer.
  const whole = decideHit(hit, way.protocol, gateway, windows);
  if ('problem' in whole) return refused();
  const { trace } = whole;
  const withdrawals = withdrawalsToStore(trace, ports.outbox);
  const done = trace.events.some(({ routes }) => routes.some(({ outcome }) => outcome === 'planned'))
    ? () => refused(trace.setCookies)
    : accepting(trace, of);
  if (withdrawals.length === 0) return done(NOTHING_STORED);
  return ports.outbox.append([], withdrawals).then(done, () => refused(trace.setCookies));
}

/** Whether it comes from a browser with cookies, or from a back end, which states its visitors' consent. */
function mayWithdraw({ headers }: Hit, { protocol, door }: WayIn): boolean {
  if (door.does !== 'store') return false;
  return headers['cookie'] !== undefined || (protocol.backends !== undefined && headers['origin'] === undefined);
}

const NOTHING_STORED: readonly Stored[] = [];

/** Makes what runs when a hit is stored. It is held in memory until then, so it must not hold the trace. */
function accepting(trace: Trace, { ports, way, gateway, headers }: Asked): (stored: readonly Stored[]) => Answer {
  const recorded = gateway.delivery.decisions > 0 && ports.decisions !== undefined;
  const account = accountOf(trace, recorded);
  const answer = replyAnswer(way.protocol.answer(ACCEPTED, way.door), headers, trace.setCookies);
  const watcher = ports.watcher();
  const show = watcher === undefined ? undefined : showing(watcher, trace);
  return (stored) => {
    ports.counters.accept(account, stored);
    ports.windows?.count(account);
    if (recorded) ports.decisions?.add(account, stored, gateway.policy);
    ports.counters.answers.add(String(answer.status));
    show?.();
    return answer;
  };
}

const ACCEPTED = { kind: 'accepted' } as const;

/** A function of its own, because all closures of one function hold what any of them holds. */
function showing(watcher: Watcher, trace: Trace): () => void {
  return () => watcher(trace);
}

/** Seconds. */
const SOON = 1;

const OVERLOADED: Problem = {
  status: 503,
  title: 'The gateway is overloaded',
  code: 'refused.overloaded',
  detail:
    'More events arrive than can be stored. Nothing of this request was kept; send it again after Retry-After seconds.',
};
const SHED: Unwanted = { problem: OVERLOADED, retryAfter: SOON };

/** Answered with 204, because only a person can correct it, not the tag. */
const UNKNOWN_ID: Problem = {
  status: 204,
  title: 'Unknown measurement id',
  detail: 'No route of the site has this measurement id, so its events go nowhere.',
  code: 'refused.measurement_id',
};

const UNAVAILABLE: Problem = {
  status: 503,
  title: 'Events cannot be stored now',
  detail: 'Nothing of this request was kept. Send it again after Retry-After seconds.',
};

interface More {
  /** Undefined if the request was refused before it was read. */
  readonly hit?: Hit;
  /** Seconds. */
  readonly retryAfter?: number;
  readonly cookies?: readonly string[] | undefined;
}

/** Counts a refusal and says it as the protocol does. */
function refuse(of: Asked, problem: Problem, { hit, retryAfter, cookies }: More): Answer {
  const { ports, way, headers } = of;
  const reply = way.protocol.answer({ kind: 'refused', problem }, way.door);
  ports.counters.answers.add(String(reply.status));
  ports.refusals?.add(hit === undefined ? of.request : shown(of, hit), problem, ports.gateway());
  const all = retryAfter === undefined ? headers : { ...headers, 'retry-after': String(retryAfter) };
  return replyAnswer(reply, all, cookies);
}

function shown({ request }: Asked, hit: Hit): RefusedRequest {
  return { ...request, path: hit.path, hit };
}
