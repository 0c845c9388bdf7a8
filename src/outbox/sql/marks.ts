import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { BRIEF_MS, LASTING_MS } from '../engine.ts';
import { eachOf } from './open-database.ts';

/** Bytes that marks may take in the file, beside `max_size`: about 200,000 conversions and 400,000 other events. */
export const LASTING_BYTES = 8 * 1024 * 1024;
export const BRIEF_BYTES = 16 * 1024 * 1024;

/** Bytes of a mark in the file beside its routes: key, time, id, and what SQLite adds. */
const MARK_BYTES = 27;
/** Marks that one transaction forgets beyond twice as many as it adds, so that none takes long. */
const SPARE = 16;
/** Marks that the tidying of every minute forgets at most. */
const AT_ONCE = 20_000;

/** What a list of marks may hold. */
interface Bounds {
  readonly keepMs: number;
  readonly bytes: number;
}

/** A mark as the transaction under way sees it. */
interface Open {
  readonly key: number;
  /** Where it is in the table; undefined = not yet. */
  readonly id: number | undefined;
  /** Routes as the table has them; empty = not there. */
  readonly stored: string;
  readonly routes: Set<number>;
}

/** A mark as a row of its table. */
interface MarkRow {
  readonly id: number;
  readonly key: number;
  readonly at: number;
  /** Damage may have made a number of it. */
  readonly routes: string | number;
}

/**
 * Which events were stored already, and for which routes: one mark an event, written in the transaction that stores
 * it. Marks are written one after the other and forgotten in that order, oldest first, when their time is over or they
 * would take more than their bytes; where each is, is kept in memory. So a mark costs a few bytes at the end of a
 * table, however many there are.
 */
export class Marks {
  readonly #lasting: MarkList;
  readonly #brief: MarkList;

  constructor(db: DatabaseSync, lasting: number = LASTING_BYTES, brief: number = BRIEF_BYTES) {
    this.#lasting = new MarkList(db, 'marks_lasting', { keepMs: LASTING_MS, bytes: lasting });
    this.#brief = new MarkList(db, 'marks_brief', { keepMs: BRIEF_MS, bytes: brief });
  }

  /** Bytes they take in the file. */
  get bytes(): number {
    return this.#lasting.bytes + this.#brief.bytes;
  }

  /** Marks the event as stored for the route; false if it was already. `lasting`: it is a conversion. */
  claim(key: number, route: number, lasting: boolean, now: number): boolean {
    return (lasting ? this.#lasting : this.#brief).claim(key, route, now);
  }

  /** The event did not reach this route after all: the next one with its mark is its first. */
  forget(key: number, route: number, now: number): void {
    this.#lasting.forget(key, route, now);
    this.#brief.forget(key, route, now);
  }

  /** Writes what the transaction has changed, and makes room for it; the last thing before it commits. */
  write(now: number): void {
    this.#lasting.write(now);
    this.#brief.write(now);
  }

  /** Forgets what has had its time, in a transaction. */
  prune(now: number): void {
    this.#lasting.prune(now);
    this.#brief.prune(now);
  }

  /** Forgets the oldest, in a transaction, until so many bytes are free or none is left. */
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
  /** No mark has had its time before this, unix milliseconds. */
  #quietUntil = 0;
  /** What the transaction under way looked at. */
  readonly #open = new Map<number, Open>();
  /** What it did to the table: where marks are now, undefined = forgotten; and by how many bytes it grew. */
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
    // The mark is gone: the next event starts a new one.
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

  /** The mark as it is; one that has had its time is none. */
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

  /** Forgets the oldest, `most` of them, as long as there are too many or they have had their time. */
  #makeRoom(now: number, most: number): void {
    const tooMuch = (): boolean => this.#bytes + this.#grown > this.#bounds.bytes;
    if (now < this.#quietUntil && !tooMuch()) return;
    for (const mark of this.#oldest.all(most) as unknown as MarkRow[]) {
      const over = mark.at + this.#bounds.keepMs;
      if (over > now && !tooMuch()) {
        // A clock that was set back does not keep marks for longer than a full life from now.
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
