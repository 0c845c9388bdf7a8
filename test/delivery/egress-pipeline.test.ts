import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Hit } from '../../src/protocols/hit.ts';
import { egressViolation, type RowFacts } from '../../src/delivery/egress/index.ts';
import { tableOf } from '../support/egress.ts';
import { decideRequest as decide } from '../../src/decide/request.ts';
import type { Gateway, Route } from '../../src/policy/gateway.ts';
import { cookiebot, gatewayOf, jsonHit, NOW, webHit } from '../support/hits.ts';

// Every request that the pipeline makes, of any hit under any consent, must be allowed by the tables of the egress
// check. Otherwise the check would drop what the visitor did allow.

const config = (privacy: string, limited: boolean): string => `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    privacy: { ${privacy}, url_query: [q, utm_source, gad_source, next] }
    cookies: { domain: example.no, own_id: true, ads: 90d }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${A}"${limited ? ', without_consent: limited' : ''} }
      google_ads:
        customer_id: "1234567890"
        conversions: { purchase: "700123456", page_view: "700123457" }
        credentials: "\${B}"
        merchant: { id: "123", feed_label: "NO", feed_language: nb }
        ${limited ? '{ conversion_id: AW-123456789, labels: { purchase: AbC-D_efG, page_view: x }, without_consent: limited }'.slice(2, -2).replaceAll(/, (?=labels|without)/g, '\n        ') : ''}
      ${privacy.includes('user_agent: drop') ? '' : 'meta: { pixel_id: "123456789012345", access_token: "${C}" }'}
      linkedin: { conversions: { purchase: "104012", page_view: "104013" }, access_token: "\${D}" }
      hubspot:
        custom_events:
          purchase: { name: pe1_purchase, properties: { order: transaction_id, amount: value, items: item_ids, note: params.note } }
          page_view: { name: pe1_view, properties: { page: page_location, title: page_title, search: search_term } }
        email: true
        access_token: "\${H}"
      microsoft_ads: { tag_id: "97000001", access_token: "\${E}"${limited ? ', without_consent: limited' : ''} }
      pinterest: { ad_account_id: "549757463328", access_token: "\${P}" }
      floodlight: { floodlight_config_id: "8031234", activities: { purchase: { id: "14567890", count: transactions } }, credentials: "\${F}", variables: { U1: params.farge } }
      reddit: { pixel_id: a2_exampleabc, access_token: "\${R}" }
      snapchat: { pixel_id: 1ec32188-754e-4be2-8e55-c949a984a39f, access_token: "\${G}" }
      tiktok: { pixel_id: D6AP4E3C77U3L7SP8O7G, access_token: "\${F}", event_names: { page_view: Pageview } }
`;

const GATEWAYS: readonly Gateway[] = [
  gatewayOf(config('ip: truncate, user_agent: full, referrer: path', false)),
  gatewayOf(config('ip: truncate, user_agent: family, referrer: origin', true)),
  gatewayOf(config('ip: none, user_agent: drop, referrer: none', true)),
];

const CID = `482310557.${NOW / 1000 - 86_400}`;
const CLICKS =
  'gclid=Cj0KExample_aBc&fbclid=IwAR2Example&msclkid=0a1b2c3d4e5f60718293a4b5c6d7e8f9&li_fat_id=11111111-2222-4333-8444-555555555555&epik=dj0yExample&rdt_cid=ExampleClick&ttclid=E.C.P.CrABqKZ8pU6u7wVb&ScCid=ExampleClick';

/** Any text, and texts with a meaning for a reader. */
const anyText = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('kari@example.no', 'a&b=c', '#x', '%', '%2', '\n', '~', 'x'.repeat(600), '1e+21', '__proto__', 'é'),
);
const address = fc.oneof(
  fc.constantFrom(
    `https://shop.example.no/takk?utm_source=google&gad_source=1&${CLICKS}`,
    `https://shop.example.no/#/kasse?${CLICKS}`,
    `https://shop.example.no/?next=https%3A%2F%2Fshop.example.no%2F%3Fgclid%3Dabc%26q%3D1`,
    `https://kari:hemmelig@shop.example.no/?q=a%26gclid%3Dx;gclid=y?fbclid=z`,
    'https://shop.example.no/@kari/gclid=1',
    'http://[2001:db8::1]:8080/sti?q=%23x',
  ),
  anyText.map((text) => `https://shop.example.no/${text}?q=${text}&gclid=${text}`),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  anyText,
);
const letter = fc.constantFrom('l', 'm', 'n', 'p', 'q', 'r', 't', 'u', 'v', 'Z');
const keys = fc.record(
  {
    gcs: fc.constantFrom('G111', 'G101', 'G110', 'G100', 'G1--', 'x'),
    gcd: fc.tuple(letter, letter, letter, letter).map(([a, b, c, d]) => `13${a}3${b}3${c}2${d}5l1`),
    npa: fc.constantFrom('0', '1', 'x'),
    dma: fc.constantFrom('0', '1', 'x'),
    dma_cps: fc.constantFrom('-', 'a', 'syphamo', 'A', 'x y'),
    pscdl: fc.constantFrom('noapi', 'denied', 'label_7'),
    en: fc.oneof(fc.constantFrom('purchase', 'page_view', 'view_item'), anyText),
    cid: fc.oneof(fc.constantFrom(CID, 'abc', 'x y'), anyText),
    dl: address,
    dr: address,
    dt: anyText,
    ul: fc.oneof(fc.constantFrom('nb-NO', 'de', 'zh-Hant-TW'), anyText),
    sr: fc.constantFrom('1440x900', 'x'),
    uid: anyText,
    em: fc.oneof(
      anyText,
      fc.constantFrom(
        'tv.1~em.1hFzBkhe0OUK-rOshx6Y-BaZFR8wKBUn1j_18jNlbGk~co0.DE~pc0.0150~fn0.e2',
        'tv.1~em.kari@example.no~ct0.Oslo',
        'tv.1',
      ),
    ),
    sid: anyText,
    sct: anyText,
    _p: anyText,
    gtm: anyText,
    tag_exp: fc.constantFrom('103116026~103200004', 'x'.repeat(513)),
    uaa: anyText,
    cs: anyText,
    cu: fc.constantFrom('NOK', 'nok', 'kroner'),
    'epn.value': fc.oneof(fc.double().map(String), anyText),
    'ep.transaction_id': anyText,
    'ep.event_id': anyText,
    'ep.promotion_name': anyText,
    'ep.æ=&': anyText,
    'up.tier': anyText,
    pr1: fc.oneof(fc.constant('idSKU-1~nmKrus~pr299.5~qt2~k0colour~v0blue'), anyText),
    gclid: anyText,
    auid: anyText,
    _uip: fc.constantFrom('203.0.113.7'),
  },
  { requiredKeys: [] },
);
const choice = fc.record({ statistics: fc.boolean(), marketing: fc.boolean() });
const surroundings = fc.record({
  choice,
  agent: fc.constantFrom(
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.7499.193 Safari/537.36',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    'Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15',
    'Mozilla/5.0 (Linux; Android 14; SM-X910) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.1.2 Safari/537.36',
    'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36',
    'Googlebot/2.1',
    'curl/8',
  ),
  peer: fc.constantFrom('203.0.113.7', '2001:db8:1:2::3', '::1', '10.0.0.1', 'garbage'),
});

function cookiesOf(said: { statistics: boolean; marketing: boolean }): string {
  return `${cookiebot(said)}; _ga=GA1.1.${CID}; _fbp=fb.1.${NOW - 86_400_000}.1098115397; _fbc=fb.1.${NOW - 86_400_000}.IwAR2Example; _uetmsclkid=_uet0a1b2c3d4e5f60718293a4b5c6d7e8f9; li_fat_id=11111111-2222-4333-8444-555555555555; hubspotutk=0f1e2d3c4b5a69788796a5b4c3d2e1f0; _epik=dj0yExample; _rdt_uuid=${NOW - 86_400_000}.0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90; _scid=0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90; _ttp=2F7h37YkS1j57AYSKTI7IHhJPYH; _gcl_aw=GCL.${NOW / 1000 - 86_400}.Cj0KExample_aBc`;
}

interface Sent {
  readonly route: Route;
  readonly facts: RowFacts;
  readonly envelope: string;
  readonly element: string;
}

/** Everything that would be stored for a hit; nothing where it is refused. */
function sent(hit: Hit, gateway: Gateway): Sent[] {
  const done = decide(hit, gateway);
  if (!('trace' in done)) return [];
  return done.trace.events.flatMap(({ routes }) =>
    routes.flatMap(({ route, plan, signals, permit }) =>
      plan === undefined ? [] : [{ route, facts: { signals, verdict: permit.verdict, acceptedAt: hit.at }, ...plan }],
    ),
  );
}

/** What the check finds in the requests of these rows, batched as delivery does. */
function violations(rows: readonly Sent[]): string[] {
  const batches = new Map<string, Sent[]>();
  for (const row of rows) {
    const one = row.route.destination.maxBatch(row.envelope) === 1 ? `${batches.size}` : '';
    const key = `${row.route.key} ${one} ${row.envelope}`;
    batches.set(key, [...(batches.get(key) ?? []), row]);
  }
  return [...batches.values()].flatMap((batch) => {
    const [first] = batch;
    if (first === undefined) return [];
    const { bound, key } = first.route;
    const planned = bound.request(
      first.envelope,
      batch.map(({ element }) => element),
    );
    const found = egressViolation(
      tableOf(bound.egress),
      batch.map(({ facts }) => facts),
      planned,
    );
    return found === undefined ? [] : [`${key}: ${found}`];
  });
}

const RUNS = 1_000;

describe('what the pipeline makes', () => {
  it('of any web hit, under any consent, breaks no rule of the wire', () => {
    let requests = 0;
    fc.assert(
      fc.property(keys, surroundings, fc.nat(GATEWAYS.length - 1), (query, around, which) => {
        const gateway = GATEWAYS[which] as Gateway;
        const given = Object.fromEntries(Object.entries(query).map(([key, value]) => [key, value.toWellFormed()]));
        const hit = webHit(
          { v: '2', tid: 'G-TEST000001', en: 'purchase', cid: CID, ...given },
          { cookies: cookiesOf(around.choice), headers: { 'user-agent': around.agent } },
        );
        const rows = sent({ ...hit, peer: around.peer }, gateway);
        requests += rows.length;
        expect(violations(rows)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
    expect(requests).toBeGreaterThan(RUNS);
  });

  it('of any JSON events of different visitors, batched together, breaks no rule of the wire', () => {
    const optional = fc.option(
      anyText.map((text) => text.slice(0, 100)),
      { nil: undefined },
    );
    const event = fc.record({
      name: fc.constantFrom('purchase', 'page_view', 'view_item'),
      id: optional,
      page: fc.record({
        url: address.map((text) => text.slice(0, 500)),
        referrer: address.map((text) => text.slice(0, 500)),
        title: optional,
      }),
      params: fc.record({
        currency: fc.constantFrom('NOK', 'nok', undefined),
        value: fc.double({ noNaN: true, noDefaultInfinity: true }),
        transaction_id: optional,
        search_term: optional,
        method: optional,
        items: fc.array(
          fc.record({ item_id: optional, item_name: optional, price: fc.integer(), colour: optional, items: optional }),
          { maxLength: 2 },
        ),
      }),
      user: fc.record({
        id: optional,
        email: fc.constantFrom('kari@example.no', 'x', undefined),
        phone: fc.constantFrom('+47 400 00 000', '40000000', undefined),
        first_name: optional,
        last_name: optional,
        street: optional,
        city: optional,
        region: optional,
        postal_code: fc.constantFrom('0150', 'x~.', undefined),
        country: fc.constantFrom('NO', 'no', 'Norge', undefined),
      }),
      user_properties: fc.record({ tier: optional }),
      client_id: fc.constantFrom(CID, 'abc', undefined),
      language: fc.constantFrom('nb-NO', 'x', undefined),
      screen: fc.constantFrom('1440x900', 'x', undefined),
    });
    let requests = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(event, surroundings), { minLength: 1, maxLength: 4 }),
        fc.nat(GATEWAYS.length - 1),
        (visits, which) => {
          const gateway = GATEWAYS[which] as Gateway;
          const rows = visits.flatMap(([one, around]) =>
            sent(
              {
                ...jsonHit(
                  { events: [one] },
                  { cookies: cookiesOf(around.choice), headers: { 'user-agent': around.agent } },
                ),
                peer: around.peer,
              },
              gateway,
            ),
          );
          requests += rows.length;
          expect(violations(rows)).toEqual([]);
        },
      ),
      { numRuns: RUNS / 2 },
    );
    expect(requests).toBeGreaterThan(RUNS / 2);
  });
});
