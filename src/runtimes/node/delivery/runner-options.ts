import type { Log } from '../../../delivery/drain.ts';
import type { Ended } from '../../../delivery/ends.ts';
import type { Secrets, Send } from '../../../delivery/lane/ports.ts';
import type { Withdrawal } from '../../../delivery/outbox.ts';
import type { Append } from '../../../outbox/commit.ts';
import type { Gateway } from '../../../policy/gateway.ts';
import type { NatsStart } from '../nats/open-nats.ts';
import type { ThreadReport } from '../process/metrics.ts';
import type { AppendResult } from './append-queue.ts';

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
  /** Stores and withdraws; `done` is called when it is safe, or is not and will not be. `number` is for `givenUp`. */
  append(append: Append, done: (result: AppendResult) => void, number?: number): void;
  /** Puts another configuration in force, for what is stored already too. */
  reload(gateway: Gateway): void;
  report(): ThreadReport;
  /** Goes on with what had to wait, if nothing stands in its way any more. */
  resume(): void;
  /** Lets what is in flight finish for `graceMs`, and closes. */
  stop(graceMs: number): Promise<void>;
}
