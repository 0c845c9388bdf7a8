import { GA4_ONLY, type HitOptions } from './hits.ts';
import { decideOne, FIVE_ROUTES, gatewayOf, hitsOf } from './pure.ts';

/**
 * Bytes that the pure path allocates for one hit: a number that a busy machine does not change, unlike a time.
 * `node --expose-gc --min-semi-space-size=128 --max-semi-space-size=128 allocation.ts` prints one line of JSON; with a
 * young generation that large nothing is collected while it counts.
 */
const HITS = 2_000;

function bytesPerHit(config: string, options: HitOptions): number {
  const gateway = gatewayOf(config);
  const hits = hitsOf(HITS, options);
  // What is compiled, and what is remembered from one hit to the next, is not the hit's.
  for (let round = 0; round < 3; round++) for (const hit of hits) decideOne(hit, gateway);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (const hit of hits) decideOne(hit, gateway);
  return Math.round((process.memoryUsage().heapUsed - before) / HITS);
}

console.log(
  JSON.stringify({
    granted_ga4: bytesPerHit(GA4_ONLY, { choice: 'granted' }),
    denied_ga4: bytesPerHit(GA4_ONLY, { choice: 'denied' }),
    granted_five_routes: bytesPerHit(FIVE_ROUTES, { choice: 'granted', purchase: true }),
  }),
);
