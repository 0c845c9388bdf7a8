import { bump } from '../commit.ts';
import type { Statements } from './open-database.ts';
import { keyOf, type StoredRecord } from '../record.ts';

/** The first event that waits for a route, or the id from which to search for it. */
interface First {
  readonly id: number;
  readonly acceptedAt: number;
}

/** The routes of one outbox: their numbers, which marks use for them, and how many events wait for each. */
export class Routes {
  readonly #sql: Statements;
  readonly #numbers = new Map<string, number>();
  readonly #waiting = new Map<string, number>();
  readonly #dead = new Map<string, number>();
  /** No event before this one waits for the route. */
  readonly #first = new Map<string, First>();
  /** Routes numbered in the transaction under way. */
  #numbered: string[] = [];
  /** Values that the transaction under way may change, as they were before. */
  #before: Counts = { waiting: new Map(), dead: new Map(), first: new Map() };

  /** Reads the routes of the file; `found` counts the waiting events. */
  constructor(sql: Statements) {
    this.#sql = sql;
    for (const { n, key } of sql.allRoutes.all() as { n: number; key: string }[]) this.#numbers.set(key, n);
    this.countDead();
  }

  /** Events that wait, for each of their routes, and dead letters. */
  get pending(): number {
    let sum = 0;
    for (const n of this.#waiting.values()) sum += n;
    for (const n of this.#dead.values()) sum += n;
    return sum;
  }

  /** Routes with something in the queue. */
  get waiting(): Iterable<string> {
    return this.#waiting.keys();
  }

  get hasDead(): boolean {
    return this.#dead.size > 0;
  }

  /** How many events wait for the route. */
  waitingFor(route: string): number {
    return this.#waiting.get(route) ?? 0;
  }

  /** No event with a smaller id waits for the route. */
  firstId(route: string): number {
    return this.#first.get(route)?.id ?? 0;
  }

  /** Counts the dead letters again, because another process may have changed them. */
  countDead(): void {
    this.#dead.clear();
    for (const { route, n } of this.#sql.countDead.all() as { route: string; n: number }[]) this.#dead.set(route, n);
  }

  /** A record is in the queue. */
  added(record: StoredRecord): void {
    for (const route of record.routes) {
      const key = keyOf(record, route);
      const first = this.#first.get(key);
      if (!this.#waiting.has(key) || first === undefined || record.id < first.id)
        this.#first.set(key, { id: record.id, acceptedAt: record.acceptedAt });
      bump(this.#waiting, key, 1);
    }
  }

  /** An event does not wait for the route any more. */
  left(route: string): void {
    bump(this.#waiting, route, -1);
  }

  addDead(route: string, by: number): void {
    bump(this.#dead, route, by);
  }

  /** Counts the waiting events again. */
  forgetWaiting(): void {
    this.#waiting.clear();
    this.#first.clear();
  }

  /** This is the first event that waits for the route. */
  startsAt(route: string, { id, acceptedAt }: First): void {
    this.#first.set(route, { id, acceptedAt });
  }

  /** The route's number; a new number where it has none yet. */
  number(route: string): number {
    let number = this.#numbers.get(route);
    if (number === undefined) {
      number = Number(this.#sql.newRoute.run(route).lastInsertRowid);
      this.#numbers.set(route, number);
      this.#numbered.push(route);
    }
    return number;
  }

  /**
   * Events waiting, dead letters and age of the oldest event in milliseconds, by route; `now` in unix milliseconds.
   * @param findFirst gives the first that waits for a route
   */
  queues(
    now: number,
    findFirst: (route: string) => First,
  ): Record<string, { waiting: number; dead: number; oldestMs: number }> {
    const queues: Record<string, { waiting: number; dead: number; oldestMs: number }> = {};
    for (const route of new Set([...this.#waiting.keys(), ...this.#dead.keys()])) {
      const waiting = this.waitingFor(route);
      const dead = this.#dead.get(route) ?? 0;
      const first = waiting === 0 ? undefined : findFirst(route);
      queues[route] = { waiting, dead, oldestMs: first === undefined ? 0 : Math.max(0, now - first.acceptedAt) };
    }
    return queues;
  }

  /** A transaction begins. */
  begin(): void {
    this.#before = { waiting: new Map(this.#waiting), dead: new Map(this.#dead), first: new Map(this.#first) };
  }

  committed(): void {
    this.#numbered = [];
  }

  /** The changes of the transaction are undone. */
  rolledBack(): void {
    const { waiting, dead, first } = this.#before;
    restore(this.#waiting, waiting);
    restore(this.#dead, dead);
    restore(this.#first, first);
    for (const route of this.#numbered) this.#numbers.delete(route);
    this.#numbered = [];
  }
}

interface Counts {
  readonly waiting: ReadonlyMap<string, number>;
  readonly dead: ReadonlyMap<string, number>;
  readonly first: ReadonlyMap<string, First>;
}

function restore<V>(map: Map<string, V>, before: ReadonlyMap<string, V>): void {
  map.clear();
  for (const [key, value] of before) map.set(key, value);
}
