import type { Log } from '../../delivery/drain.ts';
import type { StorePolicy } from '../store-policy.ts';
import type { Broker } from './broker.ts';
import type { Names } from './names.ts';
import type { Happened } from './owned-part.ts';
import type { MarkBounds } from './part-marks.ts';
import type { Seal } from './seal.ts';

/** What the outbox of several gateways is given. */
export interface NatsOptions {
  readonly broker: Broker;
  readonly names: Names;
  readonly seal: Seal;
  readonly policy: () => StorePolicy;
  /** Of this gateway, and nobody else's. */
  readonly node: string;
  /** Unix milliseconds, and monotonic ones. */
  readonly now: () => number;
  readonly tick: () => number;
  /** How long a withdrawal is remembered, milliseconds. */
  readonly maxAge: () => number;
  /** How long a gateway may send after it has proven that it is current, milliseconds. */
  readonly proofMs: number;
  /** Clocks of two gateways may differ by so much: a withdrawal reaches so far beyond its own time, milliseconds. */
  readonly skewMs: number;
  readonly marks: MarkBounds;
  readonly log: Log;
  /** Something was stored, withdrawn or reopened in a part that is delivered here. */
  readonly happened: (what: Happened) => void;
  /** Parts that were delivered here have another gateway: what was read of them is not to be sent. */
  readonly lost: () => void;
}
