import type { DatabaseSync } from 'node:sqlite';
import { waitingFor, type Statements } from './open-database.ts';

/** Pages of write-ahead log from which on they are copied back. */
const CHECKPOINT_PAGES = 2_000;
/** Bytes written before it is asked again how long the log is: each asking is a statement. */
const TIDY_EVERY = 1024 * 1024;
/** How long what has left may still be read in the log, milliseconds: delivered, and withdrawn. */
const ERASE_ENDED = 15_000;
const ERASE_WITHDRAWN = 1_500;

/** When the write-ahead log is copied back into the file: before it is long, and so that what has left is in neither. */
export class Checkpoints {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  /** About so many bytes were written since the log was looked at. */
  #untidied = 0;
  /** Since when the log may hold what has left, monotonic milliseconds; undefined = it does not. */
  #endedSince: number | undefined = -Infinity;
  #withdrawnSince: number | undefined;

  constructor(db: DatabaseSync, sql: Statements) {
    this.#db = db;
    this.#sql = sql;
  }

  /** About so many bytes are written. */
  wrote(bytes: number): void {
    this.#untidied += bytes;
  }

  /** Rows have left because they have ended. */
  ended(): void {
    this.#endedSince ??= performance.now();
  }

  /** Rows have left because they were withdrawn. */
  withdrawn(): void {
    this.#withdrawnSince ??= performance.now();
  }

  /** Copies the log back now. */
  copyLog(): void {
    try {
      this.#sql.checkpoint.get();
    } catch {
      // The log keeps everything. Whether the disk still takes more is for the next commit to find out.
    }
  }

  /**
   * Copies the log back into the file when it has become long. To be called after a commit's answers are given: SQLite
   * would do it before, and all who wait for that commit would wait for this too.
   */
  tidy(): void {
    if (this.#untidied < TIDY_EVERY) return;
    this.#untidied = 0;
    try {
      const { log, checkpointed } = this.#sql.logLength.get() as { log: number; checkpointed: number };
      if (log - checkpointed >= CHECKPOINT_PAGES) this.copyLog();
    } catch {
      // How long it is can be asked again.
    }
  }

  /**
   * Makes what has left unreadable: copies the log back, over which deleted rows are zeros, and cuts it to nothing. Done
   * when it is due, not with every commit.
   */
  erase(now: number): void {
    const withdrawn = this.#withdrawnSince !== undefined && now - this.#withdrawnSince >= ERASE_WITHDRAWN;
    const ended = this.#endedSince !== undefined && now - this.#endedSince >= ERASE_ENDED;
    if (!withdrawn && !ended) return;
    try {
      // Somebody who reads just now is not waited for: the next look comes soon.
      waitingFor(this.#db, 0, () => {
        const { busy } = this.#sql.truncate.get() as { busy: number };
        if (busy === 0) this.#withdrawnSince = this.#endedSince = undefined;
      });
    } catch {
      // Nothing is lost by it. Where the disk takes nothing more, the next commit finds out.
    }
  }
}
