import { narrowBody } from '../../delivery/event-body.ts';
import { bump } from '../commit.ts';
import type { StoredRecord } from '../record.ts';
import { keyOf, type StoredRoute } from '../record.ts';

/** Bytes of a record in addition to its body, about. */
export const RECORD_BYTES = 400;

/** A waiting record, in the memory of this gateway. */
export class WaitingEntry {
  /** The key in the subject of its message. */
  readonly key: string;
  readonly lasting: boolean;
  /** The sequence of its first message. */
  readonly place: number;
  /** The sequence of the message that holds it. */
  seq: number;
  /** The bytes with which its body was counted. */
  counted = 0;
  #record: StoredRecord;
  /** The body has also what only routes may have that have ended. */
  #wide = false;

  constructor(
    { key, lasting, place, seq }: Pick<WaitingEntry, 'key' | 'lasting' | 'place' | 'seq'>,
    record: StoredRecord,
  ) {
    this.key = key;
    this.lasting = lasting;
    this.place = place;
    this.seq = seq;
    this.#record = record;
  }

  /** What does not change while it waits. */
  get fixed(): Pick<StoredRecord, 'id' | 'site' | 'subjects'> {
    return this.#record;
  }

  /** The routes for which it still waits. A route that has ended is removed here first, and later at the brokers. */
  get routes(): readonly StoredRoute[] {
    return this.#record.routes;
  }

  /**
   * With these routes, and the part of the event that they may have. It is made when it is asked for: usually all routes
   * of an event end before anybody asks.
   */
  get record(): StoredRecord {
    if (this.#wide) {
      this.#wide = false;
      this.#record = { ...this.#record, body: narrowBody(this.#record.body, this.routes) };
    }
    return this.#record;
  }

  set record(record: StoredRecord) {
    this.#record = record;
  }

  /** Removes routes. */
  take(taken: readonly StoredRoute[]): void {
    if (taken.length === 0) return;
    const routes = this.routes.filter((route) => !taken.includes(route));
    this.#wide = routes.length > 0;
    this.#record = { ...this.#record, routes };
  }
}

/** The waiting records of one part, with an index for each way in which they are looked up. */
export class WaitingRecords {
  readonly #byKey = new Map<string, WaitingEntry>();
  readonly #byId = new Map<number, WaitingEntry>();
  /** By subject; records without a subject are not in it. */
  readonly #bySubject = new Map<number, Set<WaitingEntry>>();
  /** The records of each route, by id. */
  readonly #byRoute = new Map<string, Map<number, WaitingEntry>>();
  #bytes = 0;
  /** By route: bytes of records that wait for this route alone. */
  readonly #alone = new Map<string, number>();

  get size(): number {
    return this.#byKey.size;
  }

  /** Characters of the bodies. */
  get bytes(): number {
    return this.#bytes;
  }

  /** By route: bytes of records that wait for this route alone. */
  get alone(): ReadonlyMap<string, number> {
    return this.#alone;
  }

  get routes(): Iterable<string> {
    return this.#byRoute.keys();
  }

  of(key: string): WaitingEntry | undefined {
    return this.#byKey.get(key);
  }

  get(id: number): WaitingEntry | undefined {
    return this.#byId.get(id);
  }

  add(entry: WaitingEntry): void {
    const { key, record } = entry;
    entry.counted = record.body.length;
    this.#byKey.set(key, entry);
    this.#byId.set(record.id, entry);
    this.#count(entry, 1);
    for (const subject of record.subjects) {
      const entries = this.#bySubject.get(subject);
      if (entries === undefined) this.#bySubject.set(subject, new Set([entry]));
      else entries.add(entry);
    }
    for (const route of record.routes) {
      const name = keyOf(record, route);
      const entries = this.#byRoute.get(name);
      if (entries === undefined) this.#byRoute.set(name, new Map([[record.id, entry]]));
      else entries.set(record.id, entry);
    }
  }

  /** Removes these routes from an entry. An entry without routes is removed as a whole. */
  take(entry: WaitingEntry, taken: readonly StoredRoute[]): void {
    const { id, subjects } = entry.fixed;
    for (const route of taken) this.#unqueue(keyOf(entry.fixed, route), id);
    this.#count(entry, -1);
    entry.take(taken);
    if (entry.routes.length > 0) {
      this.#count(entry, 1);
      return;
    }
    this.#byKey.delete(entry.key);
    this.#byId.delete(id);
    for (const subject of subjects) {
      const entries = this.#bySubject.get(subject);
      entries?.delete(entry);
      if (entries?.size === 0) this.#bySubject.delete(subject);
    }
  }

  /** Counts an entry again, after its body has become shorter. */
  recount(entry: WaitingEntry): void {
    if (this.#byKey.get(entry.key) !== entry) return;
    this.#count(entry, -1);
    entry.counted = entry.record.body.length;
    this.#count(entry, 1);
  }

  /** The entries of a subject, or of every subject of a site. */
  ofSubject(subject: number, everybodyOf: string | undefined): WaitingEntry[] {
    if (everybodyOf === undefined) return [...(this.#bySubject.get(subject) ?? [])];
    return [...this.#byKey.values()].filter(({ fixed }) => fixed.site === everybodyOf && fixed.subjects.length > 0);
  }

  /** Up to `limit` of a route with an id above `after`, by id. */
  after(route: string, after: number, limit: number): WaitingEntry[] {
    const found: WaitingEntry[] = [];
    for (const [id, entry] of this.#byRoute.get(route) ?? []) {
      if (id <= after) continue;
      found.push(entry);
      if (found.length === limit) break;
    }
    return found;
  }

  /** By route: how many entries wait, and when the first of them was accepted. */
  *queues(): Iterable<readonly [route: string, waiting: number, acceptedAt: number]> {
    for (const [route, entries] of this.#byRoute) {
      const [first] = entries.values();
      yield [route, entries.size, first?.record.acceptedAt ?? 0];
    }
  }

  #count(entry: WaitingEntry, sign: 1 | -1): void {
    this.#bytes += sign * entry.counted;
    const [only, another] = entry.routes;
    if (only === undefined || another !== undefined) return;
    bump(this.#alone, keyOf(entry.fixed, only), sign * (entry.counted + RECORD_BYTES));
  }

  #unqueue(route: string, id: number): void {
    const entries = this.#byRoute.get(route);
    entries?.delete(id);
    if (entries?.size === 0) this.#byRoute.delete(route);
  }
}
