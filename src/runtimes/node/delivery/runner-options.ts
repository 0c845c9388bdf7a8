import type { Log } from '../../../delivery/drain.ts';
import type { Ended } from '../../../delivery/ends.ts';
import type { Secrets, Send } from '../../../delivery/lane/ports.ts';
import type { Withdrawal } from '../../../delivery/outbox.ts';

/** What a runner is given: where its outbox is, what it sends with, and what the collecting side has to say. */
export interface RunnerOptions {
  /** The data directory. */
  readonly dir: string;
  /** Name of the outbox file; several processes that share a directory have one each. */
  readonly name: string;
  readonly send: Send;
  readonly secrets: Secrets;
  readonly log: Log;
  /** Who is told how rows end; undefined while nobody looks. */
  readonly ended?: () => Ended | undefined;
  /** Called when `ready` or `stopped` may have changed. */
  readonly changed: () => void;
  /** Appends with smaller numbers were refused by who collects, because they had waited too long. Never shrinks. */
  readonly givenUp?: () => number;
  /** Who collects holds withdrawals that this side has not been given: nothing may be sent. */
  readonly withheld?: () => boolean;
  /** Other outboxes share the directory: a withdrawal may have to reach them, or come from them. */
  readonly shared?: boolean;
  /** Withdrawals that the runner before this one did not live to carry out. */
  readonly withdrawn?: readonly Withdrawal[];
}
