import { sha256Hex } from '../core/hash.ts';
import type { Site } from '../policy/gateway.ts';
import type { Config } from './schema.ts';

/**
 * Hash of everything that decides what may leave: consent, purposes, privacy, cookie lifetimes, every route with its
 * settings, and the permits the modules gave it. Secrets take part by name. Hosts and origins decide what comes in,
 * delivery and limits how it goes: they are not part of it. 16 hex digits, as every outbox row carries it.
 */
export function policyHash(config: Config, sites: readonly Site[]): string {
  const policy = config.sites.map((site, i) => ({
    site: sites[i]?.name,
    country: site.country,
    consent: site.consent,
    purposes: site.purposes,
    privacy: site.privacy,
    cookies: { ...site.cookies, keys: undefined },
    routes: [...site.destinations].map(([name, { destination, ...route }]) => ({
      name,
      type: destination.name,
      ...route,
    })),
    permits: sites[i]?.routes.map(({ permits }) =>
      permits.map(({ verdict, sources, open }) => [verdict, sources, open.map(({ field }) => field)]),
    ),
  }));
  return sha256Hex(JSON.stringify(policy, sorted)).slice(0, 16);
}

/** Keys in one order, so that moving lines about in the file changes nothing. */
function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
