import { OutboxUnavailable, type OutboxRow, type Stored } from '../delivery/outbox.ts';
import { outboxRow, withdrawalsOf } from '../delivery/rows.ts';
import { decideHit } from '../decide/index.ts';
import { takenBack } from '../decide/taken-back.ts';
import type { Trace } from '../decide/trace.ts';
import type { Gateway } from '../policy/gateway.ts';
import type { Door } from '../protocols/doors.ts';
import { refusedCode, type Hit, type Problem, type Unread } from '../protocols/hit.ts';
import { accountOf } from './account.ts';
import { accepted, headersFor, problemAnswer, type Answer } from './answer.ts';
import type { Ports, Watcher } from './ports.ts';
import { FAILED } from './problem.ts';
import type { RefusedRequest } from './refusals.ts';

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
  read: Hit | Problem | Unread | Promise<Hit | Problem | Unread>,
  host: string,
  origin: string | undefined,
) => Answer | Promise<Answer>;

/** How the hits of one door are taken. Never throws, never rejects. */
export function collector(ports: Ports, door: Door): Collect {
  // Nothing of an error goes out or into a log: it may hold parts of the hit.
  const failed = (): Answer => {
    ports.counters.faults.add('http\tanswer');
    return refuse(ports, FAILED, RETRY_LATER, undefined, '500');
  };
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
      const answer = takeOne(read, ports, gateway, door, headers, { host, origin, path: door.paths[0] });
      return answer instanceof Promise ? answer.then(timed, () => timed(failed())) : timed(answer);
    } catch {
      return timed(failed());
    }
  };
  return (read, host, origin) => {
    const began = performance.now();
    return read instanceof Promise
      ? read.then((value) => take(value, host, origin, began), failed)
      : take(read, host, origin, began);
  };
}

type Headers = Answer['headers'];

function takeOne(
  read: Hit | Problem | Unread,
  ports: Ports,
  gateway: Gateway,
  door: Door,
  headers: Headers,
  asked: RefusedRequest,
): Answer | Promise<Answer> {
  // Asked when its turn has come, so that what arrived before it was too much counts as well.
  const overloaded = ports.overloaded();
  if ('status' in read) {
    const problem = overloaded ? OVERLOADED : read;
    const all = problem.status === 503 ? { ...headers, ...RETRY_SOON } : headers;
    return 'hit' in read
      ? refuseHit(read.hit, ports, gateway, all, problem, asked)
      : refuse(ports, problem, all, asked);
  }
  const media = overloaded ? undefined : mediaProblem(read, door);
  if (media !== undefined) return refuseHit(read, ports, gateway, headers, media);
  const unwanted = overloaded ? SHED : ports.rateLimit.take(read, gateway);
  return unwanted === undefined
    ? collect(read, ports, gateway, headers)
    : withdrawOnly(read, ports, gateway, headers, unwanted);
}

function collect(hit: Hit, ports: Ports, gateway: Gateway, headers: Headers): Answer | Promise<Answer> {
  const processed = decideHit(hit, gateway, ports.windows?.at(gateway, hit.at), 'all', ports.withdrawnSince);
  if ('problem' in processed) {
    const answer = refuseHit(hit, ports, gateway, headers, processed.problem);
    const late = isWrongKey(hit, processed.problem) ? ports.rateLimit.failed(hit, gateway) : undefined;
    return late === undefined ? answer : after(late, answer);
  }
  const { trace } = processed;
  const rows = rowsOf(trace, gateway.policy);
  const withdrawals = withdrawalsOf(trace, ports.outbox);
  const done = accepting(trace, gateway, ports, headers);
  if (trace.unknownStream) ports.refusals?.add(askedOf(hit), UNKNOWN_ID, gateway);
  ports.unlisted?.look(trace);
  if (rows.length === 0 && withdrawals.length === 0) return done(NOTHING_STORED);
  // What is taken back is taken back also where the events could not be stored, in the browser too.
  const expired = trace.withdrawn.length === 0 ? undefined : trace.setCookies;
  // What waits for the disk must not hold the hit.
  const asked = { host: hit.host, origin: undefined, path: hit.path };
  return ports.outbox.append(rows, withdrawals).then(done, (error: unknown) => {
    const retryAfter = error instanceof OutboxUnavailable ? error.retryAfter : 5;
    return refuse(ports, UNAVAILABLE, { ...headers, 'retry-after': `${retryAfter}` }, asked, '503', expired);
  });
}

/** Somebody may be guessing; who sends none at all is not. */
function isWrongKey({ headers }: Hit, problem: Problem): boolean {
  return problem.code === 'refused.key' && headers['authorization'] !== undefined;
}

/** A function of its own: what waits must hold the answer and nothing of the hit. */
function after(late: Promise<unknown>, answer: Answer | Promise<Answer>): Promise<Answer> {
  return late.then(() => answer);
}

/**
 * Refuses a request whose cookies may take something back: that is carried out, and they expire, whatever is wrong with
 * the rest of it.
 */
function refuseHit(
  hit: Hit,
  ports: Ports,
  gateway: Gateway,
  headers: Headers,
  problem: Problem,
  asked: RefusedRequest = askedOf(hit),
): Answer | Promise<Answer> {
  const trace = takenBack(hit, gateway);
  if (trace === undefined) return refuse(ports, problem, headers, asked);
  const answer = refuse(ports, problem, headers, asked, String(problem.status), trace.setCookies);
  const withdrawals = withdrawalsOf(trace, ports.outbox);
  return withdrawals.length === 0 ? answer : after(ports.outbox.append([], withdrawals), answer);
}

function askedOf(hit: Hit): RefusedRequest {
  return { host: hit.host, origin: hit.headers['origin'], path: hit.path, hit };
}

/** Why a hit is not taken, and after how many seconds one may be. */
interface Unwanted {
  readonly problem: Problem;
  readonly retryAfter: number;
}

/**
 * A hit that is one too many is looked at for a withdrawal only, which depends on no room and no load: that is carried
 * out, and where there is nothing else in the hit, it is answered as ever.
 */
function withdrawOnly(
  hit: Hit,
  ports: Ports,
  gateway: Gateway,
  headers: Headers,
  { problem, retryAfter }: Unwanted,
): Answer | Promise<Answer> {
  const refused = (cookies?: readonly string[]): Answer =>
    refuse(
      ports,
      problem,
      { ...headers, 'retry-after': `${retryAfter}` },
      askedOf(hit),
      String(problem.status),
      cookies,
    );
  if (!mayWithdraw(hit)) return refused();
  const processed = decideHit(hit, gateway, ports.windows?.at(gateway, hit.at), 'withdrawals');
  // What is one too many and cannot be read besides is looked at as what cannot be read is.
  if ('problem' in processed)
    return refuseHit(hit, ports, gateway, { ...headers, 'retry-after': `${retryAfter}` }, problem);
  if (processed.trace.withdrawn.length === 0) return refused();
  // Decided as a whole only now: who withdraws, and wants nothing stored, is answered in full.
  const whole = decideHit(hit, gateway, ports.windows?.at(gateway, hit.at));
  if ('problem' in whole) return refused();
  const { trace } = whole;
  const withdrawals = withdrawalsOf(trace, ports.outbox);
  const done = trace.events.some(({ routes }) => routes.some(({ outcome }) => outcome === 'planned'))
    ? () => refused(trace.setCookies)
    : accepting(trace, gateway, ports, headers);
  return withdrawals.length === 0 ? done(NOTHING_STORED) : ports.outbox.append([], withdrawals).then(done);
}

/** A browser with cookies, or a back end, which brings its visitors'. */
function mayWithdraw({ headers }: Hit): boolean {
  return headers['cookie'] !== undefined || headers['authorization'] !== undefined;
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
  code: 'refused.overloaded',
  detail: 'More arrives than can be stored. Nothing of this request was kept; send it again after Retry-After seconds.',
};
const RETRY_SOON: Readonly<Record<string, string>> = { 'retry-after': '1' };
const SHED: Unwanted = { problem: OVERLOADED, retryAfter: 1 };

/** Answered 204, because the tag cannot mend it; a person can. */
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
  asked: RefusedRequest | undefined,
  counted = String(problem.status),
  cookies?: readonly string[],
): Answer {
  ports.counters.answers.add(counted);
  if (asked === undefined) ports.refusals?.count('', refusedCode(problem));
  else ports.refusals?.add(asked, problem, ports.gateway());
  const answer = problemAnswer(problem, headers);
  return cookies === undefined ? answer : { ...answer, cookies };
}

function mediaProblem(hit: Hit, { types, fromPages }: Door): Problem | undefined {
  if (hit.method === 'GET') return undefined;
  const type = hit.headers['content-type'] ?? '';
  const end = type.indexOf(';');
  const media = (end === -1 ? type : type.slice(0, end)).trim().toLowerCase();
  if (!types.has(media)) return BAD_TYPE;
  return fromPages.has(media) && hit.headers['origin'] === undefined ? BEACON_TYPE : undefined;
}
