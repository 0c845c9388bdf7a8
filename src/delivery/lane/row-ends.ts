import {
  codesOnly,
  outcomeOf,
  reason,
  type CodeOf,
  type DeadReason,
  type Reason,
  type ReasonCode,
  type VendorReason,
} from '../../core/reason.ts';
import type { Route } from '../../policy/gateway.ts';
import { refusal, type Refusal } from '../egress/allowed.ts';
import { markOf, saidOf, type EndedRow } from '../ends.ts';
import type { Awaiting, RowOutcome } from '../store.ts';
import type { Judged } from './attempt.ts';
import type { Batch } from './batch.ts';
import type { QueuedRow } from './row.ts';
import { neverAgain } from './rules.ts';
import type { LaneContext } from './context.ts';
import type { LaneLog } from './lane-log.ts';

const DELIVERED: ReasonCode = 'delivered.accepted';
const AWAITING: ReasonCode = 'vendor.awaiting';
const WITHDRAWN: ReasonCode = 'withdrawn.consent';

type Fault = Reason<CodeOf<'failed'>>;

/** Ends the rows of one route: each end is counted, shown in the preview, and written to the store. */
export class RowEnds {
  readonly #key: string;
  readonly #context: LaneContext;
  readonly #log: LaneLog;
  readonly #left: (row: QueuedRow) => void;
  /** Rows that were withdrawn while they were in flight. */
  readonly #withdrawn = new Set<number>();

  /** @param left called for each row that has ended */
  constructor(key: string, context: LaneContext, log: LaneLog, left: (row: QueuedRow) => void) {
    this.#key = key;
    this.#context = context;
    this.#log = log;
    this.#left = left;
  }

  /** Whether none of these rows in flight has been withdrawn. */
  maySend(rows: readonly QueuedRow[]): boolean {
    return this.#withdrawn.size === 0 || !rows.some(({ id }) => this.#withdrawn.has(id));
  }

  /** This row is withdrawn while it is in flight: it ends when it comes back. */
  withdrawInFlight(id: number): void {
    this.#withdrawn.add(id);
  }

  /** A row that waits is off the disk already. To be counted with `countWithdrawn`. */
  withdrawWaiting(row: QueuedRow): void {
    this.tell([row], 'withdrawn', WITHDRAWN);
    this.#left(row);
  }

  countWithdrawn(rows: number): void {
    this.#context.tally.count('withdrawn', WITHDRAWN, rows);
  }

  /** Rows of a batch that came back and may still be sent; the others end as withdrawn. */
  withoutWithdrawn(rows: readonly QueuedRow[]): readonly QueuedRow[] {
    if (this.#withdrawn.size === 0) return rows;
    return rows.filter((row) => {
      if (!this.#withdrawn.has(row.id)) return true;
      this.end(row, 'withdrawn', WITHDRAWN);
      return false;
    });
  }

  /** A failed batch without the rows that are sent once at most: these become dead letters. */
  repeatable(route: Route | undefined, batch: Batch, judged: Judged): Batch {
    const over = neverAgain(route, batch.rows, judged);
    if (over.length === 0) return batch;
    const { verdict, reply } = judged;
    const error = 'reason' in verdict ? verdict.reason.params['error'] : undefined;
    const why = reason('vendor.unanswered', { status: reply && String(reply.status), error });
    for (const row of over) this.bury(row, why);
    return { ...batch, rows: batch.rows.filter((row) => !over.includes(row)) };
  }

  /** Ends a row that may not be sent any more; false if it may. */
  endIfRefused(route: Route | undefined, row: QueuedRow, now: number): boolean {
    // The form was made with other settings: with these it may have one.
    const formless = row.route === route ? row.formless : undefined;
    const refused = refusal(this.#context.gateway(), route, row, now) ?? formless;
    if (refused === undefined) return false;
    if (isFault(refused)) this.fault(row, refused);
    else this.end(row, outcomeOf(refused), refused.code);
    return true;
  }

  /** The vendor has taken these rows. */
  delivered(rows: readonly QueuedRow[]): void {
    const { ports, tally } = this.#context;
    const now = ports.now();
    for (const row of rows) {
      tally.age.observe(now - row.acceptedAt);
      this.end(row, 'delivered', DELIVERED);
    }
  }

  /** The vendor has taken the row and says later what it made of it. False if it was withdrawn meanwhile. */
  hold(row: QueuedRow, awaiting: Awaiting): boolean {
    if (this.#withdrawn.has(row.id)) {
      this.end(row, 'withdrawn', WITHDRAWN);
      return false;
    }
    const { ports, tally } = this.#context;
    tally.age.observe(ports.now() - row.acceptedAt);
    this.tell([row], 'awaiting', AWAITING);
    ports.store.hold(this.#key, row.id, awaiting);
    this.#left(row);
    return true;
  }

  /**
   * Events that the vendor took earlier count as delivered.
   * @param rows those of them that the preview shows
   */
  deliveredLater(ids: readonly number[], rows: readonly QueuedRow[]): void {
    const { ports, tally } = this.#context;
    if (ids.length > 0) tally.count('delivered', DELIVERED, ids.length);
    this.tell(rows, 'delivered', DELIVERED);
    for (const id of ids) ports.store.settle(this.#key, id, 'delivered');
  }

  /** The vendor took the row earlier and now says that it did not use it: a dead letter, where these are kept. */
  refuseLater(row: QueuedRow, why: VendorReason): void {
    this.#setAside(row, why, 'rejected', () => {});
  }

  /** The vendor refused the row for good: a dead letter, where these are kept. */
  bury(row: QueuedRow, said: VendorReason): void {
    this.#setAside(row, codesOnly(said), 'rejected');
  }

  /** A fault of the gateway keeps the row from being sent: a dead letter, which a person retries after the repair. */
  fault(row: QueuedRow, why: Fault): void {
    if (this.#setAside(row, why, 'failed')) this.#log.fault(why, this.#keepsDead);
  }

  get #keepsDead(): boolean {
    return this.#context.gateway().delivery.deadLetters > 0;
  }

  /** A dead letter; `without`: its end where these are not kept. False if it was withdrawn meanwhile. */
  #setAside(row: QueuedRow, why: DeadReason, without: RowOutcome, left = this.#left): boolean {
    if (this.#withdrawn.has(row.id)) {
      this.end(row, 'withdrawn', WITHDRAWN);
      return false;
    }
    const outcome: RowOutcome = this.#keepsDead ? 'dead' : without;
    this.#context.tally.count(outcome, why.code);
    this.tell([row], outcome, why);
    if (outcome === 'dead') this.#context.ports.store.bury(this.#key, row.id, why);
    else this.#context.ports.store.settle(this.#key, row.id, outcome, row.record);
    left(row);
    return true;
  }

  end(row: QueuedRow, outcome: RowOutcome, reason: ReasonCode): void {
    this.#withdrawn.delete(row.id);
    this.#context.tally.count(outcome, reason);
    this.tell([row], outcome, reason);
    this.#context.ports.store.settle(this.#key, row.id, outcome, row.record);
    this.#left(row);
  }

  /** Only made while the preview is watched. */
  tell(rows: readonly QueuedRow[], state: EndedRow['state'], why: Reason | ReasonCode): void {
    const ended = this.#context.ports.ended?.();
    if (ended === undefined) return;
    const words = saidOf(typeof why === 'string' ? reason(why) : why);
    for (const { acceptedAt, element } of rows) ended({ mark: markOf(this.#key, acceptedAt, element), state, words });
  }
}

function isFault(why: Refusal | Fault): why is Fault {
  return outcomeOf(why) === 'failed';
}
