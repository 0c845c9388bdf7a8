import type { Statements } from './open-database.ts';
import { SITE_SPAN } from './outbox-schema.ts';

/** The sites of one outbox: their numbers, and the ids of their records. */
export class Sites {
  readonly #sql: Statements;
  /** Site -> its number, whose records have ids from `number * SITE_SPAN`. */
  readonly #numbers = new Map<string, number>();
  /** Site -> last id that was given to a record. */
  readonly #lastId = new Map<string, number>();
  /** Site -> the id up to which the index of subjects was complete when the file was opened. */
  readonly #indexed = new Map<number, number>();
  /** Sites numbered in the transaction under way. */
  #numbered: string[] = [];

  /** Reads what is in the file. */
  constructor(sql: Statements) {
    this.#sql = sql;
    for (const { n, name, indexed } of sql.allSites.all() as { n: number; name: string; indexed: number }[]) {
      this.#numbers.set(name, n);
      this.#indexed.set(n, indexed);
      const { last } = sql.lastId.get(...span(n), ...span(n)) as { last: number | null };
      // Records up to `indexed` count as indexed, so a new record must not have such an id.
      this.#lastId.set(name, Math.max(last ?? 0, indexed, n * SITE_SPAN));
    }
  }

  /** The first and last id of the site's records; undefined if it never had one. */
  spanOf(site: string): readonly [after: number, before: number] | undefined {
    const number = this.#numbers.get(site);
    return number === undefined ? undefined : span(number);
  }

  /** Whether the index of subjects had this id when the file was opened. */
  isIndexed(id: number): boolean {
    return id <= (this.#indexed.get(Math.floor(id / SITE_SPAN)) ?? 0);
  }

  nextId(site: string): number {
    const id = (this.#lastId.get(site) ?? this.#number(site) * SITE_SPAN) + 1;
    this.#lastId.set(site, id);
    return id;
  }

  /**
   * Uses no id that these have used for the same file. The last of these records may be deleted, and the lanes have
   * read up to its id: they would never read a new record with such an id.
   */
  goOnAfter(before: Sites): void {
    for (const [site, id] of before.#lastId) {
      const known = this.#lastId.get(site);
      if (known !== undefined && this.#numbers.get(site) === Math.floor(id / SITE_SPAN))
        this.#lastId.set(site, Math.max(known, id));
    }
  }

  /** The id of a rescued record: its own, if its site has the same number in both files. */
  idInPlace(site: string, id: number): number {
    if (id < 0) return this.nextId(site);
    const number = this.#number(site);
    const own = number * SITE_SPAN + (id % SITE_SPAN);
    this.#lastId.set(site, Math.max(this.#lastId.get(site) ?? 0, own));
    return own;
  }

  committed(): void {
    this.#numbered = [];
  }

  /** The changes of the transaction are undone. */
  rolledBack(): void {
    for (const site of this.#numbered) {
      this.#numbers.delete(site);
      this.#lastId.delete(site);
    }
    this.#numbered = [];
  }

  /** The site's number; a new number where it has none yet. */
  #number(site: string): number {
    let number = this.#numbers.get(site);
    if (number === undefined) {
      number = Number(this.#sql.newSite.run(site).lastInsertRowid);
      this.#numbers.set(site, number);
      this.#numbered.push(site);
    }
    return number;
  }
}

function span(number: number): readonly [number, number] {
  return [number * SITE_SPAN, (number + 1) * SITE_SPAN];
}
