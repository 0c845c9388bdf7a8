import { BRIEF_MS, LASTING_MS } from '../engine.ts';
import type { Sql } from './sql.ts';

/** The mark of an event that was stored for a route, with its time in unix milliseconds. */
type Mark = readonly [mark: number, route: string, at: number];

interface Block {
  readonly id: number;
  readonly lasting: boolean;
  readonly marks: Mark[];
}

type Written = readonly [lasting: 0 | 1, marks: readonly Mark[]];

/** Marks in one row. Writing the row again is billed as one row, however many marks it has. */
const FULL = 256;

/**
 * Marks of events that have ended. The marks of a waiting event are in its record, so that no mark is a row of its own.
 */
export class MarkBlocks {
  readonly #sql: Sql;
  readonly #blocks = new Map<number, Block>();
  readonly #changed = new Set<Block>();
  /** The newest block of each kind, to which marks are added. */
  readonly #newest = new Map<boolean, Block>();
  #lastId = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Reads all marks and calls `see` for each. */
  load(see: (mark: number, route: string, lasting: boolean, at: number) => void): void {
    this.#blocks.clear();
    this.#changed.clear();
    this.#newest.clear();
    this.#lastId = 0;
    for (const { id, marks: text } of this.#sql.all('SELECT id, marks FROM marks ORDER BY id')) {
      const [lasting, marks] = JSON.parse(text as string) as Written;
      const block = { id: id as number, lasting: lasting === 1, marks: [...marks] };
      this.#hold(block);
      this.#lastId = block.id;
      for (const [mark, route, at] of marks) see(mark, route, block.lasting, at);
    }
  }

  add(mark: number, route: string, lasting: boolean, at: number): void {
    let block = this.#newest.get(lasting);
    if (block === undefined || block.marks.length >= FULL) {
      block = { id: ++this.#lastId, lasting, marks: [] };
      this.#hold(block);
    }
    block.marks.push([mark, route, at]);
    this.#changed.add(block);
  }

  /** Writes the added marks, in a transaction. */
  write(): void {
    for (const { id, lasting, marks } of this.#changed) {
      const written: Written = [lasting ? 1 : 0, marks];
      this.#sql.all(
        'INSERT INTO marks (id, marks) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET marks = excluded.marks',
        id,
        JSON.stringify(written),
      );
    }
    this.#changed.clear();
  }

  /** Deletes rows in which the time of every mark is over. */
  prune(now: number): void {
    for (const { id, lasting, marks } of this.#blocks.values()) {
      const newest = Math.max(...marks.map(([, , at]) => at));
      if (newest + (lasting ? LASTING_MS : BRIEF_MS) > now) continue;
      this.#blocks.delete(id);
      if (this.#newest.get(lasting)?.id === id) this.#newest.delete(lasting);
      this.#sql.all('DELETE FROM marks WHERE id = ?', id);
    }
  }

  #hold(block: Block): void {
    this.#blocks.set(block.id, block);
    this.#newest.set(block.lasting, block);
  }
}
