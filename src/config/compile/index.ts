import { AD_SIGNALS, BIT, maskOf, NO_SIGNALS, type SignalMask } from '../../core/signals.ts';
import { deriveKey, keyedHash, sha256Hex } from '../../core/hash.ts';
import { showSecretRef, type SecretRef } from '../../core/secret.ts';
import { consentReaders } from '../../consent/readers.ts';
import type { SigningKey, SiteCookies } from '../../cookies/types.ts';
import { CLICK_COOKIES } from '../../cookies/vendor-cookies.ts';
import type { BoundForm } from '../../core/destination.ts';
import type { CookieUsers, Gateway, Route, Site } from '../../policy/gateway.ts';
import { type NameReasons, nameReasons } from '../../policy/near.ts';
import { permitTable } from '../../policy/permit.ts';
import { parseCidrs } from '../../privacy/ip.ts';
import { bitsFor } from '../../privacy/replaced-id.ts';
import { compileUrlPolicy } from '../../privacy/url/url.ts';
import { KEY_KINDS, keyId } from '../../protocols/admission.ts';
import { waysUnder } from '../../protocols/doors.ts';
import { headersByOrigin } from '../../protocols/headers.ts';
import { compileConsent } from './compile-consent.ts';
import { compileRules } from './compile-rules.ts';
import { policyHash, policyOf } from './policy.ts';
import { paramsOfUse, routeParams, type RouteConfig } from './routes.ts';
import { namesIn } from './rules-in.ts';
import type { Config, SiteConfig } from '../schema.ts';
import type { ResolvedSecrets } from './secrets.ts';

/** A secret whose value cannot be used. Names the reference, never the value. */
export class UnusableSecret extends Error {
  override readonly name = 'UnusableSecret';
}

/**
 * Compiles a configuration: permits of every route for every consent, keys of every site, the hash of the policy.
 * @throws UnusableSecret when a key of the gateway's own is empty.
 */
export function compileGateway(config: Config, secrets: ResolvedSecrets): Gateway {
  const sites = config.sites.map((site) => compileSite(site, config, secrets));
  return {
    policy: policyHash(policyOf(config, sites)),
    prefix: config.server.path_prefix ?? '',
    doors: waysUnder(config.server.path_prefix ?? ''),
    sites,
    siteOf: new Map(sites.flatMap((site) => site.hosts.map((host) => [host, site] as const))),
    routeOf: new Map(sites.flatMap((site) => site.routes.map((route) => [route.key, route] as const))),
    trustedProxies: parseCidrs(config.server.trusted_proxies),
    countryHeader: config.server.country_header,
    addressHeader: config.server.address_header,
    delivery: {
      maxAge: config.delivery.max_age,
      maxSize: config.delivery.max_size,
      deadLetters: config.delivery.dead_letters,
      decisions: config.delivery.decisions === 'off' ? 0 : config.delivery.decisions,
    },
    perClient: config.limits.per_client === 'off' ? undefined : config.limits.per_client,
  };
}

function compileSite(site: SiteConfig, config: Config, secrets: ResolvedSecrets): Site {
  const name = siteName(site);
  const key = (use: string) => deriveKey(secrets.rootKey, `${use}|${name}`);
  const sealer = secrets.sealing?.(key('sealed'));
  const routes = compileRoutes(site, { site: name, maxAge: config.delivery.max_age, sealer });
  const replaced = site.privacy.replaced_ids;
  const consent = compileConsent(site);
  return {
    name,
    hosts: site.hosts,
    origins: new Set(site.origins),
    headers: headersByOrigin(site.origins),
    ingestKeys: new Set(KEY_KINDS.flatMap((kind) => site[kind].map((ref) => keyId(kind, filled(ref, secrets))))),
    country: site.country,
    consent,
    consentReaders: consentReaders(consent),
    legitimateInterest:
      (site.purposes.analytics.basis === 'legitimate_interest' ? BIT.analytics_storage : NO_SIGNALS) |
      (site.purposes.ads.basis === 'legitimate_interest' ? AD_SIGNALS : NO_SIGNALS),
    endsOnObjection: endsOnObjection(site.purposes),
    privacy: {
      ip: site.privacy.ip,
      userAgent: site.privacy.user_agent,
      url: compileUrlPolicy({
        query: site.privacy.url_query,
        referrer: site.privacy.referrer,
        own: site.origins,
        neverForward: site.privacy.never_forward,
      }),
      replacedIds: replaced && {
        bits: bitsFor(replaced.visitors),
        window: replaced.window,
        rareBelow: replaced.rare_below,
      },
    },
    cookies: compileCookies(site, name, secrets),
    keys: { pseudonym: keyedHash(key('pseudonym')), subject: keyedHash(key('subject')) },
    routes,
    feeds: routes.filter(({ stream, primary }) => stream === undefined || primary),
    conversions: conversionsOf(routes),
    eventNames: eventNamesOf(routes),
    streams: routes
      .filter(({ stream }) => stream !== undefined)
      .sort((a, b) => Number(b.primary) - Number(a.primary))
      .map(({ stream }) => stream as string),
    clickParams: clickParamsOf(routes),
    hashesVisitors: hashedEvents(routes),
    cookieUsers: cookieUsersOf(routes),
  };
}

/** Signals whose refusal also ends the form without consent (GDPR Art. 21). */
function endsOnObjection({ analytics, ads }: SiteConfig['purposes']): SignalMask {
  const relies = analytics.basis === 'legitimate_interest' || ads.basis === 'legitimate_interest';
  const ends = ({ on_objection }: SiteConfig['purposes']['ads']): boolean =>
    on_objection === undefined ? relies : on_objection === 'nothing';
  return (ends(analytics) ? BIT.analytics_storage : NO_SIGNALS) | (ends(ads) ? AD_SIGNALS : NO_SIGNALS);
}

function conversionsOf(routes: readonly Route[]): ReadonlySet<string> {
  const forms = routes.flatMap(formsOf).filter(({ wants }) => wants.conversions === true);
  return new Set(['purchase', ...forms.flatMap(({ wants }) => [...wants.names.keys()])]);
}

function eventNamesOf(routes: readonly Route[]): ReadonlySet<string> {
  const listed = routes.flatMap(({ events }) => [...(events ?? [])]);
  return new Set([...listed, 'purchase', ...routes.flatMap(formsOf).flatMap(({ wants }) => [...wants.names.keys()])]);
}

function clickParamsOf(routes: readonly Route[]): ReadonlySet<string> {
  const reads = routes.flatMap(({ destination }) => Object.entries(destination.reads));
  const read = new Set<string | undefined>(reads.map(([field, { from = field }]) => from));
  return new Set(
    CLICK_COOKIES.flatMap(({ click, field }) => (click !== undefined && read.has(field) ? [click.param] : [])),
  );
}

function hashedEvents(routes: readonly Route[]): Site['hashesVisitors'] {
  const reading = routes.filter(({ destination }) => 'visitor_hash' in destination.reads);
  if (reading.some(({ events }) => events === undefined)) return 'every';
  return new Set(reading.flatMap(({ events }) => [...(events ?? [])]));
}

/** Every form of a route, and those of its rules. */
function formsOf({ bound: { full, limited }, rules }: Route): readonly BoundForm[] {
  const own = limited === undefined ? [full] : [full, limited];
  return rules === undefined ? own : [...own, ...rules.variants.flatMap(formsOf)];
}

function cookieUsersOf(routes: readonly Route[]): readonly CookieUsers[] {
  const byVendor = Map.groupBy(routes, ({ destination }) => destination.vendor);
  return [...byVendor].flatMap(([vendor, all]) =>
    [BIT.ad_storage, BIT.analytics_storage].map((signal) => {
      const needing = all.filter(({ needs }) => (needs & signal) !== 0);
      return { vendor, signal, routes: needing.length > 0 ? needing : all };
    }),
  );
}

/** The first of its hosts. */
function siteName(site: SiteConfig): string {
  return site.hosts[0] as string;
}

function compileCookies(site: SiteConfig, name: string, secrets: ResolvedSecrets): SiteCookies {
  const { cookies } = site;
  const roots =
    cookies.keys.length === 0
      ? [secrets.rootKey]
      : cookies.keys.map((ref) => new TextEncoder().encode(filled(ref, secrets)));
  return {
    domain: cookies.domain,
    analytics: cookies.analytics,
    ads: cookies.ads,
    ownId: cookies.own_id,
    signing: roots.map((root): SigningKey => {
      const key = deriveKey(root, `cookie|${name}`);
      return { id: sha256Hex(`id|${name}|${key.join()}`).slice(0, 6), mac: keyedHash(key) };
    }),
  };
}

function filled(ref: SecretRef, secrets: ResolvedSecrets): string {
  const value = secrets.value(ref);
  if (value !== '') return value;
  throw new UnusableSecret(`${showSecretRef(ref)} is empty: a key anybody could guess`);
}

function compileRoutes(site: SiteConfig, common: Pick<Route, 'site' | 'maxAge' | 'sealer'>): readonly Route[] {
  const streams = new Map<string, string>();
  for (const [name, { destination, settings }] of site.destinations) {
    const stream = destination.stream?.(settings);
    if (stream !== undefined) streams.set(name, stream);
  }
  const chosen = [...site.destinations].find(([name, route]) => streams.has(name) && route.primary === true)?.[0];
  const primary = chosen ?? streams.keys().next().value;
  const replaced = site.privacy.replaced_ids !== undefined;
  return [...site.destinations].map(([name, route]) =>
    compileRoute(
      route,
      { ...common, name, stream: streams.get(name), primary: name === primary },
      routeParams(route, replaced),
    ),
  );
}

function compileRoute(
  route: RouteConfig,
  place: Pick<Route, 'name' | 'site' | 'stream' | 'primary' | 'maxAge' | 'sealer'>,
  taken: Route['params'],
): Route {
  const { destination } = route;
  const bound = destination.bind(route.settings);
  const events = route.events && namesIn(route.events);
  const base = {
    ...place,
    key: `${place.site}/${place.name}`,
    destination,
    bound,
    events: events && new Set(events),
    unlisted: nameReasons('skip.not_listed', events ?? []),
    unmapped: { full: unmappedReasons(bound.full), limited: unmappedReasons(bound.limited) },
    params: paramsOfUse(taken, bound.params),
    since: route.since,
    limited: route.without_consent === 'limited',
    needs: maskOf(bound.needs),
    permits: permitTable(destination, {
      withoutConsent: route.without_consent,
      alsoNeeds: bound.needs,
      only: bound.fields,
    }),
    maxAge: Math.min(place.maxAge, destination.maxAge),
  };
  return { ...base, rules: compileRules(base, route, taken), rule: undefined };
}

/** Why a form does not take an event: by name, where the form takes some names only. */
function unmappedReasons(form: BoundForm | undefined): NameReasons {
  if (form === undefined || form.wants.names.size === 0) return NO_NAMES;
  return nameReasons(
    'skip.not_mapped',
    [...form.wants.names.keys()].filter((name) => form.nameOf(name) !== undefined),
  );
}

const NO_NAMES = nameReasons('skip.not_mapped', []);
