import { describe, expect, it } from 'vitest';
import { compileGateway, UnusableSecret } from '../../src/config/compile/index.ts';
import { NO_SECRETS, secretsOf, type ResolvedSecrets } from '../../src/config/compile/secrets.ts';
import { sha256Hex } from '../../src/core/hash.ts';
import { AD_SIGNALS, BIT } from '../../src/core/signals.ts';
import { load, yaml } from './support.ts';

const GA4 = 'measurement_id: G-TEST000001, api_secret: "${S}", region: eu';
const META = 'pixel_id: "123456789012345", access_token: "${T}"';

const compile = (text: string, secrets: ResolvedSecrets = NO_SECRETS) => compileGateway(load(text).config, secrets);
const site = (parts: Record<string, string>, secrets?: ResolvedSecrets) => compile(yaml(parts), secrets).sites[0];
const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

describe('compileGateway', () => {
  it('names sites by their first host and routes by site and name', () => {
    const gateway = compile(yaml({ hosts: '[metrics.example.no, 127.0.0.1]' }));
    expect([...gateway.siteOf.keys()]).toEqual(['metrics.example.no', '127.0.0.1']);
    expect(gateway.siteOf.get('127.0.0.1')?.name).toBe('metrics.example.no');
    expect([...gateway.routeOf.keys()]).toEqual(['metrics.example.no/ga4']);
  });

  it('takes units apart: durations, sizes, days, the rate limit', () => {
    const rest =
      'delivery: { max_age: 90m, max_size: 500MB, dead_letters: 0h, decisions: 30d }\nlimits: { per_client: 60 }';
    const gateway = compile(yaml({ destinations: `{ meta: { ${META}, since: 2026-11-01 } }` }, rest));
    expect(gateway.delivery).toEqual({
      maxAge: 5_400_000,
      maxSize: 500_000_000,
      deadLetters: 0,
      decisions: 2_592_000_000,
    });
    expect(gateway.perClient).toBe(60);
    expect(gateway.sites[0]?.routes[0]?.since).toBe(Date.UTC(2026, 10, 1));
    expect(compile(yaml()).perClient).toBeUndefined();
    expect(compile(yaml({}, 'delivery: { decisions: off }')).delivery.decisions).toBe(0);
  });

  it("an event waits for the shorter of the operator's and the vendor's limit", () => {
    const text = (age: string) => yaml({ destinations: `{ ga4: { ${GA4} } }` }, `delivery: { max_age: ${age} }`);
    // GA4 takes events of the last 72 hours (destinations/ga4.md 2.4).
    expect(compile(text('24h')).sites[0]?.routes[0]?.maxAge).toBe(24 * 3_600_000);
    expect(compile(text('100h')).sites[0]?.routes[0]?.maxAge).toBe(72 * 3_600_000);
  });

  it('no hash stands for a visitor in events that no route takes which is told one', () => {
    const matomo = (events: string) => `matomo: { host: m.example.no, site_id: "1", currency: NOK${events} }`;
    const hashed = (routes: string) => site({ destinations: `{ ${routes} }` })?.hashesVisitors;
    expect(hashed(`ga4: { ${GA4} }`)).toEqual(new Set());
    expect(hashed(matomo(', events: [purchase, { event: sign_up, when: { value: 3 } }]'))).toEqual(
      new Set(['purchase', 'sign_up']),
    );
    expect(hashed(matomo(''))).toBe('every');
  });

  it('legitimate interest becomes a mask of signals', () => {
    expect(site({})?.legitimateInterest).toBe(0);
    expect(site({ purposes: '{ analytics: { basis: legitimate_interest } }' })?.legitimateInterest).toBe(
      BIT.analytics_storage,
    );
    expect(site({ purposes: '{ ads: { basis: legitimate_interest } }' })?.legitimateInterest).toBe(AD_SIGNALS);
  });

  it('asks the TCF string about the vendors of its own routes only', () => {
    expect(site({ destinations: `{ ga4: { ${GA4} }, meta: { ${META} } }` })?.consent.vendors).toEqual([755]);
    expect(site({ destinations: `{ meta: { ${META} } }` })?.consent.vendors).toEqual([]);
  });
});

describe('the primary route', () => {
  const two = (first: string, second: string) =>
    site({
      destinations: `{ meta: { ${META} }, a: { type: ga4, ${GA4}${first} }, b: { type: ga4, ${GA4.replace('1,', '2,')}${second} } }`,
    });
  const primaries = (made: ReturnType<typeof two>) =>
    made?.routes.filter(({ primary }) => primary).map(({ name }) => name);

  it('is the first that takes hits, unless another is named', () => {
    expect(primaries(two('', ''))).toEqual(['a']);
    expect(primaries(two('', ', primary: true'))).toEqual(['b']);
  });

  it('feeds itself and every vendor without a stream, never the other tags', () => {
    expect(two('', '')?.feeds.map(({ name }) => name)).toEqual(['meta', 'a']);
    expect(two('', ', primary: true')?.feeds.map(({ name }) => name)).toEqual(['meta', 'b']);
  });

  it('is none where no tag sends', () => {
    const made = site({ destinations: `{ meta: { ${META} } }` });
    expect(made?.routes.map(({ primary, stream }) => [primary, stream])).toEqual([[false, undefined]]);
    expect(made?.feeds).toHaveLength(1);
  });
});

describe('consent mapping', () => {
  const consent = (text: string) => site({ consent: text })?.consent;

  it('maps categories anew, and purposes through them', () => {
    const made = consent(
      '{ cmp: [klaro], mapping: { marketing: [ad_storage, ad_user_data], klaro: { purposes: { ads: marketing, stats: [statistics] } } } }',
    );
    expect(made?.categories.marketing).toBe(BIT.ad_storage | BIT.ad_user_data);
    expect(made?.mapping.get('klaro')?.purposes).toEqual(
      new Map([
        ['ads', BIT.ad_storage | BIT.ad_user_data],
        ['stats', BIT.analytics_storage],
      ]),
    );
  });

  it('takes purposes without a platform for the one whose purposes are its own', () => {
    const made = consent('{ cmp: [klaro, tcf], mapping: { stats: analytics_storage } }');
    expect(made?.mapping.get('klaro')?.purposes).toEqual(new Map([['stats', BIT.analytics_storage]]));
    expect(made?.mapping.has('tcf')).toBe(false);
  });

  it('keeps cookie name, revision and opt-in', () => {
    const made = consent(
      '{ cmp: [klaro], mapping: { klaro: { cookie: kl, revision: 3, opt_in: true, purposes: {} } } }',
    );
    expect(made?.mapping.get('klaro')).toEqual({ cookie: 'kl', revision: 3, optIn: true, purposes: new Map() });
  });

  it('`auto` is every known platform', () => {
    const made = consent('{ cmp: auto }');
    expect(made?.cmp).toContain('cookiebot');
    expect(made?.cmp.length).toBeGreaterThan(20);
  });
});

describe('keys', () => {
  const KEY = 'k'.repeat(32);
  const OTHER = 'o'.repeat(32);
  const secrets = (values: Record<string, string>, root = 1): ResolvedSecrets => ({
    value: (ref) => values['env' in ref ? ref.env : ref.file] ?? '',
    rootKey: new Uint8Array(32).fill(root),
  });

  it('ingest keys are kept as hashes only', () => {
    const made = site({ ingest_keys: '[${A}]' }, secrets({ A: KEY }));
    expect(made?.ingestKeys).toEqual(new Set([sha256Hex(KEY)]));
  });

  it('every site and every use has a key of its own, derived from the root', () => {
    const two = compile(
      `${yaml()}  - { hosts: [b.example.no], origins: [https://b.example.no], country: NO, destinations: { meta: { ${META} } } }\n`,
    );
    const made = two.sites.flatMap(({ keys, cookies }) =>
      [keys.pseudonym('x'), keys.subject('x'), ...cookies.signing.map(({ mac }) => mac('x'))].map(hex),
    );
    expect(made).toHaveLength(6);
    expect(new Set(made).size).toBe(6);
    const again = compile(yaml()).sites[0];
    expect(hex(again?.keys.subject('x'))).toBe(made[1]);
    expect(hex(site({}, secrets({}, 2))?.keys.subject('x'))).not.toBe(made[1]);
  });

  it('signing keys keep their order and their public names, which say nothing about them', () => {
    const made = site({ cookies: '{ keys: [${NEW}, ${OLD}] }' }, secrets({ NEW: KEY, OLD: OTHER }));
    const turned = site({ cookies: '{ keys: [${OLD}] }' }, secrets({ OLD: OTHER }));
    expect(made?.cookies.signing).toHaveLength(2);
    expect(made?.cookies.signing[1]?.id).toBe(turned?.cookies.signing[0]?.id);
    expect(made?.cookies.signing[0]?.id).not.toBe(made?.cookies.signing[1]?.id);
    expect(made?.cookies.signing[0]?.id).toMatch(/^[0-9a-f]{6}$/);
  });

  it('an empty key is refused by its name', () => {
    expect(() => site({ ingest_keys: '[${EMPTY}]' }, secrets({ EMPTY: '' }))).toThrow(UnusableSecret);
    expect(() => site({ cookies: '{ keys: [${EMPTY}] }' }, secrets({}))).toThrow(/\$\{EMPTY\}/);
  });

  it('lists every secret once, with what it is for', () => {
    const text = yaml({
      ingest_keys: '[${A}]',
      cookies: '{ keys: [file:/run/k] }',
      destinations: `{ ga4: { ${GA4} }, meta: { ${META} }, m2: { type: meta, pixel_id: "123456789012346", access_token: "\${T}" } }`,
    });
    expect(secretsOf(load(text).config).map(({ ref, use }) => [ref, use])).toEqual([
      [{ env: 'A' }, 'metrics.example.no ingest_keys'],
      [{ file: '/run/k' }, 'metrics.example.no cookies.keys'],
      [{ env: 'S' }, 'metrics.example.no/ga4 api_secret'],
      [{ env: 'T' }, 'metrics.example.no/meta access_token'],
    ]);
  });
});

describe('the policy hash', () => {
  const policy = (parts: Record<string, string>, rest = '') => compile(yaml(parts, rest)).policy;
  const base = policy({});

  it.each([
    ['privacy', { privacy: '{ ip: truncate }' }],
    ['consent', { consent: '{ cmp: [cookiebot] }' }],
    ['a purpose', { purposes: '{ analytics: { basis: legitimate_interest } }' }],
    ['the country', { country: 'SE' }],
    ['a cookie lifetime', { cookies: '{ analytics: 6d }' }],
    ['a new route', { destinations: `{ ga4: { ${GA4} }, meta: { ${META} } }` }],
    ['the form without consent', { destinations: `{ ga4: { ${GA4}, without_consent: limited } }` }],
    ['who is told', { destinations: `{ ga4: { ${GA4.replace('1,', '9,')} } }` }],
    ['which events', { destinations: `{ ga4: { ${GA4}, events: [purchase] } }` }],
  ])('changes with %s', (_, parts) => {
    expect(policy(parts)).not.toBe(base);
  });

  it.each([
    ['how long an event waits', 'delivery: { max_age: 1h }'],
    ['how long dead letters are kept', 'delivery: { dead_letters: 1h }'],
    ['how long the decision log is kept', 'delivery: { decisions: 10d }'],
    ['whether the address is looked at to count requests', 'limits: { per_client: 5 }'],
  ])('changes with %s', (_, rest) => {
    expect(policy({}, rest)).not.toBe(base);
  });

  it('changes with whose word about the address is believed, where an address is looked at', () => {
    const proxies = 'server: { trusted_proxies: [10.0.0.0/8] }';
    const looked = { privacy: '{ ip: truncate }' };
    expect(policy(looked, proxies)).not.toBe(policy(looked));
    expect(policy({}, proxies)).toBe(base);
  });

  it('changes with the pages of the site where they are told from foreign ones', () => {
    const own = (origin: string) => policy({ privacy: '{ referrer: own }', origins: `[https://${origin}]` });
    expect(own('b.example.no')).not.toBe(own('shop.example.no'));
  });

  it('changes where a secret is taken away, and not where it is renamed', () => {
    const secret = (written: string) => policy({ destinations: `{ ga4: { measurement_id: G-TEST000001${written} } }` });
    expect(secret(', api_secret: "${A}"')).toBe(secret(', api_secret: "file:/run/a"'));
    expect(secret(', api_secret: "${A}"')).not.toBe(secret(''));
    const signed = (keys: string) => policy({ cookies: `{ keys: [${keys}] }` });
    expect(signed('"${A}"')).toBe(signed('"${B}"'));
  });

  it('does not change with what decides nothing about what leaves or is kept', () => {
    const ga4 = { destinations: `{ ga4: { ${GA4.replace('${S}', '${GA4_API_SECRET}')} } }` };
    expect(policy({ ...ga4, origins: '[https://b.example.no]' })).toBe(base);
    expect(policy({ ...ga4, ingest_keys: '["${A}"]' })).toBe(base);
    expect(policy(ga4, 'delivery: { max_size: 3GB }')).toBe(base);
    const two = (a: string, b: string) => policy({ destinations: `{ ${a}, ${b} }` });
    const [ga4Route, metaRoute] = [`ga4: { ${GA4} }`, `meta: { ${META}, events: [purchase, page_view] }`];
    expect(two(metaRoute.replace('purchase, page_view', 'page_view, purchase'), ga4Route)).toBe(
      two(ga4Route, metaRoute),
    );
    expect(
      policy({
        destinations: '{ ga4: { region: eu, api_secret: "${GA4_API_SECRET}", measurement_id: G-TEST000001 } }',
      }),
    ).toBe(base);
    expect(base).toMatch(/^[0-9a-f]{16}$/);
  });
});
