import type { Context } from 'hono';
import { OutboxUnavailable, type OutboxRow, type Stored } from '../delivery/outbox.ts';
import { outboxRow, withdrawalsOf } from '../delivery/rows.ts';
import { process, type Trace } from '../pipeline.ts';
import type { Hit, Problem } from '../sources/hit.ts';
import { corsOf, type Ports } from './app.ts';
import { ALWAYS, problemResponse } from './problem.ts';

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

/** Takes one hit: decides it, stores what may leave, and only then answers 204 (design 2). */
export async function collect(c: Context, ports: Ports, types: ReadonlySet<string>): Promise<Response> {
  const read = ports.toHit(c);
  const hit = read instanceof Promise ? await read : read;
  if ('status' in hit) return refuse(ports, hit, {});
  const gateway = ports.gateway();
  const site = gateway.siteOf.get(hit.host);
  const cors = site === undefined ? {} : corsOf(site, hit.headers['origin']);
  const media = mediaProblem(hit, types);
  if (media !== undefined) return refuse(ports, media, cors);
  const limited = ports.rateLimit.take(hit, gateway);
  if (limited !== undefined) return refuse(ports, limited.problem, { ...cors, 'retry-after': `${limited.retryAfter}` });
  const processed = process(hit, gateway);
  if ('problem' in processed) return refuse(ports, processed.problem, cors);
  const { trace } = processed;
  const rows = rowsOf(trace, gateway.policy);
  const withdrawals = withdrawalsOf(trace, ports.outbox.pending);
  let stored: readonly Stored[] = [];
  if (rows.length > 0 || withdrawals.length > 0) {
    try {
      stored = await ports.outbox.append(rows, withdrawals);
    } catch (error) {
      return refuse(ports, UNAVAILABLE, {
        ...cors,
        'retry-after': `${error instanceof OutboxUnavailable ? error.retryAfter : 5}`,
      });
    }
  }
  ports.counters.accept(trace, stored);
  ports.counters.answers.add('204');
  ports.watch?.(trace);
  return accepted(trace, cors);
}

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

function accepted(trace: Trace, cors: Readonly<Record<string, string>>): Response {
  const { setCookies } = trace;
  if (setCookies.length === 0) return new Response(null, { status: 204, headers: { ...ALWAYS, ...cors } });
  const headers = new Headers(ALWAYS);
  for (const [name, value] of Object.entries(cors)) headers.set(name, value);
  for (const cookie of setCookies) headers.append('set-cookie', cookie);
  return new Response(null, { status: 204, headers });
}

function refuse(ports: Ports, problem: Problem, headers: Readonly<Record<string, string>>): Response {
  ports.counters.answers.add(String(problem.status));
  return problemResponse(problem, headers);
}

function mediaProblem(hit: Hit, types: ReadonlySet<string>): Problem | undefined {
  if (hit.method === 'GET') return undefined;
  const type = hit.headers['content-type'] ?? '';
  const end = type.indexOf(';');
  const media = (end === -1 ? type : type.slice(0, end)).trim().toLowerCase();
  if (!types.has(media)) return BAD_TYPE;
  return media === 'text/plain' && hit.path === '/v1/events' && hit.headers['origin'] === undefined
    ? BEACON_TYPE
    : undefined;
}
