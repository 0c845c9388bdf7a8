import { join } from 'node:path';
import type { Log } from '../../delivery/drain.ts';
import type { OutboxStore } from '../engine.ts';
import { StoreDamaged } from '../commit.ts';
import { forgetAside, rescueFromWal, salvage } from './outbox-salvage.ts';
import { SqliteOutbox } from './outbox-sqlite.ts';
import { codeOf, isDamage } from './sqlite-errors.ts';
import type { StorePolicy } from '../store-policy.ts';
import { WithdrawalLog } from './withdrawal-log.ts';

const NOTHING_LEFT: ReturnType<typeof rescueFromWal> = { records: new Map(), dead: new Map(), damaged: false };

/**
 * The files of one outbox. They are opened here. A damaged file is set aside after its readable part was saved. The
 * other outboxes of the directory share the record of withdrawals.
 */
export class OutboxFiles {
  readonly #dir: string;
  readonly #file: string;
  readonly #policy: () => StorePolicy;
  readonly #log: Log;
  #withdrawals: WithdrawalLog | undefined;
  /** Damage was found that opening the file does not show, so it must not be opened again as it is. */
  #mustSalvage = false;
  /** Files of a damaged outbox may be beside it. */
  #aside = true;
  #damaged = 0;

  /** `name`: of the outbox, `outbox` or `outbox-N`. */
  constructor(dir: string, name: string, policy: () => StorePolicy, log: Log) {
    this.#dir = dir;
    this.#file = join(dir, `${name}.sqlite`);
    this.#policy = policy;
    this.#log = log;
  }

  /** How often a file was found damaged. */
  get damaged(): number {
    return this.#damaged;
  }

  /** The record of withdrawals; undefined before it could be opened. */
  get withdrawals(): WithdrawalLog | undefined {
    return this.#withdrawals;
  }

  /**
   * Opens the outbox, and saves what SQLite would leave out of it. The new connection takes the place of `before`,
   * which hands over its unwritten ends.
   * @throws the errors of node:sqlite when it cannot be opened
   */
  open(before: OutboxStore | undefined): SqliteOutbox {
    this.#withdrawals ??= this.#openWithdrawals();
    const store = this.#openStore(this.#withdrawals, before === undefined);
    // Only after the new one is open: events whose ends are lost would be sent again after the next start.
    if (before !== undefined) store.inherit(before);
    return store;
  }

  /** Damage was found while the outbox was in use: the next opening starts with the readable part. */
  salvageNext(): void {
    this.#mustSalvage = true;
  }

  /** It cannot be found out whose events are in a damaged file, so the first withdrawal deletes the whole file. */
  forgetAllAside(): void {
    if (!this.#aside) return;
    this.#aside = false;
    try {
      forgetAside(this.#dir, Infinity);
    } catch (error) {
      this.#log('error', 'a damaged file that was set aside could not be deleted', { code: codeOf(error) });
    }
  }

  /** Deletes withdrawals and damaged files that are older than any event, unix milliseconds. */
  prune(oldest: number): void {
    this.#withdrawals?.prune(oldest);
    forgetAside(this.#dir, oldest);
  }

  /** Closes the record of withdrawals; the owner of the outbox closes the outbox. */
  close(): void {
    this.#withdrawals?.close();
  }

  #openStore(withdrawals: WithdrawalLog, first: boolean): SqliteOutbox {
    const open = (): SqliteOutbox => new SqliteOutbox(this.#file, withdrawals, this.#policy, Date.now);
    // A connection that replaces another one has its state: the rest of the log was refused.
    const left = first ? rescueFromWal(this.#file) : NOTHING_LEFT;
    let store: SqliteOutbox | undefined;
    try {
      if (this.#mustSalvage) throw new StoreDamaged('met while reading');
      store = open();
      const count = store.restore(left);
      if (left.damaged)
        this.#tellDamage("the outbox's write-ahead log was damaged: the readable part was saved", { count });
    } catch (error) {
      store?.abandon();
      if (!isDamage(error)) throw error;
      const { asideAs, ...rescued } = salvage(this.#file, Date.now());
      this.#aside = true;
      this.#mustSalvage = false;
      store = open();
      const count = store.restore(rescued);
      this.#tellDamage('the outbox was damaged: the readable part was saved, and the file was set aside', {
        file: asideAs,
        count,
      });
    }
    return store;
  }

  #openWithdrawals(): WithdrawalLog {
    const file = join(this.#dir, 'withdrawals.sqlite');
    try {
      return new WithdrawalLog(file);
    } catch (error) {
      if (!isDamage(error)) throw error;
      const { asideAs } = salvage(file, Date.now());
      this.#tellDamage('the record of withdrawals was damaged and set aside', { file: asideAs });
      return new WithdrawalLog(file);
    }
  }

  #tellDamage(msg: string, fields: Readonly<Record<string, string | number>>): void {
    this.#damaged++;
    this.#log('error', msg, fields);
  }
}
