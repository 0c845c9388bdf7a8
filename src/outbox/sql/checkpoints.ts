import type { DatabaseSync } from 'node:sqlite';
import { waitingFor, type Statements } from './open-database.ts';

/** Pages in the write-ahead log from which on the log is copied back. */
const CHECKPOINT_PAGES = 2_000;
/** Bytes written before the length of the log is asked again, because each question is a statement. */
const TIDY_EVERY = 1024 * 1024;
/** How long deleted data may still be readable in the log, milliseconds: of delivered and of withdrawn events. */
const ERASE_ENDED = 15_000;
const ERASE_WITHDRAWN = 1_500;

/**
 * When the write-ahead log is copied back into the file: before the log is long, and so that deleted data is in
 * neither.
 */
export class Checkpoints {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  /** About how many bytes were written since the length of the log was asked. */
  #untidied = 0;
  /** Since when the log may hold deleted data, monotonic milliseconds; undefined = it holds none. */
  #endedSince: number | undefined = -Infinity;
  #withdrawnSince: number | undefined;

  constructor(db: DatabaseSync, sql: Statements) {
    this.#db = db;
    this.#sql = sql;
  }

  /** About this many bytes are written. */
  wrote(bytes: number): void {
    this.#untidied += bytes;
  }

  /** Rows were deleted because their events have ended. */
  ended(): void {
    this.#endedSince ??= performance.now();
  }

  /** Rows were deleted because their events were withdrawn. */
  withdrawn(): void {
    this.#withdrawnSince ??= performance.now();
  }

  /** Copies the log back now. */
  copyLog(): void {
    try {
      this.#sql.checkpoint.get();
    } catch {
      // The log keeps everything. The next commit finds out whether the disk still takes more.
    }
  }

  /**
   * Copies the log back into the file when the log is long. To be called after a commit's answers are given: SQLite
   * would do it before, and every caller that waits for the commit would wait for this too.
   */
  tidy(): void {
    if (this.#untidied < TIDY_EVERY) return;
    this.#untidied = 0;
    try {
      const { log, checkpointed } = this.#sql.logLength.get() as { log: number; checkpointed: number };
      if (log - checkpointed >= CHECKPOINT_PAGES) this.copyLog();
    } catch {
      // The length of the log can be asked again.
    }
  }

  /**
   * Makes deleted data unreadable: copies the log back, which overwrites deleted rows with zeros, and truncates the
   * log. This happens when it is due, not with every commit.
   */
  erase(now: number): void {
    const withdrawn = this.#withdrawnSince !== undefined && now - this.#withdrawnSince >= ERASE_WITHDRAWN;
    const ended = this.#endedSince !== undefined && now - this.#endedSince >= ERASE_ENDED;
    if (!withdrawn && !ended) return;
    try {
      // This does not wait for another process that is reading: the next attempt comes soon.
      waitingFor(this.#db, 0, () => {
        const { busy } = this.#sql.truncate.get() as { busy: number };
        if (busy === 0) this.#withdrawnSince = this.#endedSince = undefined;
      });
    } catch {
      // Nothing is lost. If the disk is full, the next commit finds out.
    }
  }
}
