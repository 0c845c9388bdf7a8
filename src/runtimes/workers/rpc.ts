import type { Counts } from '../../ledger/counters.ts';
import type { Stored } from '../../delivery/outbox.ts';
import type { Flat } from '../../outbox/append-codec.ts';
import type { RunnerReport } from '../web/runner.ts';
import type { DeadLetter, Which } from '../../outbox/dead-letters.ts';

/*
 * The calls between the worker and the object of a site. While a new version is deployed, one of them may be newer than
 * the other for a while: with another version number a call is refused. Classes of errors are lost on the way, so every
 * answer is a value.
 */

/** The version of these calls; it grows with every change. */
export const RPC = 2;

export interface AppendCall {
  readonly rpc: number;
  /** One append (`flatten`). */
  readonly append: Flat;
}

/** What the worker has counted since it last told. */
export interface CountCall {
  readonly rpc: number;
  readonly counts: Counts;
}

export type CountAnswer = { readonly counted: true } | Refused;

/** Seconds after which trying again makes sense. */
export interface Refused {
  readonly refused: string;
  readonly retryAfter: number;
}

export type AppendAnswer = { readonly stored: readonly Stored[] } | Refused;

/** A call of an operator. */
export interface OperatorCall {
  readonly rpc: number;
  readonly action: 'list' | 'show' | 'retry' | 'purge';
  readonly which: Which;
}

export type OperatorAnswer =
  | { readonly report: SiteReport }
  | { readonly letters: readonly DeadLetter[] }
  | { readonly count: number }
  | Refused;

/** The report of the object of a site. */
export interface SiteReport extends RunnerReport {
  readonly stopped: Readonly<Record<string, string>>;
  /** Rows written since it started, which are billed; and calls of `append` since then. */
  readonly rowsWritten: number;
  readonly appends: number;
  /** What workers have told it. */
  readonly counts: Counts;
}

/** The object of a site, on the side of the worker. */
export interface OutboxStub {
  append(call: AppendCall): Promise<AppendAnswer>;
  count(call: CountCall): Promise<CountAnswer>;
  operate(call: OperatorCall): Promise<OperatorAnswer>;
}

/** The namespace of the objects. */
export interface OutboxNamespace {
  idFromName(name: string): unknown;
  get(id: unknown): OutboxStub;
  jurisdiction(name: string): OutboxNamespace;
}
