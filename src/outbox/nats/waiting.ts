import { bump } from '../commit.ts';
import type { StoredRecord } from '../record.ts';
import { keyOf, narrowed, type StoredRoute } from '../record.ts';

/** A record takes about this much beside its body. */
export const RECORD_BYTES = 400;

/** A record that waits, as this gateway knows it. */
export interface WaitingEntry {
  /** What it is stored under. */
  readonly key: string;
  readonly lasting: boolean;
  /** The sequence under which it was stored first. */
  readonly place: number;
  /** With the routes it still waits for: what has ended is out of it before the brokers have that. */
  record: StoredRecord;
  /** Of the message that holds it. */
  seq: number;
}

/** The records of one part that wait, by all they are looked up by. */
export class WaitingRecords {
  readonly #byKey = new Map<string, WaitingEntry>();
  readonly #byId = new Map<number, WaitingEntry>();
  /** By subject; those of nobody are in none. */
  readonly #bySubject = new Map<number, Set<WaitingEntry>>();
  /** What waits for each route, by id. */
  readonly #byRoute = new Map<string, Map<number, WaitingEntry>>();
  #bytes = 0;
  /** By route: bytes of what waits for it and for no other. */
  readonly #alone = new Map<string, number>();

  get size(): number {
    return this.#byKey.size;
  }

  /** Characters of the bodies. */
  get bytes(): number {
    return this.#bytes;
  }

  /** By route: bytes that are taken for it alone. */
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
    this.#byKey.set(key, entry);
    this.#byId.set(record.id, entry);
    this.#bytes += record.body.length;
    this.#countAlone(record, 1);
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

  /** Leaves it the routes that are not among these; without any it goes. */
  take(entry: WaitingEntry, taken: readonly StoredRoute[]): void {
    const { record } = entry;
    const left = record.routes.filter((route) => !taken.includes(route));
    for (const route of taken) this.#unqueue(keyOf(record, route), record.id);
    this.#bytes -= record.body.length;
    this.#countAlone(record, -1);
    if (left.length > 0) {
      entry.record = narrowed(record, left);
      this.#bytes += entry.record.body.length;
      this.#countAlone(entry.record, 1);
      return;
    }
    entry.record = { ...record, routes: [] };
    this.#byKey.delete(entry.key);
    this.#byId.delete(record.id);
    for (const subject of record.subjects) {
      const entries = this.#bySubject.get(subject);
      entries?.delete(entry);
      if (entries?.size === 0) this.#bySubject.delete(subject);
    }
  }

  /** Those of a subject, or of anybody of a site. */
  ofSubject(subject: number, everybodyOf: string | undefined): WaitingEntry[] {
    if (everybodyOf === undefined) return [...(this.#bySubject.get(subject) ?? [])];
    return [...this.#byKey.values()].filter(({ record }) => record.site === everybodyOf && record.subjects.length > 0);
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

  /** By route: how many wait, and when the first of them was accepted. */
  *queues(): Iterable<readonly [route: string, waiting: number, acceptedAt: number]> {
    for (const [route, entries] of this.#byRoute) {
      const [first] = entries.values();
      yield [route, entries.size, first?.record.acceptedAt ?? 0];
    }
  }

  #countAlone(record: StoredRecord, sign: 1 | -1): void {
    const [only, another] = record.routes;
    if (only === undefined || another !== undefined) return;
    bump(this.#alone, keyOf(record, only), sign * (record.body.length + RECORD_BYTES));
  }

  #unqueue(route: string, id: number): void {
    const entries = this.#byRoute.get(route);
    entries?.delete(id);
    if (entries?.size === 0) this.#byRoute.delete(route);
  }
}
