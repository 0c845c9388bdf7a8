import { bump } from './commit.ts';
import type { Statements } from './open-database.ts';
import { ROUTE_SPAN } from './outbox-schema.ts';
import type { StoredRow } from './stored-row.ts';

/** The routes of one outbox: their numbers, the ids of their rows, and how many rows each has. */
export class Routes {
  readonly #sql: Statements;
  /** Route -> its number, whose rows have ids from `number * ROUTE_SPAN`. */
  readonly #numbers = new Map<string, number>();
  /** Route -> last id given out. */
  readonly #lastId = new Map<string, number>();
  readonly #waiting = new Map<string, number>();
  readonly #dead = new Map<string, number>();
  /** Routes numbered in the transaction under way. */
  #numbered: string[] = [];
  /** Counts before the transaction under way. */
  #before: readonly [waiting: ReadonlyMap<string, number>, dead: ReadonlyMap<string, number>] = [new Map(), new Map()];

  /** Reads what is in the file. */
  constructor(sql: Statements) {
    this.#sql = sql;
    for (const { n, key, indexed } of sql.allRoutes.all() as { n: number; key: string; indexed: number }[]) {
      this.#numbers.set(key, n);
      const span = [n * ROUTE_SPAN, (n + 1) * ROUTE_SPAN] as const;
      const { last } = sql.lastId.get(...span, ...span) as { last: number | null };
      // Rows up to `indexed` count as being in the index of subjects: a new one must not have such an id.
      this.#lastId.set(key, Math.max(last ?? 0, indexed, n * ROUTE_SPAN));
      const { waiting } = sql.countRows.get(...span) as { waiting: number };
      if (waiting > 0) this.#waiting.set(key, waiting);
    }
    this.countDead();
  }

  /** Rows and dead letters that wait. */
  get pending(): number {
    let sum = 0;
    for (const n of this.#waiting.values()) sum += n;
    for (const n of this.#dead.values()) sum += n;
    return sum;
  }

  /** Routes with rows in the queue. */
  get waiting(): Iterable<string> {
    return this.#waiting.keys();
  }

  get hasDead(): boolean {
    return this.#dead.size > 0;
  }

  /** Counts the dead letters anew: another process may have changed them. */
  countDead(): void {
    this.#dead.clear();
    for (const { route, n } of this.#sql.countDead.all() as { route: string; n: number }[]) this.#dead.set(route, n);
  }

  addWaiting(route: string, by: number): void {
    bump(this.#waiting, route, by);
  }

  addDead(route: string, by: number): void {
    bump(this.#dead, route, by);
  }

  /** The route's number, if it ever had a row. */
  find(route: string): number | undefined {
    return this.#numbers.get(route);
  }

  /** The route's number; a new one where it has none yet. */
  number(route: string): number {
    let number = this.#numbers.get(route);
    if (number === undefined) {
      number = Number(this.#sql.newRoute.run(route).lastInsertRowid);
      this.#numbers.set(route, number);
      this.#numbered.push(route);
    }
    return number;
  }

  nextId(route: string): number {
    const id = (this.#lastId.get(route) ?? this.number(route) * ROUTE_SPAN) + 1;
    this.#lastId.set(route, id);
    return id;
  }

  /** No later row of the route gets this id, or a smaller one. */
  claimId({ route, id }: StoredRow): void {
    const last = this.#lastId.get(route) ?? this.number(route) * ROUTE_SPAN;
    this.#lastId.set(route, Math.max(last, id));
  }

  /** A rescued row keeps its id if its route has the same number here as where it comes from. */
  inPlace(row: StoredRow): StoredRow {
    const number = this.number(row.route);
    if (Math.floor(row.id / ROUTE_SPAN) === number) return row;
    return { ...row, id: number * ROUTE_SPAN + (row.id % ROUTE_SPAN) };
  }

  /** Rows waiting, dead letters and age of the oldest row in milliseconds, by route; `now` in unix milliseconds. */
  queues(now: number): Record<string, { waiting: number; dead: number; oldestMs: number }> {
    const queues: Record<string, { waiting: number; dead: number; oldestMs: number }> = {};
    for (const [route, number] of this.#numbers) {
      const waiting = this.#waiting.get(route) ?? 0;
      const dead = this.#dead.get(route) ?? 0;
      if (waiting === 0 && dead === 0) continue;
      const first = number * ROUTE_SPAN;
      const oldest = this.#sql.oldest.get(first, first + ROUTE_SPAN) as { accepted: number } | undefined;
      queues[route] = { waiting, dead, oldestMs: oldest === undefined ? 0 : Math.max(0, now - oldest.accepted) };
    }
    return queues;
  }

  /** A transaction begins. */
  begin(): void {
    this.#before = [new Map(this.#waiting), new Map(this.#dead)];
  }

  committed(): void {
    this.#numbered = [];
  }

  /** What the transaction did is undone. */
  rolledBack(): void {
    const [waiting, dead] = this.#before;
    restore(this.#waiting, waiting);
    restore(this.#dead, dead);
    for (const route of this.#numbered) {
      this.#numbers.delete(route);
      this.#lastId.delete(route);
    }
    this.#numbered = [];
  }
}

function restore(counts: Map<string, number>, before: ReadonlyMap<string, number>): void {
  counts.clear();
  for (const [key, n] of before) counts.set(key, n);
}
