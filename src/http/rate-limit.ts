import { LRUCache } from 'lru-cache';
import { keyedHash, type KeyedHash } from '../core/hash.ts';
import { clientOf } from '../policy/client.ts';
import type { Gateway } from '../policy/gateway.ts';
import { isInside, networkOf } from '../privacy/ip.ts';
import type { Hit, Problem } from '../protocols/hit.ts';
import { Failures } from './failures.ts';

/** Requests per minute and client (R75). Keyed hashes in memory only, under a key that is thrown away every day (R36). */
export interface RateLimit {
  /** Counts one request of the client; over the limit a problem, with the seconds until the next minute. */
  readonly take: (hit: Hit, gateway: Gateway) => { readonly problem: Problem; readonly retryAfter: number } | undefined;
  /** Counts a wrong ingest key. The promise resolves when it may be answered; undefined = at once. */
  readonly failed: (hit: Hit, gateway: Gateway) => Promise<void> | undefined;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const TOO_MANY: Problem = {
  status: 429,
  title: 'Too many requests',
  detail: 'This client has sent more requests than `limits.per_client` allows in a minute.',
};

/** If this many requests came from inside addresses only, a proxy must be in front of the gateway. */
const ENOUGH = 200;

/**
 * @param randomKey gives 32 fresh random bytes
 * @param onlyInside called once if no proxy is configured and every request came from an inside address: then all
 *   clients share one count
 */
export function createRateLimit(randomKey: () => Uint8Array, onlyInside: () => void = () => {}): RateLimit {
  let inside = 0;
  const look = ({ peer }: Hit, { trustedProxies }: Gateway): void => {
    if (inside < 0 || trustedProxies.length > 0) return;
    if (!isInside(peer)) inside = -1;
    else if (++inside >= ENOUGH) {
      inside = -1;
      onlyInside();
    }
  };
  // Bounded, so that a million sources take no more memory than this (R75). It takes all of its memory at once, so it is
  // made at the first count: by default there is no limit.
  let seen: LRUCache<string, number> | undefined;
  let window = -1;
  let day = -1;
  let hash: KeyedHash = keyedHash(randomKey());
  const failures = new Failures();
  const accountOf = (hit: Hit, gateway: Gateway): string => {
    const today = Math.floor(hit.at / DAY);
    if (today !== day) {
      day = today;
      hash = keyedHash(randomKey());
    }
    const client = networkOf(clientOf(hit, gateway) ?? '');
    return String.fromCharCode(...hash(client).subarray(0, 12));
  };
  return {
    take(hit, gateway) {
      const limit = gateway.perClient;
      if (limit === undefined) return undefined;
      look(hit, gateway);
      const now = Math.floor(hit.at / MINUTE);
      if (now !== window) {
        window = now;
        seen?.clear();
      }
      const key = accountOf(hit, gateway);
      seen ??= new LRUCache({ max: 100_000 });
      const count = (seen.get(key) ?? 0) + 1;
      seen.set(key, count);
      if (count <= limit) return undefined;
      return { problem: TOO_MANY, retryAfter: Math.ceil((MINUTE - (hit.at % MINUTE)) / 1000) };
    },
    failed: (hit, gateway) => failures.add(accountOf(hit, gateway)),
  };
}
