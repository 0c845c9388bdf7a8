import { judgeStatus, type PlannedRequest, type Reply, type Verdict } from '../../core/destination.ts';
import { reason, type CodeOf, type Reason } from '../../core/reason.ts';
import type { Route } from '../../policy/gateway.ts';
import { GATE_MASK } from '../../core/signals.ts';
import { EGRESS_CHECK, egressViolation, type EgressTable } from '../egress/index.ts';
import { accessTokens, fill, isFilled } from './fill.ts';
import { AddressRefused, Recalled, SecretProblem, Unsendable, type Wire } from './ports.ts';
import type { QueuedRow } from './row.ts';

/** The vendor does not take anything now. */
export type Retry = Verdict & { kind: 'retry' };

/** The vendor's reply, and what it means. Without a reply, `begun` tells whether something of the request was sent. */
export interface Judged {
  readonly verdict: Verdict;
  readonly reply: Reply | undefined;
  readonly begun: boolean;
}

/** How an attempt ended: a verdict, or a fault of our own. */
export type Attempted =
  | Judged
  | { readonly fault: Reason<CodeOf<'failed'>> }
  /** Nothing was sent, because one of the rows may not be sent any more. */
  | { readonly recalled: true };

/** What an attempt needs of a stored row. */
export type AttemptedRow = Pick<QueuedRow, 'element' | 'signals' | 'acceptedAt'> & Partial<Pick<QueuedRow, 'opened'>>;

/**
 * Opens what is sealed in the rows, makes one request of those with the same envelope, checks it against the egress rules,
 * puts secrets and signatures in, sends it and reads the answer.
 */
export async function attempt(
  route: Route,
  egress: EgressTable,
  envelope: string,
  rows: readonly AttemptedRow[],
  wire: Wire,
  may: () => boolean = always,
): Promise<Attempted> {
  let elements: readonly string[];
  try {
    // Asked before anything is opened, and again when the first byte is about to go.
    if (rows.some(({ opened }) => opened !== undefined) && !may()) return { recalled: true };
    elements = rows.map(({ element, opened }) => opened?.() ?? element);
  } catch {
    return { fault: reason('failed.sealed') };
  }
  let planned: PlannedRequest;
  try {
    planned = route.bound.request(envelope, elements);
  } catch {
    return { fault: reason('failed.request') };
  }
  const rule = violation(route, egress, rows, planned);
  if (rule !== undefined) return { fault: reason(EGRESS_CHECK, { rule }) };
  let reply: Reply;
  let begun = false;
  try {
    reply = await exchange(planned, route.bound.hosts, wire, () => (begun = may()));
  } catch (error) {
    if (error instanceof Recalled) return { recalled: true };
    if (error instanceof SecretProblem || error instanceof AddressRefused)
      return { verdict: { kind: 'stop', reason: error.reason }, reply: undefined, begun };
    if (error instanceof Unsendable) return { fault: reason('failed.unsendable', { why: error.message }) };
    const why = reason('vendor.unreachable', { error: codeOf(error) });
    return { verdict: { kind: 'retry', reason: why }, reply: undefined, begun };
  }
  return { verdict: judge(route, reply, rows.length, envelope), reply, begun };
}

const always = (): boolean => true;

/** If the check itself fails, the request counts as refused. */
function violation(
  route: Route,
  egress: EgressTable,
  rows: readonly AttemptedRow[],
  planned: PlannedRequest,
): string | undefined {
  try {
    const facts = rows.map(({ signals, acceptedAt }) => ({
      signals,
      acceptedAt,
      verdict: route.permits[signals & GATE_MASK]?.verdict ?? 'blocked',
    }));
    return egressViolation(egress, facts, planned);
  } catch {
    return 'the check itself failed';
  }
}

/** One request with its secrets. A 401 to a cached access token gets one fresh token (google-ads.md 2.7). */
export function exchange(
  planned: PlannedRequest,
  hosts: readonly string[],
  wire: Wire,
  may: () => boolean = always,
): Promise<Reply> {
  return isFilled(planned) ? wire.send(planned, hosts, may) : exchangeFilled(planned, hosts, wire, may);
}

async function exchangeFilled(
  planned: PlannedRequest,
  hosts: readonly string[],
  { send, secrets, now }: Wire,
  may: () => boolean,
): Promise<Reply> {
  const reply = await send(await fill(planned, secrets, now()), hosts, may);
  if (reply.status !== 401) return reply;
  const tokens = accessTokens(planned);
  if (tokens.length === 0) return reply;
  for (const token of tokens) secrets.forget(token);
  return send(await fill(planned, secrets, now()), hosts, may);
}

/** If a module throws on a reply, the events must not be sent again and again. */
function judge(route: Route, reply: Reply, count: number, envelope: string): Verdict {
  try {
    return route.bound.judge(reply, count, envelope);
  } catch {
    return judgeStatus(reply);
  }
}

/** The system's code of an error (`ECONNREFUSED`); never its message, which may quote the request. */
function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : 'failed';
}
