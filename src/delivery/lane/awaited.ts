import type { Later, LaterVerdict, PlannedRequest } from '../../core/destination.ts';
import { isFor } from '../../core/recipient.ts';
import { codesOnly, reason } from '../../core/reason.ts';
import type { Route } from '../../policy/gateway.ts';
import { EGRESS_CHECK, egressViolation, type EgressTable } from '../egress/index.ts';
import type { Awaiting, QueuedRecord } from '../store.ts';
import { exchange } from './attempt.ts';
import type { LaneContext } from './context.ts';
import type { RowEnds } from './row-ends.ts';
import { rowOf, type QueuedRow } from './row.ts';

/** Ends of the question itself, beside the vendor's answers. */
export const ASKING = ['unreadable', 'unknown', EGRESS_CHECK] as const;

/** How long to wait for a vendor that is not asked any more: until the next turn. */
const AT_ONCE = 0;
/** How long after something failed here it is tried again, milliseconds. */
const SOON_MS = 60_000;
/** Events read back at once. */
const PAGE = 256;
/** Timers take at most 31 bits of milliseconds. */
const LONGEST_TIMER_MS = 86_400_000;

const AGAIN = reason('vendor.again');

/** Events that went in one request, and the ticket by which the vendor is asked. Times are monotonic milliseconds. */
interface Taken {
  readonly ticket: string;
  /** The recipient that gave the ticket; only this one is asked. */
  readonly type: string;
  readonly again: boolean;
  readonly ids: Set<number>;
  due: number;
  readonly until: number;
}

/** Events that are to be sent once more. */
interface Parked {
  readonly ids: Set<number>;
  readonly due: number;
}

/** What the lane does with what comes back. */
interface Port {
  readonly route: () => Route | undefined;
  /** Takes an event that is to be sent once more; false = no room now. */
  readonly readmit: (record: QueuedRecord) => boolean;
}

/**
 * The events of one route that its vendor has taken, and that wait for its verdict or to be sent once more. Their text is
 * in the outbox and only their ids are here, so that a day of them takes little memory. One question is under way at a
 * time.
 */
export class Awaited {
  readonly #key: string;
  readonly #context: LaneContext;
  readonly #ends: RowEnds;
  readonly #port: Port;
  readonly #taken = new Map<string, Taken>();
  readonly #parked = new Set<Parked>();
  #asking = false;
  #stopped = false;
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(key: string, context: LaneContext, ends: RowEnds, port: Port) {
    this.#key = key;
    this.#context = context;
    this.#ends = ends;
    this.#port = port;
  }

  /** Events that wait here. */
  get size(): number {
    let size = 0;
    for (const { ids } of [...this.#taken.values(), ...this.#parked]) size += ids.size;
    return size;
  }

  /** The vendor has just taken these. */
  took(rows: readonly QueuedRow[], ticket: string): void {
    const at = this.#context.ports.now();
    for (const row of rows) {
      const awaiting = { ticket, at, again: row.record.awaiting?.again === true };
      if (this.#ends.hold(row, awaiting)) this.#await(row.record, awaiting);
    }
    this.#schedule();
  }

  /** Whether an event that was read waits here from now on: false = it is to be sent now. */
  found(record: QueuedRecord): boolean {
    const { awaiting } = record;
    if (awaiting === undefined) return false;
    const { ports } = this.#context;
    if (awaiting.ticket === '' && awaiting.at <= ports.now()) return false;
    if (awaiting.ticket === '') this.#park(new Set([record.id]), ports.tick() + awaiting.at - ports.now());
    else this.#await(record, awaiting);
    this.#schedule();
    return true;
  }

  /** These are off the disk because their visitor withdrew: nothing more is asked or sent for them. */
  drop(ids: ReadonlySet<number>): void {
    for (const waiting of [...this.#taken.values(), ...this.#parked]) {
      if (waiting.ids.size < ids.size) {
        for (const id of waiting.ids) if (ids.has(id)) waiting.ids.delete(id);
      } else for (const id of ids) waiting.ids.delete(id);
    }
    for (const [name, { ids: left }] of this.#taken) if (left.size === 0) this.#taken.delete(name);
    for (const parked of this.#parked) if (parked.ids.size === 0) this.#parked.delete(parked);
  }

  /** New settings: they may no longer allow asking the account that gave the ticket. */
  reload(): void {
    const tick = this.#context.ports.tick();
    for (const taken of this.#taken.values()) if (this.#laterOf(taken) === undefined) taken.due = tick + AT_ONCE;
    this.#schedule();
  }

  /** Asks and sends nothing any more. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #await({ id, type }: QueuedRecord, { ticket, at, again }: Awaiting): void {
    const name = `${again ? 'again' : 'first'} ${ticket}`;
    let taken = this.#taken.get(name);
    if (taken === undefined) {
      const { ports } = this.#context;
      const { everyMs = AT_ONCE, untilMs = AT_ONCE } = this.#port.route()?.bound.later ?? {};
      // A time in the future means that the clock was set back after the event was taken.
      const age = Math.max(0, ports.now() - at);
      const tick = ports.tick();
      taken = {
        ticket,
        type,
        again,
        ids: new Set(),
        due: tick + Math.max(0, everyMs - age),
        until: tick + untilMs - age,
      };
      this.#taken.set(name, taken);
    }
    taken.ids.add(id);
  }

  #park(ids: Set<number>, due: number): void {
    const same = [...this.#parked].find((parked) => parked.due === due);
    if (same === undefined) this.#parked.add({ ids, due });
    else for (const id of ids) same.ids.add(id);
  }

  #schedule(): void {
    if (this.#stopped || this.#asking) return;
    let at = Infinity;
    for (const { due, until } of this.#taken.values()) at = Math.min(at, due, until);
    for (const { due } of this.#parked) at = Math.min(at, due);
    if (at === this.#timer?.at) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (at === Infinity) return;
    const { ports } = this.#context;
    const cancel = ports.after(Math.min(LONGEST_TIMER_MS, Math.max(0, at - ports.tick())), () => {
      this.#timer = undefined;
      void this.#turn();
    });
    this.#timer = { at, cancel };
  }

  async #turn(): Promise<void> {
    const tick = this.#context.ports.tick();
    for (const parked of this.#parked) if (parked.due <= tick) this.#sendAgain(parked);
    const next = [...this.#taken.values()].find(({ due, until }) => Math.min(due, until) <= tick);
    if (next !== undefined) await this.#look(next, tick);
    this.#schedule();
  }

  async #look(taken: Taken, tick: number): Promise<void> {
    const later = this.#laterOf(taken);
    const route = this.#port.route();
    if (later === undefined || route === undefined) {
      this.#delivered(taken);
      return;
    }
    if (tick >= taken.until) {
      this.#count('unknown');
      this.#delivered(taken);
      return;
    }
    taken.due = tick + later.everyMs;
    const question = questionOf(later, this.#context.egress(), taken.ticket);
    if (question === undefined) {
      this.#count(EGRESS_CHECK);
      this.#delivered(taken);
      return;
    }
    this.#asking = true;
    const verdict = await this.#ask(question, route, later, taken);
    this.#asking = false;
    if (!this.#stopped && verdict !== undefined && taken.ids.size > 0) this.#told(taken, later, verdict);
  }

  /** Undefined = nothing is known yet, for any cause. */
  async #ask(question: PlannedRequest, route: Route, later: Later, { ids }: Taken): Promise<LaterVerdict | undefined> {
    try {
      const reply = await exchange(question, route.bound.hosts, this.#context.ports, () => ids.size > 0);
      return later.read(reply, ids.size);
    } catch {
      return undefined;
    }
  }

  #told(taken: Taken, later: Later, { counts, againAfterMs, rejected }: LaterVerdict): void {
    const again = againAfterMs !== undefined && !taken.again;
    if (!again && rejected === undefined) {
      this.#context.tally.followUp(counts);
      this.#delivered(taken);
      return;
    }
    const rows = this.#rows(taken.ids);
    if (rows === undefined) {
      // They cannot be read now; the vendor is asked again.
      taken.due = this.#context.ports.tick() + SOON_MS;
      return;
    }
    this.#context.tally.followUp(counts);
    this.#forget(taken);
    if (again) this.#parkThose(rows, later, againAfterMs);
    else if (rejected !== undefined) for (const row of rows) this.#ends.refuseLater(row, codesOnly(rejected));
  }

  /** Events that the vendor would recognise as repeats are sent once more, if there is time; the others count as delivered. */
  #parkThose(rows: readonly QueuedRow[], later: Later, afterMs: number): void {
    const { ports } = this.#context;
    const at = ports.now() + afterMs;
    const maxAge = this.#port.route()?.maxAge ?? 0;
    const mayGo = (row: QueuedRow): boolean =>
      row.formless === undefined &&
      at < Math.min(row.expiresAt, row.acceptedAt + maxAge) &&
      isRepeatable(later, row.element);
    const [again, not] = [rows.filter(mayGo), rows.filter((row) => !mayGo(row))];
    for (const { id } of again) ports.store.hold(this.#key, id, { ticket: '', at, again: true });
    if (again.length > 0) this.#park(new Set(again.map(({ id }) => id)), ports.tick() + afterMs);
    this.#ends.tell(again, 'retried', AGAIN);
    this.#ends.deliveredLater(
      not.map(({ id }) => id),
      not,
    );
  }

  #delivered(taken: Taken): void {
    this.#forget(taken);
    const watched = this.#context.ports.ended?.() !== undefined;
    this.#ends.deliveredLater([...taken.ids], watched ? (this.#rows(taken.ids) ?? []) : []);
  }

  #sendAgain(parked: Parked): void {
    this.#parked.delete(parked);
    const records = this.#records(parked.ids);
    const left = new Set(parked.ids);
    for (const record of records) {
      const awaiting = { ticket: '', at: 0, again: true };
      if (this.#port.readmit({ ...record, awaiting })) left.delete(record.id);
    }
    if (left.size > 0) this.#park(left, this.#context.ports.tick() + SOON_MS);
    this.#context.wake();
  }

  #forget(taken: Taken): void {
    for (const [name, one] of this.#taken) if (one === taken) this.#taken.delete(name);
  }

  /** How the vendor is asked about this ticket; undefined = the route does not go to it any more. */
  #laterOf({ type }: Taken): Later | undefined {
    const route = this.#port.route();
    return route !== undefined && isFor(type, route.bound.recipient) ? route.bound.later : undefined;
  }

  /** The events in the form that the settings in force make of them; undefined = they cannot all be read now. */
  #rows(ids: ReadonlySet<number>): readonly QueuedRow[] | undefined {
    const records = this.#records(ids);
    return records.length < ids.size ? undefined : records.map((record) => rowOf(record, this.#port.route()));
  }

  #records(ids: ReadonlySet<number>): readonly QueuedRecord[] {
    const found: QueuedRecord[] = [];
    const sorted = [...ids].sort((a, b) => a - b);
    const last = sorted.at(-1) ?? 0;
    for (let after = (sorted[0] ?? 1) - 1; after < last; ) {
      const { records, upTo } = this.#context.ports.store.read(this.#key, after, PAGE);
      found.push(...records.filter(({ id }) => ids.has(id)));
      if (upTo <= after) break;
      after = upTo;
    }
    return found;
  }

  #count(word: (typeof ASKING)[number]): void {
    this.#context.tally.followUp({ [word]: 1 });
  }
}

/** The question, if it may leave. */
function questionOf(later: Later, egress: EgressTable, ticket: string): PlannedRequest | undefined {
  try {
    const request = later.request(ticket);
    return egressViolation(egress, [], request) === undefined ? request : undefined;
  } catch {
    return undefined;
  }
}

function isRepeatable(later: Later, element: string): boolean {
  try {
    return later.repeatable(element);
  } catch {
    return false;
  }
}
