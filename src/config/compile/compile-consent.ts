import { knownPlatforms } from '../../consent/platforms/index.ts';
import { categorySignals } from '../../consent/preferences.ts';
import type {
  PlatformMapping,
  SiteConsent,
  SitePreferences,
  SiteServices,
  VendorService,
} from '../../consent/types.ts';
import { destinations } from '../../../destinations/index.ts';
import { CATEGORY_SIGNALS, maskOf, type Category, type SignalMask } from '../../core/signals.ts';
import { regimeOf } from '../countries.ts';
import type { SiteConfig } from '../schema.ts';
import { compileCustom } from './compile-custom.ts';
import { isCategory, signalsIn } from './signal-list.ts';

/** The consent section with categories, purposes and platforms put together. */
export function compileConsent(site: SiteConfig): SiteConsent {
  const { consent } = site;
  // A platform that is read on every site is in this list only where somebody wrote it down; then more of its record
  // counts.
  const cmp =
    consent.cmp === 'auto' ? knownPlatforms.filter(({ always }) => !always).map(({ name }) => name) : consent.cmp;
  const categories: Record<Category, SignalMask> = { ...CATEGORY_SIGNALS };
  const shared = new Map<string, SignalMask>();
  const platforms = new Map<string, PlatformMapping>();
  // Categories first, because the site may map a purpose to a category that it has redefined.
  for (const [word, value] of Object.entries(consent.mapping)) {
    if (isCategory(word) && isList(value)) categories[word] = signalsIn(value, CATEGORY_SIGNALS);
  }
  for (const [word, value] of Object.entries(consent.mapping)) {
    if (!isList(value)) {
      const { cookie, purposes, revision, opt_in: optIn } = value;
      platforms.set(word, {
        ...(cookie !== undefined && { cookie }),
        ...(revision !== undefined && { revision }),
        ...(optIn !== undefined && { optIn }),
        ...(purposes !== undefined && {
          purposes: new Map(Object.entries(purposes).map(([name, list]) => [name, signalsIn(list, categories)])),
        }),
      });
    } else if (!isCategory(word)) {
      shared.set(word, signalsIn(value, categories));
    }
  }
  return {
    cmp,
    honourGpc: consent.honour.includes('gpc'),
    honourConsentMode: consent.honour.includes('consent-mode'),
    takesAssertions: site.mp.consent === 'asserted',
    custom: compileCustom(consent.custom, categories),
    preferences: compilePreferences(consent.segment, categories),
    mapping: shared.size === 0 ? platforms : withShared(platforms, shared, cmp),
    categories,
    maxAge: consent.max_age,
    regime: regimeOf(site.country),
    withoutChoice: consent.without_choice,
    vendors: [...new Set([...site.destinations.values()].flatMap(({ destination }) => destination.tcfVendor ?? []))],
    routes: [...site.destinations].map(([name, { destination, settings, services }]) => ({
      name,
      vendor: destination.vendor,
      tcfVendor: destination.tcfVendor,
      acProvider: destination.acProvider,
      needs: maskOf(destination.bind(settings).needs),
      service: services?.[0] ?? destination.services[0] ?? name,
    })),
    services: compileServices(site),
  };
}

function compilePreferences(
  segment: SiteConfig['consent']['segment'],
  categories: Readonly<Record<Category, SignalMask>>,
): SitePreferences {
  const { take, categories: own } = typeof segment === 'string' ? { take: segment, categories: {} } : segment;
  const stated = Object.entries(own).map(([name, list]) => [name, signalsIn(list, categories)] as const);
  return { takes: take, signals: categorySignals(categories, new Map(stated)) };
}

/** The owners of services: as the site and its routes say, and the usual names of every destination. */
function compileServices({ consent, destinations: routes }: SiteConfig): SiteServices {
  const usual = new Map<string, string[]>();
  const vendors = new Map<string, VendorService[]>();
  for (const destination of Object.values(destinations)) {
    const own = [...routes].filter(([, route]) => route.destination === destination).map(([name]) => name);
    for (const service of destination.services) {
      usual.set(service, [...(usual.get(service) ?? []), ...own]);
      const { vendor, needs } = destination;
      vendors.set(service, [...(vendors.get(service) ?? []), { vendor, needs: maskOf(needs) }]);
    }
  }
  const own = new Map(Object.entries(consent.services));
  for (const [name, { services = [] }] of routes)
    for (const service of services) own.set(service, [...(own.get(service) ?? []), name]);
  return { own, usual, vendors };
}

function isList(
  value: SiteConfig['consent']['mapping'][string],
): value is Exclude<typeof value, { readonly cookie?: unknown }> {
  return typeof value === 'string' || Array.isArray(value);
}

/**
 * A purpose written without a platform holds for every platform with the site's own purposes; or for the only platform
 * there is.
 */
function withShared(
  platforms: ReadonlyMap<string, PlatformMapping>,
  shared: ReadonlyMap<string, SignalMask>,
  cmp: readonly string[],
): ReadonlyMap<string, PlatformMapping> {
  const all = new Map(platforms);
  for (const name of sharedBy(cmp)) {
    const own = platforms.get(name);
    all.set(name, { ...own, purposes: new Map([...shared, ...(own?.purposes ?? [])]) });
  }
  return all;
}

/** The platforms for which purposes written without a platform hold. */
export function sharedBy(cmp: readonly string[]): readonly string[] {
  const own = knownPlatforms.filter(({ name, needsMapping }) => needsMapping && cmp.includes(name));
  return own.length === 0 && cmp.length === 1 ? cmp : own.map(({ name }) => name);
}
