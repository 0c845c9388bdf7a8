import type { OutboxRecord, Stored, Withdrawal } from '../../delivery/outbox.ts';
import type { RunnerReport } from '../web/runner.ts';
import type { DeadLetter, Which } from '../../outbox/dead-letters.ts';

/*
 * What the worker and the object of a site say to each other. While a new version is put in force, one of them may be
 * newer than the other for a while: who does not know the number takes nothing. Classes of errors do not survive the
 * way, so that every answer is a value.
 */

/** Grows with every change of what is said here. */
export const RPC = 1;

export interface AppendCall {
  readonly rpc: number;
  readonly records: readonly OutboxRecord[];
  readonly withdrawals: readonly Withdrawal[];
}

/** Seconds after which trying again makes sense. */
export interface Refused {
  readonly refused: string;
  readonly retryAfter: number;
}

export type AppendAnswer = { readonly stored: readonly Stored[] } | Refused;

/** What an operator asks of the object. */
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

/** What the object of a site knows. */
export interface SiteReport extends RunnerReport {
  readonly stopped: Readonly<Record<string, string>>;
  /** Rows written since it woke, which is what is billed; and calls of `append` since then. */
  readonly rowsWritten: number;
  readonly appends: number;
}

/** The object of a site as the worker sees it. */
export interface OutboxStub {
  append(call: AppendCall): Promise<AppendAnswer>;
  operate(call: OperatorCall): Promise<OperatorAnswer>;
}

/** The namespace of the objects. */
export interface OutboxNamespace {
  idFromName(name: string): unknown;
  get(id: unknown): OutboxStub;
  jurisdiction(name: string): OutboxNamespace;
}
