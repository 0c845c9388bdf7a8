import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { BRIEF_MS, LASTING_MS } from '../engine.ts';
import { eachOf } from './open-database.ts';

/**
 * Bytes that marks may take in the file, beside `max_size`: enough for about 200,000 conversions and 400,000 other
 * events.
 */
const LASTING_BYTES = 8 * 1024 * 1024;
const BRIEF_BYTES = 16 * 1024 * 1024;

/** Bytes of a mark in the file beside its routes: key, time, id, and SQLite's own data. */
const MARK_BYTES = 27;
/** A transaction deletes at most this many marks beyond twice the number it adds, so that no transaction takes long. */
const SPARE = 16;
/** The most marks that the cleaning of every minute deletes. */
const AT_ONCE = 20_000;

/** The form of a list of routes. */
interface Bounds {
  readonly keepMs: number;
  readonly bytes: number;
}

/** A mark, with the changes of the transaction under way. */
interface Open {
  readonly key: number;
  /** Its id in the table; undefined = it is not there yet. */
  readonly id: number | undefined;
  /** Routes as the table has them; empty = the table has no mark. */
  readonly stored: string;
  readonly routes: Set<number>;
}

/** A mark as a row of its table. */
interface MarkRow {
  readonly id: number;
  readonly key: number;
  readonly at: number;
  /** Damage may have turned the text into a number. */
  readonly routes: string | number;
}

/**
 * Which events were stored already, and for which routes: one mark an event, written in the transaction that stores the
 * event. Marks are written one after the other and deleted in that order, the oldest first, when their time is over or
 * they take too many bytes. The place of each mark is kept in memory. So a mark costs a few bytes at the end of a
 * table, however many there are.
 */
export class Marks {
  readonly #lasting: MarkList;
  readonly #brief: MarkList;

  constructor(db: DatabaseSync, lasting: number = LASTING_BYTES, brief: number = BRIEF_BYTES) {
    this.#lasting = new MarkList(db, 'marks_lasting', { keepMs: LASTING_MS, bytes: lasting });
    this.#brief = new MarkList(db, 'marks_brief', { keepMs: BRIEF_MS, bytes: brief });
  }

  /** Bytes that the marks take in the file. */
  get bytes(): number {
    return this.#lasting.bytes + this.#brief.bytes;
  }

  /** Marks the event as stored for the route; false if it was stored already. `lasting`: it is a conversion. */
  claim(key: number, route: number, lasting: boolean, now: number): boolean {
    return (lasting ? this.#lasting : this.#brief).claim(key, route, now);
  }

  /** The event did not reach this route after all: the next event with its mark counts as the first. */
  forget(key: number, route: number, now: number): void {
    this.#lasting.forget(key, route, now);
    this.#brief.forget(key, route, now);
  }

  /** Writes the changes of the transaction, and makes room for them. It is the last step before the commit. */
  write(now: number): void {
    this.#lasting.write(now);
    this.#brief.write(now);
  }

  /** Deletes marks whose time is over, in a transaction. */
  prune(now: number): void {
    this.#lasting.prune(now);
    this.#brief.prune(now);
  }

  /** Deletes the oldest marks, in a transaction, until this many bytes are free or no mark is left. */
  giveUp(bytes: number): void {
    this.#brief.giveUp(bytes);
    this.#lasting.giveUp(bytes - this.#brief.freed);
  }

  /** The transaction is on disk. */
  committed(): void {
    this.#lasting.committed();
    this.#brief.committed();
  }

  /** The transaction did not happen. */
  rolledBack(): void {
    this.#lasting.rolledBack();
    this.#brief.rolledBack();
  }
}

/** Marks of one life. */
class MarkList {
  readonly #bounds: Bounds;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #byId: StatementSync;
  readonly #oldest: StatementSync;
  /** Key -> where its mark is. */
  readonly #ids = new Map<number, number>();
  #last = 0;
  #bytes = 0;
  /** Every mark is valid until this time at least, unix milliseconds. */
  #quietUntil = 0;
  /** Marks that the transaction under way has looked up. */
  readonly #open = new Map<number, Open>();
  /** Its changes to the table: where marks are now, undefined = deleted; and by how many bytes the table grew. */
  #moved: { readonly key: number; readonly id: number; readonly there: boolean }[] = [];
  #grown = 0;

  constructor(db: DatabaseSync, table: string, bounds: Bounds) {
    this.#bounds = bounds;
    this.#insert = db.prepare(`INSERT INTO ${table} VALUES (?, ?, ?, ?)`);
    this.#update = db.prepare(`UPDATE ${table} SET routes = ? WHERE id = ?`);
    this.#delete = db.prepare(`DELETE FROM ${table} WHERE id = ?`);
    this.#byId = db.prepare(`SELECT id, key, at, routes FROM ${table} WHERE id = ?`);
    this.#oldest = db.prepare(`SELECT id, key, at, routes FROM ${table} ORDER BY id LIMIT ?`);
    const all = db.prepare(`SELECT id, key, length(routes) FROM ${table} WHERE id > ? ORDER BY id LIMIT ?`);
    all.setReturnArrays(true);
    for (const [id, key, length] of eachOf<[number, number, number]>(all)) {
      this.#ids.set(key, id);
      this.#last = id;
      this.#bytes += MARK_BYTES + length;
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes that the transaction under way has freed. */
  get freed(): number {
    return Math.max(0, -this.#grown);
  }

  claim(key: number, route: number, now: number): boolean {
    const open = this.#open.get(key) ?? this.#look(key, now);
    if (open.routes.has(route)) return false;
    open.routes.add(route);
    return true;
  }

  forget(key: number, route: number, now: number): void {
    if (!this.#open.has(key) && !this.#ids.has(key)) return;
    const open = this.#open.get(key) ?? this.#look(key, now);
    open.routes.delete(route);
    if (open.routes.size > 0) return;
    // The mark is deleted: the next event starts a new one.
    if (open.id !== undefined) this.#drop({ id: open.id, key, routes: open.stored });
    this.#open.set(key, { key, id: undefined, stored: '', routes: open.routes });
  }

  write(now: number): void {
    let added = 0;
    for (const { key, id, stored, routes } of this.#open.values()) {
      const text = [...routes].sort((a, b) => a - b).join(',');
      if (text === stored) continue;
      if (id === undefined) {
        this.#insert.run(++this.#last, key, now, text);
        this.#moved.push({ key, id: this.#last, there: true });
        this.#grown += MARK_BYTES + text.length;
        added++;
      } else {
        this.#update.run(text, id);
        this.#grown += text.length - stored.length;
      }
    }
    this.#open.clear();
    if (added > 0) this.#makeRoom(now, 2 * added + SPARE);
  }

  prune(now: number): void {
    this.#makeRoom(now, AT_ONCE);
  }

  giveUp(bytes: number): void {
    if (bytes <= 0) return;
    const enough = this.#grown - bytes;
    for (const mark of this.#oldest.all(AT_ONCE) as unknown as MarkRow[]) {
      if (this.#grown <= enough) return;
      this.#drop(mark);
    }
  }

  committed(): void {
    for (const { key, id, there } of this.#moved) {
      if (there) this.#ids.set(key, id);
      else if (this.#ids.get(key) === id) this.#ids.delete(key);
    }
    this.#bytes += this.#grown;
    this.#reset();
  }

  rolledBack(): void {
    this.#quietUntil = 0;
    this.#reset();
  }

  #reset(): void {
    this.#moved = [];
    this.#grown = 0;
    this.#open.clear();
  }

  /** The current mark; undefined if its time is over. */
  #look(key: number, now: number): Open {
    const id = this.#ids.get(key);
    const mark = id === undefined ? undefined : (this.#byId.get(id) as MarkRow | undefined);
    let open: Open;
    if (mark === undefined || mark.key !== key) open = { key, id: undefined, stored: '', routes: new Set() };
    else if (mark.at + this.#bounds.keepMs > now) {
      open = {
        key,
        id: mark.id,
        stored: String(mark.routes),
        routes: new Set(String(mark.routes).split(',').map(Number)),
      };
    } else {
      this.#drop(mark);
      open = { key, id: undefined, stored: '', routes: new Set() };
    }
    this.#open.set(key, open);
    return open;
  }

  /** Deletes the oldest marks, at most `most`, as long as there are too many or their time is over. */
  #makeRoom(now: number, most: number): void {
    const tooMuch = (): boolean => this.#bytes + this.#grown > this.#bounds.bytes;
    if (now < this.#quietUntil && !tooMuch()) return;
    for (const mark of this.#oldest.all(most) as unknown as MarkRow[]) {
      const over = mark.at + this.#bounds.keepMs;
      if (over > now && !tooMuch()) {
        // After the clock was set back, marks are kept for one full life from now, and not longer.
        this.#quietUntil = Math.min(over, now + this.#bounds.keepMs);
        return;
      }
      this.#drop(mark);
    }
  }

  #drop({ id, key, routes }: Pick<MarkRow, 'id' | 'key' | 'routes'>): void {
    this.#delete.run(id);
    this.#moved.push({ key, id, there: false });
    this.#grown -= MARK_BYTES + String(routes).length;
  }
}
