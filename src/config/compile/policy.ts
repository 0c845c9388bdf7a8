import { sha256Hex } from '../../core/hash.ts';
import type { Site } from '../../policy/gateway.ts';
import type { RouteConfig } from './routes.ts';
import { inOneOrder, rulesIn } from './rules-in.ts';
import type { Config, SiteConfig } from '../schema.ts';
import { isSecretRef } from './secrets.ts';

/**
 * The policy of a configuration as plain data: everything that changes what a vendor gets or what is kept, and nothing
 * else. A secret counts only as present or missing, not by name, because renaming a variable changes nothing for a
 * visitor. The listener, the hosts and the keys of senders are no part of the policy.
 */
export interface Policy {
  readonly looks_at_address: unknown;
  readonly kept: unknown;
  readonly sites: readonly unknown[];
}

/** Makes the policy from a configuration and its compiled form. */
export function policyOf(config: Config, sites: readonly Site[]): Policy {
  const { server, delivery, limits } = config;
  const looks = limits.per_client !== 'off' || config.sites.some(({ privacy }) => privacy.ip !== 'none');
  const { per_client } = limits;
  const { max_age, dead_letters, decisions } = delivery;
  return {
    looks_at_address: looks && {
      per_client,
      trusted_proxies: set(server.trusted_proxies),
      address_header: server.address_header,
      country_header: server.country_header,
    },
    kept: { max_age, dead_letters, decisions },
    sites: config.sites.map((site, i) => sitePolicy(site, sites[i] as Site)),
  };
}

function sitePolicy(site: SiteConfig, compiled: Site): unknown {
  const { privacy, cookies } = site;
  const { segment, custom, ...consent } = site.consent;
  const { keys: _, ...lives } = cookies;
  return {
    site: compiled.name,
    country: site.country,
    consent: { ...consent, cmp: set(consent.cmp), honour: set(consent.honour) },
    custom: Object.keys(custom).length === 0 ? undefined : custom,
    stated_categories: segment === 'cookies' ? undefined : segment,
    asserted_consent: compiled.consent.takesAssertions || undefined,
    purposes: site.purposes,
    privacy: { ...privacy, url_query: set(privacy.url_query), never_forward: set(privacy.never_forward) },
    // The origins decide which pages are the site's own.
    own_pages: privacy.referrer === 'own' || privacy.replaced_ids !== undefined ? set(site.origins) : undefined,
    cookies: lives,
    routes: compiled.routes
      .map(({ name, primary, permits }) => {
        const { destination, named: _, namedIn: __, ...route } = site.destinations.get(name) as RouteConfig;
        return {
          name,
          type: destination.name,
          ...route,
          // The first of two rules counts where both have the same name, so their order is part of the policy.
          events: rulesIn(route.events)?.map(inOneOrder) ?? set(route.events),
          params: route.params === 'all' ? undefined : set(route.params),
          primary,
          permits: permits.map(({ verdict, sources, open }) => [verdict, sources, open.map(({ field }) => field)]),
        };
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** A list in a fixed order, for lists whose order means nothing. */
function set<T>(list: T): T {
  return Array.isArray(list) ? ([...new Set(list as string[])].sort() as T) : list;
}

/**
 * A policy as text. Its keys have a fixed order, so that moving lines in the file changes nothing. No secret is in it,
 * not even by name.
 */
export function policyText(policy: Policy): string {
  return `${JSON.stringify(policy, plain, 2)}\n`;
}

/**
 * The hash that stands for a policy in the decision log and on stored events: 16 hex digits of the SHA-256 of its text.
 */
export function policyHash(policy: Policy): string {
  return sha256Hex(policyText(policy)).slice(0, 16);
}

function plain(_key: string, value: unknown): unknown {
  if (isSecretRef(value)) return 'a secret';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
