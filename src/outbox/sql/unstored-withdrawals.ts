import type { Log } from '../../delivery/drain.ts';
import { HeldWithdrawals } from '../../delivery/held-withdrawals.ts';
import type { Withdrawal } from '../../delivery/outbox.ts';
import { HeldFlag } from './held-flag.ts';
import { codeOf } from './sqlite-errors.ts';

/**
 * Withdrawals that are not on disk yet. They are held in memory, and the other processes on the data directory are
 * told, so that no process sends an event they may concern. They are written first when the disk takes data again.
 */
export class UnstoredWithdrawals {
  readonly #held = new HeldWithdrawals();
  readonly #log: Log;
  /**
   * The flags of the processes; undefined where there is only one process, or where the directory does not take such a
   * file.
   */
  readonly #flag: HeldFlag | undefined;

  /** `name`: of the outbox. `shared`: other processes have outboxes in the directory. */
  constructor(dir: string, name: string, shared: boolean, log: Log) {
    this.#log = log;
    this.#flag = shared ? this.#openFlag(dir, name) : undefined;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Another process holds a withdrawal that it could not write: nothing is sent here until it is written. */
  get elsewhere(): boolean {
    try {
      return this.#flag?.elsewhere === true;
    } catch {
      return false;
    }
  }

  list(): readonly Withdrawal[] {
    return this.#held.list();
  }

  add(withdrawals: readonly Withdrawal[]): void {
    for (const site of this.#held.add(withdrawals)) {
      this.#log(
        'error',
        'the disk cannot be written, and there are too many withdrawals to hold: the waiting events of this site are not sent any more',
        { site },
      );
    }
    this.#tell();
  }

  /** All of them are written. */
  clear(): void {
    this.#held.clear();
    this.#tell();
  }

  close(): void {
    this.#flag?.close();
  }

  #openFlag(dir: string, name: string): HeldFlag | undefined {
    try {
      return new HeldFlag(dir, name);
    } catch (error) {
      this.#logNotTold(error);
      return undefined;
    }
  }

  #tell(): void {
    try {
      this.#flag?.tell(this.#held.size > 0);
    } catch (error) {
      this.#logNotTold(error);
    }
  }

  #logNotTold(error: unknown): void {
    const msg = 'withdrawals that cannot be written to the disk cannot be passed on to other processes';
    this.#log('error', msg, { code: codeOf(error) });
  }
}
