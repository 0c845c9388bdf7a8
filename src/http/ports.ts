import type { Context } from 'hono';
import type { Outbox } from '../delivery/outbox.ts';
import type { Gateway } from '../policy/gateway.ts';
import type { Trace, WithdrawnSince } from '../decide/trace.ts';
import type { Hit, Problem } from '../protocols/hit.ts';
import type { Counters } from '../ledger/counters.ts';
import type { Decisions } from '../ledger/decisions.ts';
import type { MostBytes } from './body-limit.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Refusals } from './refusals.ts';
import type { Unlisted } from './unlisted.ts';
import type { Windows } from '../ledger/windows.ts';

/** Gets every accepted trace. */
export type Watcher = (trace: Trace) => void;

/** What the public listener needs of the runtime it is on. */
export interface Ports {
  /** The configuration in force; it may be another one for the next hit. */
  readonly gateway: () => Gateway;
  readonly outbox: Outbox;
  /** It stops soon and still accepts events: `/readyz` already answers 503. */
  readonly stopping?: () => boolean;
  /** How many routes wait for a person (credentials, settings). They lose nothing meanwhile. */
  readonly stopped: () => number;
  /** Freezes a request: reads the body within its limit, adds time, id and peer. */
  readonly toHit: (c: Context, mostBytes: MostBytes) => Hit | Problem | Promise<Hit | Problem>;
  /** The request target as it came, where the runtime has it: a `Request` only has an address made of it. */
  readonly target?: (c: Context) => string;
  /** Whether this hit is refused for overload. To be called once a hit, because each call counts towards the share. */
  readonly overloaded: () => boolean;
  readonly counters: Counters;
  /** Counts what was refused, and shows it. */
  readonly refusals?: Refusals | undefined;
  /** Looks for consent platforms that are not configured. */
  readonly unlisted?: Unlisted | undefined;
  readonly rateLimit: RateLimit;
  /** Counts what was decided, for the record. */
  readonly decisions?: Decisions | undefined;
  /** Keys and counts of sites that replace ids; a runtime without them sends no such ids. */
  readonly windows?: Windows | undefined;
  /** What visitors have withdrawn, for the events of back ends; a runtime without it ends them when they are stored. */
  readonly withdrawnSince?: WithdrawnSince | undefined;
  /** Gets every accepted trace; undefined while no preview is open. */
  readonly watcher: () => Watcher | undefined;
}
