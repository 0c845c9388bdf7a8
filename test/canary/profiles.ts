import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { compileGateway } from '../../src/config/compile/index.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createWindows, type Windows } from '../../src/ledger/windows.ts';
import { aesSealing } from '../../src/runtimes/node/process/sealing.ts';
import type { Gateway } from '../../src/policy/gateway.ts';
import { NOW } from '../support/hits.ts';
import { ADS, ANALYTICS, EVERYTHING, PERSONAL, USER_DATA, type Choice, type Vendor } from './kinds.ts';

/** One site of one configuration, and what its YAML states. */
export interface Profile {
  readonly name: string;
  /** When its hits happen, unix milliseconds. */
  readonly now: number;
  readonly gateway: Gateway;
  /** Of sites that replace ids. */
  readonly windows: Windows;
  readonly host: string;
  readonly origin: string;
  readonly backend: boolean;
  /** Its back end may send by the Measurement Protocol, too. */
  readonly measurement: boolean;
  readonly platforms: readonly string[];
  /** Purposes of the site's own for OneTrust (`mapped`). */
  readonly mapped: boolean;
  readonly maxAge: boolean;
  readonly optOut: boolean;
  /** Signals on legitimate interest. */
  readonly interest: number;
  /** Those of them whose routes end altogether when the visitor objects. */
  readonly endsOnObjection: number;
  /** The banner is one that lists services. */
  readonly services: boolean;
  readonly choices: ReadonlySet<Choice>;
  readonly streams: readonly string[];
  readonly routes: ReadonlyMap<
    string,
    {
      readonly vendor: Vendor;
      readonly limited: boolean;
      /** Signals that the route itself asks for. */
      readonly needs: number;
    }
  >;
}

/** The parts of a site's YAML that the table of what may leave needs to know. */
interface Yaml {
  readonly server?: { readonly trusted_proxies?: readonly string[] };
  readonly sites: readonly {
    readonly hosts: readonly string[];
    readonly origins: readonly string[];
    readonly ingest_keys?: readonly string[];
    readonly mp_secrets?: readonly string[];
    readonly consent: {
      readonly cmp?: readonly string[] | 'auto';
      readonly mapping?: object;
      readonly max_age?: string;
      readonly without_choice?: string;
    };
    readonly purposes?: Readonly<
      Record<'analytics' | 'ads', { readonly basis: string; readonly on_objection?: string }>
    >;
    readonly privacy?: {
      readonly ip?: string;
      readonly user_agent?: string;
      readonly url_query?: readonly string[];
      readonly referrer?: string;
      readonly replaced_ids?: object;
    };
    readonly destinations: Readonly<
      Record<
        string,
        {
          readonly type?: Vendor;
          readonly without_consent?: string;
          readonly needs?: readonly string[];
          readonly measurement_id?: string;
          readonly merchant?: object;
        }
      >
    >;
  }[];
}

/** The value of every secret in these tests, ingest keys included. */
export const INGEST_KEY = 'ingest-key-of-the-canaries-0123456789';

const CONFIG = new URL('../../config/', import.meta.url);

/** Everything that ships, and five of our own with every choice the shipped ones leave out. */
export function profiles(): Profile[] {
  const files = ['gateway.yaml', 'demo.yaml', ...['presets/', 'examples/'].flatMap(yamlFiles)];
  const shipped = files.map((file): [string, string] => [file, readFileSync(new URL(file, CONFIG), 'utf8')]);
  const own = [
    ['every limited form', LIMITED],
    ['looser', LOOSER],
    ['looser, behind a proxy', BEHIND_A_PROXY],
    ['services', SERVICES],
    ['interest', INTEREST],
  ] as const;
  return [...shipped, ...own].flatMap(([name, text]) => sitesOf(name, text));
}

function yamlFiles(folder: string): string[] {
  const names = readdirSync(new URL(folder, CONFIG)).filter(
    (name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml'),
  );
  return names.toSorted().map((name) => folder + name);
}

/** The profiles of a configuration, one for each of its sites. */
export function sitesOf(name: string, text: string, now = NOW): Profile[] {
  const loaded = loadConfig(text, name, now);
  if (!('config' in loaded)) throw new Error(`${name}: ${JSON.stringify(loaded.findings)}`);
  const gateway = compileGateway(loaded.config, {
    value: () => INGEST_KEY,
    rootKey: new Uint8Array(32).fill(7),
    sealing: aesSealing,
  });
  // A bare `${NAME}` in a list in brackets is the gateway's own spelling; plain YAML reads a map there.
  const plain = text.replaceAll(
    /(?<=[\w/ ] ?)\$\{(\w+)\}(?=[\w/"])|"?\$\{(\w+)\}"?/g,
    (_, inside?: string, whole = '') => inside ?? `"${whole}"`,
  );
  const { sites, server } = parse(plain) as Yaml;
  return sites.map((site): Profile => {
    const { consent, privacy = {}, destinations, purposes } = site;
    const choices = new Set<Choice>();
    if (privacy.url_query?.includes('utm_campaign') === true) choices.add('keeps utm_campaign');
    const referrer = privacy.referrer ?? 'origin';
    if (referrer === 'origin' || referrer === 'path') choices.add(`referrer ${referrer}`);
    if (privacy.ip === 'truncate') choices.add('ip truncate');
    if (server?.trusted_proxies !== undefined) choices.add('behind a proxy');
    if (privacy.replaced_ids !== undefined) choices.add('ids replaced');
    if (privacy.user_agent === 'full') choices.add('user agent full');
    if (Object.values(destinations).some(({ merchant }) => merchant !== undefined)) choices.add('merchant');
    const routes = Object.entries(destinations).map(([route, { type, without_consent, needs = [] }]) => {
      const own = needs.reduce((mask, name) => mask | (SIGNALS[name] ?? 0), 0);
      return [route, { vendor: type ?? route, limited: without_consent === 'limited', needs: own }] as const;
    });
    return {
      now,
      name: sites.length === 1 ? name : `${name}, ${site.hosts[0]}`,
      gateway,
      windows: createWindows(() => new Uint8Array(32).fill(9)),
      host: site.hosts[0] ?? '',
      origin: site.origins[0] ?? '',
      backend: site.ingest_keys !== undefined,
      measurement: site.mp_secrets !== undefined,
      platforms: typeof consent.cmp === 'object' ? consent.cmp : EVERY_PLATFORM,
      mapped: consent.mapping !== undefined && 'onetrust' in consent.mapping,
      maxAge: consent.max_age !== undefined,
      optOut: consent.without_choice === 'granted',
      interest:
        (purposes?.analytics.basis === 'legitimate_interest' ? 2 : 0) |
        (purposes?.ads.basis === 'legitimate_interest' ? 13 : 0),
      endsOnObjection: endsWith(purposes?.analytics, ANALYTICS) | endsWith(purposes?.ads, EVERYTHING & ~ANALYTICS),
      services: typeof consent.cmp === 'object' && consent.cmp.includes('klaro'),
      choices,
      streams: Object.values(destinations).flatMap(({ measurement_id }) => measurement_id ?? []),
      routes: new Map(routes),
    };
  });
}

function endsWith(purpose: { basis: string; on_objection?: string } | undefined, signals: number): number {
  return purpose?.basis === 'legitimate_interest' && purpose.on_objection !== 'limited' ? signals : 0;
}

const SIGNALS: Readonly<Record<string, number>> = {
  ad_storage: ADS,
  analytics_storage: ANALYTICS,
  ad_user_data: USER_DATA,
  ad_personalization: PERSONAL,
};

const EVERY_PLATFORM = ['cookiebot', 'cookie-information', 'onetrust', 'tcf', 'vanilla-cookieconsent', 'bridge'];

const ROUTES = `
      google_ads:
        customer_id: "1234567890"
        conversions: { purchase: "700123456", generate_lead: "700123457" }
        credentials: \${GOOGLE_ADS_CREDENTIALS}
        without_consent: limited
        conversion_id: "987654321"
        labels: { purchase: AbC-D_efGhIjKl, generate_lead: MnO-P_qrStUvWx }
        merchant: { id: "12345", feed_label: "NO", feed_language: nb }
      floodlight:
        floodlight_config_id: "8031234"
        activities: { purchase: { id: "14567890", count: transactions }, generate_lead: { id: "14567891", count: standard } }
        credentials: \${GOOGLE_ADS_CREDENTIALS}
        variables: { U1: params.note, U2: coupon }
        user_data: true
        merchant: { id: "12345", feed_label: "NO", feed_language: nb }
      meta: { pixel_id: "123456789012345", access_token: "\${META_ACCESS_TOKEN}" }
      linkedin: { conversions: { purchase: "104012", generate_lead: "104013" }, access_token: "\${LINKEDIN_ACCESS_TOKEN}" }
      hubspot:
        custom_events:
          purchase: { name: pe1234567_purchase, properties: { order: transaction_id, items: item_ids, note: params.note, title: page_title } }
          generate_lead: { name: pe1234567_lead, properties: { page: page_location, search: search_term } }
        email: true
        access_token: "\${HUBSPOT_TOKEN}"
      matomo:
        host: stats.example.no
        site_id: "3"
        token: \${MATOMO_TOKEN}
        currency: NOK
        dimensions: { "1": note }
        user_id: true
        without_consent: limited
      microsoft_ads: { tag_id: "97000001", access_token: "\${MICROSOFT_UET_TOKEN}", without_consent: limited }
      piwik_pro:
        host: example.piwik.pro
        app_id: 892d04bd-0000-4000-8000-000000000001
        currency: NOK
        dimensions: { "1": note }
        user_id: true
        without_consent: limited
      pinterest: { ad_account_id: "549757463328", access_token: "\${PINTEREST_ACCESS_TOKEN}" }
      reddit: { pixel_id: a2_exampleabc, access_token: "\${REDDIT_ACCESS_TOKEN}" }
      snapchat: { pixel_id: 1ec32188-754e-4be2-8e55-c949a984a39f, access_token: "\${SNAPCHAT_ACCESS_TOKEN}" }
      tiktok:
        pixel_id: D6AP4E3C77U3L7SP8O7G
        access_token: "\${TIKTOK_ACCESS_TOKEN}"
        user_data: [email, phone, first_name, last_name, city, region, postal_code, country, user_id]
      crm:
        type: http
        host: crm.example.com
        path: /in/\${HTTP_HOOK}/{event.id}
        needs: [ad_storage]
        recipient: { name: Example AS, country: NO, purpose: sales }
        services: [lead-crm]
        events: [page_view, view_item, search, add_to_cart, begin_checkout, purchase, generate_lead, sign_up, login]
        params: all
        fields: [currency, value, tax, shipping, coupon, transaction_id, search_term, items, params, page_location, page_referrer, page_title, language, country, own_id, user_id, email, phone]
        user_data: { email: plain, phone: plain, first_name: plain, last_name: plain, street: plain, city: plain, region: plain, postal_code: plain, country: plain }`;

/** Every identifier-free form is on, and OneTrust's groups grant one signal each, so that all 16 states occur. */
export const LIMITED = `
sites:
  - hosts: [metrics.example.no]
    origins: [https://shop.example.no]
    ingest_keys: ["\${INGEST_KEY}"]
    mp_secrets: ["\${INGEST_KEY}"]
    country: NO
    consent:
      cmp: [onetrust]
      mapping:
        onetrust:
          purposes: { A1: [ad_storage], A2: [analytics_storage], A3: [ad_user_data], A4: [ad_personalization] }
    privacy: { url_query: [utm_campaign], referrer: origin }
    cookies: { domain: example.no, own_id: true }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${GA4_API_SECRET}", without_consent: limited }${ROUTES}
`;

/** As loose as a configuration can be where consent is asked for. */
export const LOOSER = `
sites:
  - hosts: [metrics.example.no]
    origins: [https://shop.example.no]
    ingest_keys: ["\${INGEST_KEY}"]
    mp_secrets: ["\${INGEST_KEY}"]
    country: NO
    consent: { cmp: auto }
    privacy: { ip: truncate, user_agent: full, url_query: [utm_campaign, utm_source], referrer: path }
    cookies: { domain: example.no, own_id: true, analytics: 400d, ads: 90d }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${GA4_API_SECRET}", primary: true }
      second: { type: ga4, measurement_id: G-TEST000002, without_consent: limited }${ROUTES}
`;

/** The peer is a proxy that may say whose address it is. */
const BEHIND_A_PROXY = `server: { trusted_proxies: [91.0.0.0/8, "2a0d:91::/32", 10.0.0.0/8] }${LOOSER}`;

/** The banner lists services, so a visitor can refuse one vendor and allow another. */
const SERVICES = LIMITED.replace('cmp: [onetrust]', 'cmp: [klaro]').replace(
  /onetrust:\n\s+purposes: \{.*\}/,
  `klaro:
          purposes:
            google-analytics: [analytics_storage]
            google-ads: [ad_storage, ad_user_data, ad_personalization]
            floodlight: [ad_storage, ad_user_data, ad_personalization]
            facebook-pixel: [ad_storage, ad_user_data, ad_personalization]
            linkedin: [ad_storage, ad_user_data, ad_personalization]
            hubspot: [ad_storage, ad_user_data, ad_personalization]
            matomo: [analytics_storage]
            piwik-pro: [analytics_storage]
            microsoft-ads: [ad_storage, ad_user_data, ad_personalization]
            pinterest: [ad_storage, ad_user_data, ad_personalization]
            reddit: [ad_storage, ad_user_data, ad_personalization]
            snapchat: [ad_storage, ad_user_data, ad_personalization]
            tiktok: [ad_storage, ad_user_data, ad_personalization]
            lead-crm: [ad_storage, ad_user_data, ad_personalization]`,
);

/** Statistics rest on legitimate interest and end with an objection; refusals come from a list of services, too. */
const INTEREST = LIMITED.replace(
  'country: NO',
  'country: NO\n    purposes: { analytics: { basis: legitimate_interest }, ads: { basis: consent } }',
);
