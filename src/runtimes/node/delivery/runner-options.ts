import type { Log } from '../../../delivery/drain.ts';
import type { Ended } from '../../../delivery/ends.ts';
import type { Secrets, Send } from '../../../delivery/lane/ports.ts';
import type { Withdrawal } from '../../../delivery/outbox.ts';
import type { Append } from '../../../outbox/commit.ts';
import type { Gateway } from '../../../policy/gateway.ts';
import type { NatsStart } from '../nats/open-nats.ts';
import type { ThreadReport } from '../process/metrics.ts';
import type { AppendResult } from './append-queue.ts';

/** What a runner gets: the place of its outbox, its means of sending, and what the collecting side tells it. */
export interface RunnerOptions {
  /** The data directory. */
  readonly dir: string;
  /** Name of the outbox file; several processes that share a directory have one each. */
  readonly name: string;
  readonly send: Send;
  readonly secrets: Secrets;
  readonly log: Log;
  /** Called with the ends of events; undefined while no preview is open. */
  readonly ended?: () => Ended | undefined;
  /** Called when `ready` or `stopped` may have changed. */
  readonly changed: () => void;
  /**
   * Appends with smaller numbers were refused by the collecting side, because they had waited too long. The number
   * never shrinks.
   */
  readonly givenUp?: () => number;
  /** The collecting side holds withdrawals that this side has not got: nothing may be sent. */
  readonly withheld?: () => boolean;
  /** Other outboxes share the directory: a withdrawal may concern them, or come from them. */
  readonly shared?: boolean;
  /** Withdrawals that the previous runner did not carry out before it ended. */
  readonly withdrawn?: readonly Withdrawal[];
  /** The brokers that several gateways share, instead of a file. */
  readonly nats?: NatsStart | undefined;
}

/** Store and engine of one outbox: accepts, stores, delivers. */
export interface DeliveryRunner {
  /** Whether an append would be taken now. */
  readonly ready: boolean;
  /** Events that wait. */
  readonly pending: number;
  /** Withdrawals that are held in memory only. */
  readonly held: number;
  /** Routes that wait for a person, with the reason. */
  readonly stopped: Readonly<Record<string, string>>;
  /**
   * Stores events and carries out withdrawals. `done` is called when they are safe, or when they are not and will not
   * be. `number` is compared with `givenUp`.
   */
  append(append: Append, done: (result: AppendResult) => void, number?: number): void;
  /** Puts another configuration in force, also for stored events. */
  reload(gateway: Gateway): void;
  report(): ThreadReport;
  /** Continues the work that had to wait, if nothing prevents it any more. */
  resume(): void;
  /** Waits up to `graceMs` for requests in flight, and closes. */
  stop(graceMs: number): Promise<void>;
}
