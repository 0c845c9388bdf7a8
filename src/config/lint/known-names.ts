import { knownPlatforms } from '../../consent/index.ts';
import { plain } from '../../core/nearest.ts';

/** Other names of consent platforms that have another one in `consent.cmp`; lower case, without separators. */
const PLATFORMS: Readonly<Record<string, string>> = {
  ccpa: 'usprivacy',
  civiccookiecontrol: 'civic',
  cmplz: 'complianz',
  cookiecontrol: 'civic',
  cookieconsent: 'vanilla-cookieconsent',
  cookielaw: 'onetrust',
  cookiepro: 'onetrust',
  crownpeak: 'evidon',
  cybot: 'cookiebot',
  gdprcookiecompliance: 'moove',
  gdprcookieconsent: 'cookie-law-info',
  homemade: 'bridge',
  iab: 'tcf',
  iabtcf: 'tcf',
  optanon: 'onetrust',
  orestbida: 'vanilla-cookieconsent',
  own: 'bridge',
  quantcast: 'inmobi',
  quantcastchoice: 'inmobi',
  tcf2: 'tcf',
  tcfv2: 'tcf',
  truste: 'trustarc',
  uspapi: 'usprivacy',
  wtconsent: 'webtoffee',
};

/**
 * The name of a platform in `consent.cmp`, by another name of it or by the name of its cookie.
 * @param inList it is a member of a list, where `auto` has no meaning
 */
export function platformCalled(name: string, inList: boolean): string | undefined {
  if (inList && name.toLowerCase() === 'auto') return 'cmp: auto';
  const [byCookie, other] = knownPlatforms.filter(({ cookies }) => cookies.split(', ').includes(name));
  if (byCookie !== undefined && other === undefined) return byCookie.name;
  const called = plain(name);
  return Object.hasOwn(PLATFORMS, called) ? PLATFORMS[called] : undefined;
}

/** Categories of banners, as the signals that a route can need. */
const CATEGORIES: Readonly<Record<string, string>> = {
  ads: 'ad_storage',
  advertising: 'ad_storage',
  analytics: 'analytics_storage',
  marketing: 'ad_storage',
  personalisation: 'ad_personalization',
  personalization: 'ad_personalization',
  statistics: 'analytics_storage',
  targeting: 'ad_storage',
  userdata: 'ad_user_data',
};

/** The signal that a category of a banner stands for. */
export function signalCalled(name: string): string | undefined {
  const called = plain(name);
  return Object.hasOwn(CATEGORIES, called) ? CATEGORIES[called] : undefined;
}

/** Vendors that people ask for and that have no destination here. */
const NO_DESTINATION = new Set(
  (
    'x twitter hotjar clarity criteo taboola outbrain klaviyo ' +
    'mailchimp braze segment amplitude mixpanel plausible posthog adform ' +
    'adobe awin tradedoubler quora spotify yandex baidu'
  ).split(' '),
);

/** Whether a route is named after a vendor without a destination. */
export function hasNoDestination(name: string): boolean {
  return NO_DESTINATION.has(plain(name).replace(/(?:ads|pixel|capi|tag|api)$/, ''));
}

/** Keys of other tools that hold another id than the one meant here; lower case, without separators. */
const KEYS: Readonly<Record<string, string>> = {
  hubid: 'HubSpot knows the account by its token, and the custom events by their names: `pe<Hub ID>_...`',
  portalid: 'HubSpot knows the account by its token, and the custom events by their names: `pe<Hub ID>_...`',
  partnerid:
    'the partner id belongs to LinkedIn\'s tag in the browser; conversions are reported by the ids of their rules: `conversions: { purchase: "104012" }`',
  containerid: 'a container of Tag Manager is not a destination: the ids of the tags in it are',
  trackingid: 'GA4 has a measurement id: `measurement_id: G-...`',
  propertyid: 'GA4 has a measurement id for each data stream: `measurement_id: G-...`',
  streamid: 'a data stream is named by its measurement id: `measurement_id: G-...`',
  adaccountid: 'events go to the dataset (pixel), not to the ad account: `pixel_id`',
};

/** What to say about a key of another tool. */
export function foreignKey(key: string): string | undefined {
  const called = plain(key);
  return Object.hasOwn(KEYS, called) ? KEYS[called] : undefined;
}

/** Names of keys in other tools; lower case, without separators. */
const SYNONYMS: Readonly<Record<string, string>> = {
  advertising: 'ads',
  marketing: 'ads',
  measurement: 'analytics',
  statistics: 'analytics',
  accountid: 'ad_account_id',
  activityids: 'activities',
  apikey: 'api_secret',
  apitoken: 'access_token',
  configurationid: 'floodlight_config_id',
  conversiontoken: 'access_token',
  customdimensions: 'dimensions',
  eventsourceid: 'pixel_id',
  exclude: 'never_forward',
  floodlightconfigurationid: 'floodlight_config_id',
  floodlightid: 'floodlight_config_id',
  idsite: 'site_id',
  ignore: 'never_forward',
  mapping: 'map',
  perip: 'per_client',
  pixelcode: 'pixel_id',
  platform: 'cmp',
  query: 'url_query',
  ratelimit: 'per_client',
  routes: 'destinations',
  secret: 'api_secret',
  serviceaccount: 'credentials',
  siteid: 'app_id',
  src: 'floodlight_config_id',
  testcode: 'test_event_code',
  token: 'access_token',
  tokenauth: 'token',
  trustproxy: 'trusted_proxies',
  ttl: 'max_age',
  uvariables: 'variables',
  vendors: 'destinations',
  websiteid: 'app_id',
};

/** What other tools call an address, which is two settings here. */
const ADDRESS =
  /^(?:(?:web)?hook|tracking|tracker|matomo|endpoint|api|base|target)?(?:url|uri|address)$|^(?:endpoint|webhook)$/;

/**
 * What to write for a whole address. Only its host is repeated: the rest of it may be a secret.
 * @param known the keys of the section
 */
export function addressIn(key: string, written: unknown, known: readonly string[]): string | undefined {
  if (!known.includes('host') || !ADDRESS.test(plain(key))) return undefined;
  const host = typeof written === 'string' ? /^https?:\/\/([a-z0-9.-]+)/i.exec(written)?.[1]?.toLowerCase() : undefined;
  const rest = known.includes('path')
    ? ', and `path:` with the rest of the address from the first `/`; what is secret in it stands there as `${NAME}`'
    : '';
  return `\`host: ${host ?? '<the host of the address, without https://>'}\`${rest}`;
}

/** The key here with the same meaning, if it is one of `known`. */
export function keyCalled(name: string, known: readonly string[]): string | undefined {
  const called = plain(name);
  const key = Object.hasOwn(SYNONYMS, called) ? SYNONYMS[called] : undefined;
  return key !== undefined && known.includes(key) ? key : undefined;
}
