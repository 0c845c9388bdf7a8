import type { SignalMask } from '../core/signals.ts';
import { stillAllowed, type Decided } from '../delivery/egress/allowed.ts';
import { EVERYBODY } from '../delivery/held-withdrawals.ts';
import type { Gateway } from '../policy/gateway.ts';
import { subjectKeys } from './subject-keys.ts';

/** The parts of the configuration in force that the store uses. */
export interface StorePolicy {
  /** Keyed hash of a subject, 52 bits; undefined for a site that is not configured. */
  readonly subjectKey: (site: string, subject: string) => number | undefined;
  /** The site of a route; undefined for a route that is not configured. */
  readonly siteOf: (route: string) => string | undefined;
  /** Whether an event may stay when its visitor has these signals. */
  readonly mayStay: (route: string, row: Decided, signals: SignalMask) => boolean;
  /**
   * Whether an older event of the site may still come, from another process or from a back end. Then every withdrawal
   * has to be kept.
   */
  readonly remembers: (site: string) => boolean;
  /** Other processes have outboxes beside this one. */
  readonly shared: boolean;
  /** The site for which this key means every visitor (`EVERYBODY`); undefined for any other key. */
  readonly everybodyOf: (key: number) => string | undefined;
  /** Bytes. */
  readonly maxSize: number;
  /** Milliseconds. */
  readonly deadLetters: number;
}

/**
 * @param shared other processes have outboxes beside this one
 * @param sha256 as `subjectKeys` takes it
 */
export function storePolicyOf(gateway: Gateway, shared: boolean, sha256?: (text: string) => string): StorePolicy {
  const subjectKey = subjectKeys(gateway, sha256);
  const backed = new Set(gateway.sites.filter(({ ingestKeys }) => ingestKeys.size > 0).map(({ name }) => name));
  const everybody = new Map(gateway.sites.map(({ name }) => [subjectKey(name, EVERYBODY), name]));
  return {
    subjectKey,
    siteOf: (route) => gateway.routeOf.get(route)?.site,
    mayStay: (key, row, signals) => {
      const route = gateway.routeOf.get(key);
      return route !== undefined && stillAllowed(route, row, signals) === undefined;
    },
    remembers: (site) => shared || backed.has(site),
    shared,
    everybodyOf: (key) => everybody.get(key),
    maxSize: gateway.delivery.maxSize,
    deadLetters: gateway.delivery.deadLetters,
  };
}
