import { describe, expect, it } from 'vitest';
import { destinations } from '../../destinations/index.ts';
import type { ConsentRoute, SiteServices } from '../../src/consent/types.ts';
import { maskOf } from '../../src/core/signals.ts';
import { inputOf, readConsent } from './site.ts';
import { siteFor, vectors } from './vectors.ts';

// Services in a record must not close what a visitor has accepted. For each vector, every route that its categories
// open stays open, or the reading names the unknown services, so that the site can say whose they are. TC strings are
// left out, because they name vendors by number (test/policy/tcf-vendors.test.ts).

const ROUTES: readonly ConsentRoute[] = Object.values(destinations).map(
  ({ name, vendor, tcfVendor, needs, services }) => ({
    name,
    vendor,
    tcfVendor,
    needs: maskOf(needs),
    service: services[0] ?? name,
  }),
);

/** The usual names, as the compiler of the configuration would hand them over. */
function usual(): SiteServices['usual'] {
  const names = new Map<string, string[]>();
  for (const { name, services } of Object.values(destinations)) {
    for (const service of services) names.set(service, [...(names.get(service) ?? []), name]);
  }
  return names;
}

const services: SiteServices = { own: new Map(), usual: usual() };
const given = vectors.filter(
  ({ expect: { status, statistics, marketing } }) => status === 'given' && (statistics || marketing),
);

describe('consent/vectors.json, route by route', () => {
  it.each(given.map((vector) => [vector.id, vector] as const))('%s', (_, vector) => {
    const consent = readConsent(inputOf(vector.cookie), { ...siteFor(vector), routes: ROUTES, services });
    if (consent.readings.some(({ vendorList }) => vendorList === true)) return;
    const byCategory = ROUTES.filter(({ needs }) => (needs & ~consent.granted) === 0);
    const open = byCategory.filter(({ name, needs }) => (needs & ~(consent.terms?.get(name)?.open ?? needs)) === 0);
    expect(byCategory.length).toBeGreaterThan(0);
    const unknown = consent.readings.flatMap(({ unknownServices }) => unknownServices ?? []);
    const closed = byCategory.filter((route) => !open.includes(route)).map(({ name }) => name);
    expect([unknown, closed]).toEqual(EXPECTED[vector.id] ?? [[], []]);
  });
});

/**
 * The vectors in which a route is closed, as `consent.md` 1 and the records themselves have it: the names that
 * nobody knows, and the routes that no listed service is of.
 */
const EXPECTED: Readonly<Record<string, readonly [unknown: readonly string[], closed: readonly string[]]>> = {
  // Nobody's but AdSense's beside the two that are known.
  'borlabs-02': [
    ['google-adsense'],
    [
      'floodlight',
      'google_ads',
      'hubspot',
      'linkedin',
      'matomo',
      'microsoft_ads',
      'pinterest',
      'piwik_pro',
      'reddit',
      'snapchat',
      'tiktok',
    ],
  ],
  'borlabs-04': [[], ['ga4', 'piwik_pro']],
  // s26 is Google Analytics; s905 is not told anywhere.
  'consentmanager-01': [
    ['s905'],
    [
      'floodlight',
      'google_ads',
      'hubspot',
      'linkedin',
      'matomo',
      'meta',
      'microsoft_ads',
      'pinterest',
      'piwik_pro',
      'reddit',
      'snapchat',
      'tiktok',
    ],
  ],
  // Google Analytics is the one in the list of statistics.
  'consentmanager-03': [[], ['matomo', 'piwik_pro']],
  // Numbers of the site's own.
  'realcookiebanner-01': [
    ['37560', '37547'],
    [
      'floodlight',
      'ga4',
      'google_ads',
      'hubspot',
      'linkedin',
      'matomo',
      'meta',
      'microsoft_ads',
      'pinterest',
      'piwik_pro',
      'reddit',
      'snapchat',
      'tiktok',
    ],
  ],
  'realcookiebanner-03': [['601'], ['ga4', 'matomo', 'piwik_pro']],
};
