import type { Log } from '../../delivery/drain.ts';
import type { StorePolicy } from '../store-policy.ts';
import type { Broker } from './broker.ts';
import type { Names } from './names.ts';
import type { Happened } from './owned-part.ts';
import type { MarkBounds } from './part-marks.ts';
import type { Seal } from './seal.ts';

/** The options of the outbox of several gateways. */
export interface NatsOptions {
  readonly broker: Broker;
  readonly names: Names;
  readonly seal: Seal;
  readonly policy: () => StorePolicy;
  /** The id of this gateway; no other gateway has it. */
  readonly node: string;
  /** Unix milliseconds, and monotonic ones. */
  readonly now: () => number;
  readonly tick: () => number;
  /** How long a withdrawal is kept, milliseconds. */
  readonly maxAge: () => number;
  /** How long a gateway may send after it has proven that it is current, milliseconds. */
  readonly proofMs: number;
  /** The greatest difference between the clocks of two gateways, milliseconds. A withdrawal's time is moved forward by it. */
  readonly skewMs: number;
  readonly marks: MarkBounds;
  readonly log: Log;
  /** Called when something was stored, withdrawn or reopened in a part that this gateway delivers. */
  readonly happened: (what: Happened) => void;
  /** Called when another gateway has taken over parts of this one: what was read from them must not be sent. */
  readonly lost: () => void;
}
