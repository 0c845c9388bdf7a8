import { isMeant, letterOf, newest, type DeadLetter, type Which } from '../dead-letters.ts';
import { keyOf, type StoredRoute } from '../record.ts';
import { readHead, writeHead, type Head } from './head.ts';
import type { Sql } from './sql.ts';
import { Waiting } from './waiting.ts';

/** The reason, and the time of death in unix milliseconds. */
interface Death {
  readonly at: number;
  readonly reason: string;
}

const ALL = 'SELECT id, head, length(body) AS size, died, reason, retry FROM dead_letters ORDER BY id';
const INSERT = 'INSERT INTO dead_letters (id, head, body, died, reason) VALUES (?, ?, ?, ?, ?)';

/** Events that vendors refused for good, each with one route. Methods that write are called in a transaction. */
export class ObjectDeadLetters {
  readonly heads = new Waiting();
  readonly #sql: Sql;
  readonly #deaths = new Map<number, Death>();
  readonly #retry = new Set<number>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Reads all dead letters and calls `see` for each; undefined = it cannot be read. */
  load(see: (id: number, head: Head | undefined) => void): void {
    this.heads.clear();
    this.#deaths.clear();
    this.#retry.clear();
    for (const row of this.#sql.all(ALL)) {
      const id = row['id'] as number;
      const head = readHead(id, row['head'] as string, row['size'] as number);
      see(id, head);
      if (head === undefined) continue;
      this.heads.add(head);
      this.#deaths.set(id, { at: row['died'] as number, reason: row['reason'] as string });
      if (row['retry'] === 1) this.#retry.add(id);
    }
  }

  add(letter: Head, body: string, death: Death): void {
    this.heads.add(letter);
    this.#deaths.set(letter.id, death);
    this.#sql.all(INSERT, letter.id, writeHead(letter), body, death.at, death.reason);
  }

  /** Deletes one for good. */
  remove(head: Head): void {
    this.heads.leave(head, []);
    this.#deaths.delete(head.id);
    this.#retry.delete(head.id);
    this.#sql.all('DELETE FROM dead_letters WHERE id = ?', head.id);
  }

  /** Deletes those that died before `before`, unix milliseconds. */
  prune(before: number): void {
    for (const head of this.heads.all()) if ((this.#deaths.get(head.id)?.at ?? 0) < before) this.remove(head);
  }

  chosen(which: Which): readonly Head[] {
    return this.heads.all().filter((head) => {
      const [own] = head.routes as readonly [StoredRoute];
      return isMeant(which, head.id, keyOf(head, own));
    });
  }

  /** A person wants it to be sent again. */
  ask({ id }: Head): void {
    this.#retry.add(id);
    this.#sql.all('UPDATE dead_letters SET retry = 1 WHERE id = ?', id);
  }

  /** Removes the dead letters that a person wants to be sent again, and returns each with its body. */
  takeAsked(): readonly (readonly [letter: Head, body: string])[] {
    return [...this.#retry].flatMap((id) => {
      const letter = this.heads.get(id);
      const body = this.#sql.all('SELECT body FROM dead_letters WHERE id = ?', id)[0]?.['body'];
      if (letter === undefined || typeof body !== 'string') return [];
      this.remove(letter);
      return [[letter, body] as const];
    });
  }

  /** For people; the newest first. */
  list(which: Which, limit: number): readonly DeadLetter[] {
    const found = this.chosen(which).map((head): DeadLetter => {
      const { at: died, reason } = this.#deaths.get(head.id) as Death;
      const death = { died, reason, retry: this.#retry.has(head.id) };
      return letterOf(head, head.routes as readonly [StoredRoute], head.size, death);
    });
    return newest(found, limit);
  }
}
