import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ask, type Answer } from './support/ask.ts';
import { cookiebot } from './support/hits.ts';
import { metricsOf, until, type Metrics } from './support/metrics.ts';
import { startRecorder, type Recorded, type Recorder } from './support/recorder.ts';
import { serve, type Served } from './support/serve.ts';
import { VENDORS, violations } from './support/vendors.ts';

// The reference configuration and the reference event (design 7.5), through a process, a socket and stand-ins for the
// vendors that check each request. Expectations are from the sheets (`destinations/*.md`); hashes are computed here.

const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures/contract', name), 'utf8');
const CONFIG = fixture('gateway.yaml');
const EVENT = fixture('event.json');

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const ORIGIN = 'https://shop.example.no';
const AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.6778.86 Safari/537.36';
/** Design 3a: a fixed template per engine with the major version and the operating system's family. */
const FAMILY =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';

const started = Math.floor(Date.now() / 1000);
const DAY = 86_400;
const CLIENT_ID = `482310557.${started - DAY}`;
const SESSION = String(started - 600);
const FBP = `fb.1.${(started - DAY) * 1000}.1098115397`;
const FBC = `fb.1.${(started - DAY) * 1000}.IwAR2ExampleClickId`;
const IDENTIFIERS = [
  `_ga=GA1.1.${CLIENT_ID}`,
  `_ga_TEST000001=GS2.1.s${SESSION}$o3$g1$t${started - 60}$j60$l0$h0`,
  `_fbp=${FBP}`,
  `_fbc=${FBC}`,
  `_gcl_aw=GCL.${started - DAY}.AnOlderClick_1`,
  'hubspotutk=0f1e2d3c4b5a69788796a5b4c3d2e1f0',
].join('; ');
const EVERYTHING = cookiebot({ preferences: true, statistics: true, marketing: true }, (started - 3600) * 1000);
const ANALYTICS_ONLY = cookiebot({ statistics: true }, (started - 3600) * 1000);
const NOTHING = cookiebot({}, (started - 3600) * 1000);

/** The routes of the configuration and where they go. */
const ROUTES = {
  ga4: 'region1.google-analytics.com',
  google_ads: 'datamanager.googleapis.com',
  floodlight: 'datamanager.googleapis.com',
  meta: 'graph.facebook.com',
  linkedin: 'api.linkedin.com',
  hubspot: 'api.hubapi.com',
  microsoft_ads: 'capi.uet.microsoft.com',
  pinterest: 'api.pinterest.com',
  reddit: 'ads-api.reddit.com',
  snapchat: 'tr.snapchat.com',
  tiktok: 'business-api.tiktok.com',
} as const;

const routesTo = (host: string): number => Object.values(ROUTES).filter((one) => one === host).length;

let recorder: Recorder;
let gateway: Served;
let nth = 0;

beforeAll(async () => {
  recorder = await startRecorder(VENDORS);
  gateway = await serve({
    config: CONFIG,
    sink: recorder.url,
    env: {
      GA4_API_SECRET: 'ga4-secret',
      META_ACCESS_TOKEN: 'meta-token',
      LINKEDIN_ACCESS_TOKEN: 'linkedin-token',
      HUBSPOT_TOKEN: 'hubspot-token',
      MICROSOFT_UET_TOKEN: 'microsoft-token',
      PINTEREST_ACCESS_TOKEN: 'pinterest-token',
      REDDIT_ACCESS_TOKEN: 'reddit-token',
      SNAPCHAT_ACCESS_TOKEN: 'snapchat-token',
      TIKTOK_ACCESS_TOKEN: 'tiktok-token',
    },
  });
});
afterAll(async () => {
  await gateway.stop();
  await recorder.close();
});
beforeEach(() => {
  recorder.clear();
  violations();
});

/**
 * The reference event as a page sends it; the id and the order number are made unique, since a
 * repeated one is a duplicate (design 3a).
 */
function send(cookies: string): Promise<Answer> & { readonly id: string } {
  const id = nth++ === 0 ? 'ord-20261120-7' : `ord-20261120-7-${nth}`;
  const answer = ask(gateway.url, {
    path: '/v1/events',
    headers: {
      host: 'shop.example.no',
      origin: ORIGIN,
      'content-type': 'application/json',
      'user-agent': AGENT,
      cookie: cookies,
    },
    body: EVENT.replace('"id": "ord-20261120-7"', `"id": "${id}"`).replace(
      '"transaction_id": "ORD-20261120-7"',
      `"transaction_id": "${id.toUpperCase()}"`,
    ),
  });
  return Object.assign(answer, { id });
}

const one = (host: string): Recorded => {
  const found = recorder.to(host);
  expect(found.map(({ path }) => path)).toHaveLength(1);
  return found[0] as Recorded;
};
/** The one request to the Data Manager API for an account of this type: Google Ads and Floodlight share it. */
const ingested = (accountType: string): Recorded => {
  const found = recorder.to(ROUTES.google_ads).filter(({ body }) => body.includes(`"${accountType}"`));
  expect(found.map(({ path }) => path)).toHaveLength(1);
  return found[0] as Recorded;
};
const bodyOf = (request: Recorded) => JSON.parse(request.body) as Record<string, unknown>;

const outcomes = (metrics: Metrics, outcome: string) =>
  Object.keys(ROUTES).map((route) =>
    metrics.sum('portvakt_outcomes_total', { route: `metrics.example.no/${route}`, outcome }),
  );

it('is the configuration that ships: the same keys with the same values, and comments on what is there', () => {
  const ships = readFileSync(join(import.meta.dirname, '../config/gateway.yaml'), 'utf8');
  expect(parse(ships)).toEqual(parse(CONFIG));
});

describe('the reference event under full consent', () => {
  let id: string;
  let before: number;

  beforeEach(async () => {
    before = Date.now();
    const sent = send(`${EVERYTHING}; ${IDENTIFIERS}`);
    ({ id } = sent);
    const { status, body } = await sent;
    expect([status, body]).toEqual([204, '']);
    for (const host of Object.values(ROUTES)) await recorder.waitFor(host === ROUTES.google_ads ? 2 : 1, { host });
  });

  const isNow = (ms: unknown) => {
    expect(ms).toBeGreaterThanOrEqual(before - 1000);
    expect(ms).toBeLessThanOrEqual(Date.now());
  };

  it('pleases all vendors and reaches nobody else', () => {
    expect(violations()).toEqual([]);
    const hosts = new Set(recorder.requests.map(({ host }) => host));
    // Google's token endpoint makes the bearer token of Google Ads and Floodlight.
    hosts.delete('oauth2.googleapis.com');
    expect([...hosts].toSorted()).toEqual([...new Set(Object.values(ROUTES))].toSorted());
  });

  it('reaches GA4 over the Measurement Protocol (ga4.md 2)', () => {
    const request = one(ROUTES.ga4);
    expect(`${request.method} ${request.path}?${request.query}`).toBe(
      'POST /mp/collect?measurement_id=G-TEST000001&api_secret=ga4-secret',
    );
    const { timestamp_micros, ...body } = bodyOf(request);
    isNow(Number(timestamp_micros) / 1000);
    expect(body).toEqual({
      client_id: CLIENT_ID,
      user_id: 'crm-8841',
      consent: { ad_user_data: 'GRANTED', ad_personalization: 'GRANTED' },
      user_data: {
        // Trimmed and in lower case; dots and plus parts go for Gmail only (2.6).
        sha256_email_address: [sha256('kari.nordmann+nett@example.no')],
        sha256_phone_number: [sha256('+4740000000')],
      },
      device: { category: 'desktop', browser: 'Chrome', browser_version: '131', operating_system: 'Windows' },
      events: [
        {
          name: 'purchase',
          params: {
            session_id: SESSION,
            engagement_time_msec: 1,
            transaction_id: id.toUpperCase(),
            currency: 'NOK',
            value: 599,
            items: [{ item_id: 'SKU-1', item_name: 'Krus', price: 299.5, quantity: 2 }],
            page_location: 'https://shop.example.no/takk?utm_source=google',
            page_referrer: 'https://www.google.com/',
            page_title: 'Takk for kjøpet',
          },
        },
      ],
    });
  });

  it('reaches Google Ads through the Data Manager API (google-ads.md 2)', () => {
    const request = ingested('GOOGLE_ADS');
    expect(`${request.method} ${request.path}?${request.query}`).toBe('POST /v1/events:ingest?');
    expect(request.headers['authorization']).toBe('Bearer ya29.fake');
    const body = bodyOf(request);
    const [{ eventTimestamp, ...event }] = body['events'] as [Record<string, unknown>];
    isNow(Date.parse(String(eventTimestamp)));
    expect({ ...body, events: [event] }).toEqual({
      destinations: [
        {
          reference: '700123456',
          operatingAccount: { accountType: 'GOOGLE_ADS', accountId: '1234567890' },
          productDestinationId: '700123456',
        },
      ],
      encoding: 'HEX',
      events: [
        {
          destinationReferences: ['700123456'],
          transactionId: id.toUpperCase(),
          eventSource: 'WEB',
          currency: 'NOK',
          conversionValue: 599,
          consent: { adUserData: 'CONSENT_GRANTED', adPersonalization: 'CONSENT_GRANTED' },
          // The click that led here, not the one before.
          adIdentifiers: { gclid: 'Cj0KExample_aBc' },
          userData: {
            userIdentifiers: [
              { emailAddress: sha256('kari.nordmann+nett@example.no') },
              { phoneNumber: sha256('+4740000000') },
            ],
          },
        },
      ],
    });
  });

  it('reaches Meta through the Conversions API (meta.md 2-5)', () => {
    const request = one(ROUTES.meta);
    expect(`${request.method} ${request.path}?${request.query}`).toBe('POST /v26.0/123456789012345/events?');
    expect(request.headers['authorization']).toBe('Bearer meta-token');
    const body = bodyOf(request);
    expect(Object.keys(body).filter((key) => key !== 'partner_agent')).toEqual(['data']);
    const [{ event_time, ...event }] = body['data'] as [Record<string, unknown>];
    isNow(Number(event_time) * 1000);
    expect(event).toEqual({
      event_name: 'Purchase',
      event_id: id,
      action_source: 'website',
      event_source_url: 'https://shop.example.no/takk?utm_source=google',
      user_data: {
        em: [sha256('kari.nordmann+nett@example.no')],
        // Digits with the country code, no plus sign (4.1).
        ph: [sha256('4740000000')],
        external_id: [sha256('crm-8841')],
        client_user_agent: FAMILY,
        fbp: FBP,
        fbc: FBC,
      },
      custom_data: {
        currency: 'NOK',
        value: 599,
        order_id: id.toUpperCase(),
        content_type: 'product',
        content_ids: ['SKU-1'],
        contents: [{ id: 'SKU-1', quantity: 2, item_price: 299.5 }],
      },
      data_processing_options: [],
    });
  });

  it('reaches LinkedIn through the Conversions API (linkedin.md 1, 3)', () => {
    const request = one(ROUTES.linkedin);
    expect(`${request.method} ${request.path}?${request.query}`).toBe('POST /rest/conversionEvents?');
    expect(request.headers['authorization']).toBe('Bearer linkedin-token');
    expect(request.headers['linkedin-version']).toBe('202609');
    const [{ conversionHappenedAt, conversionValue, ...element }] = bodyOf(request)['elements'] as [
      Record<string, unknown>,
    ];
    isNow(conversionHappenedAt);
    // A decimal string; how many decimals is left open.
    const { currencyCode, amount } = conversionValue as Record<string, unknown>;
    expect([currencyCode, typeof amount, Number(amount)]).toEqual(['NOK', 'string', 599]);
    expect(element).toEqual({
      conversion: 'urn:lla:llaPartnerConversion:104012',
      eventId: id,
      user: {
        userIds: [{ idType: 'SHA256_EMAIL', idValue: sha256('kari.nordmann+nett@example.no') }],
        externalIds: [sha256('crm-8841')],
      },
    });
  });

  it('reaches Microsoft through the Conversions API (microsoft.md A)', () => {
    const request = one(ROUTES.microsoft_ads);
    expect(`${request.method} ${request.path}?${request.query}`).toBe('POST /v1/97000001/events?');
    expect(request.headers['authorization']).toBe('Bearer microsoft-token');
    const body = bodyOf(request);
    expect(body['continueOnValidationError']).toBe(true);
    const [{ eventTime, pageLoadId, ...event }] = body['data'] as [Record<string, unknown>];
    isNow(Number(eventTime) * 1000);
    expect(pageLoadId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(event).toEqual({
      eventType: 'custom',
      eventName: 'purchase',
      eventId: id,
      eventSourceUrl: 'https://shop.example.no/takk?utm_source=google',
      adStorageConsent: 'G',
      userData: {
        clientUserAgent: FAMILY,
        // Dots and everything from the plus sign go from the local part, for every domain; the phone has its plus.
        em: sha256('karinordmann@example.no'),
        ph: sha256('+4740000000'),
      },
      customData: {
        value: 599,
        currency: 'NOK',
        transactionId: id.toUpperCase(),
        pageType: 'purchase',
        items: [{ id: 'SKU-1', quantity: 2, price: 299.5, name: 'Krus' }],
      },
    });
  });

  it('reaches HubSpot as a custom event of the visitor its cookie knows (hubspot.md 2, 3)', () => {
    const request = one(ROUTES.hubspot);
    expect(`${request.method} ${request.path}?${request.query}`).toBe('POST /events/2026-09/send/batch?');
    expect(request.headers['authorization']).toBe('Bearer hubspot-token');
    const [{ occurredAt, uuid, ...input }, ...others] = bodyOf(request)['inputs'] as [Record<string, unknown>];
    expect(others).toEqual([]);
    isNow(Date.parse(String(occurredAt)));
    expect(uuid).toMatch(/^[0-9a-f-]{36}$/);
    expect(input).toEqual({
      eventName: 'pe1234567_purchase',
      utk: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
      properties: { order_id: id.toUpperCase(), amount: '599' },
    });
  });

  it('reaches Pinterest through the Conversions API (pinterest.md 1-4)', () => {
    const request = one(ROUTES.pinterest);
    expect(`${request.method} ${request.path}?${request.query}`).toBe('POST /v5/ad_accounts/549757463328/events?');
    expect(request.headers['authorization']).toBe('Bearer pinterest-token');
    const [{ event_time, ...event }, ...others] = bodyOf(request)['data'] as [Record<string, unknown>];
    expect(others).toEqual([]);
    isNow(Number(event_time) * 1000);
    expect(event).toEqual({
      event_name: 'checkout',
      action_source: 'web',
      event_id: id,
      event_source_url: 'https://shop.example.no/takk?utm_source=google',
      user_data: {
        // Dots and the plus part stay; the phone has no plus.
        em: [sha256('kari.nordmann+nett@example.no')],
        ph: [sha256('4740000000')],
        external_id: [sha256('crm-8841')],
        client_user_agent: FAMILY,
      },
      custom_data: {
        currency: 'NOK',
        value: '599',
        order_id: id.toUpperCase(),
        num_items: 2,
        content_ids: ['SKU-1'],
        contents: [{ id: 'SKU-1', item_price: '299.5', quantity: 2 }],
      },
    });
  });

  it('reaches Floodlight through the same API (floodlight.md 2, 3)', () => {
    const request = ingested('FLOODLIGHT_CONFIG');
    expect(`${request.method} ${request.path}?${request.query}`).toBe('POST /v1/events:ingest?');
    expect(request.headers['authorization']).toBe('Bearer ya29.fake');
    const body = bodyOf(request);
    const [{ eventTimestamp, ...event }] = body['events'] as [Record<string, unknown>];
    isNow(Date.parse(String(eventTimestamp)));
    const account = { accountType: 'FLOODLIGHT_CONFIG', accountId: '8031234' };
    expect({ ...body, events: [event] }).toEqual({
      destinations: [
        {
          reference: '14567890',
          operatingAccount: account,
          loginAccount: account,
          productDestinationId: '14567890',
        },
      ],
      events: [
        {
          destinationReferences: ['14567890'],
          transactionId: id.toUpperCase(),
          eventSource: 'WEB',
          currency: 'NOK',
          conversionValue: 599,
          conversionCount: 1,
          adIdentifiers: { gclid: 'Cj0KExample_aBc' },
          consent: { adUserData: 'CONSENT_GRANTED', adPersonalization: 'CONSENT_GRANTED' },
        },
      ],
    });
  });

  it('reaches Reddit through the Conversions API (reddit.md 1-5)', () => {
    const request = one(ROUTES.reddit);
    expect(`${request.method} ${request.path}?${request.query}`).toBe(
      'POST /api/v3/pixels/a2_exampleabc/conversion_events?',
    );
    expect(request.headers['authorization']).toBe('Bearer reddit-token');
    const { events } = bodyOf(request)['data'] as { events: [Record<string, unknown>] };
    const [{ event_at, ...event }, ...others] = events;
    expect(others).toEqual([]);
    isNow(event_at);
    expect(event).toEqual({
      action_source: 'WEBSITE',
      type: { tracking_type: 'PURCHASE' },
      event_source_url: 'https://shop.example.no/takk?utm_source=google',
      user: {
        // Nothing but letters and digits stays of the local part; the phone has its plus.
        email: sha256('karinordmann@example.no'),
        phone_number: sha256('+4740000000'),
        external_id: sha256('crm-8841'),
        user_agent: FAMILY,
      },
      metadata: {
        conversion_id: id,
        currency: 'NOK',
        value: 599,
        item_count: 2,
        products: [{ id: 'SKU-1', quantity: 2, item_price: 299.5 }],
      },
    });
  });

  it('reaches Snapchat through the Conversions API (snapchat.md 1-4)', () => {
    const request = one(ROUTES.snapchat);
    expect(`${request.method} ${request.path}?${request.query}`).toBe(
      'POST /v3/1ec32188-754e-4be2-8e55-c949a984a39f/events?access_token=snapchat-token',
    );
    const [{ event_time, ...event }] = bodyOf(request)['data'] as [Record<string, unknown>];
    isNow(Number(event_time) * 1000);
    expect(event).toEqual({
      event_name: 'PURCHASE',
      event_id: id,
      action_source: 'WEB',
      event_source_url: 'https://shop.example.no/takk?utm_source=google',
      user_data: {
        em: [sha256('kari.nordmann+nett@example.no')],
        // Digits only (4).
        ph: [sha256('4740000000')],
        external_id: sha256('crm-8841'),
        client_user_agent: FAMILY,
      },
      custom_data: {
        currency: 'NOK',
        value: 599,
        order_id: id.toUpperCase(),
        contents: [{ id: 'SKU-1', quantity: 2, item_price: 299.5 }],
      },
    });
  });

  it('reaches TikTok through the Events API (tiktok.md 1-4)', () => {
    const request = one(ROUTES.tiktok);
    expect(`${request.method} ${request.path}?${request.query}`).toBe('POST /open_api/v1.3/event/track/?');
    expect(request.headers['access-token']).toBe('tiktok-token');
    expect(request.headers['authorization']).toBeUndefined();
    const { data, ...envelope } = bodyOf(request);
    expect(envelope).toEqual({ event_source: 'web', event_source_id: 'D6AP4E3C77U3L7SP8O7G' });
    const [{ event_time, ...event }] = data as [Record<string, unknown>];
    isNow(Number(event_time) * 1000);
    expect(event).toEqual({
      event: 'Purchase',
      event_id: id,
      user: {
        email: sha256('kari.nordmann+nett@example.no'),
        // E.164 with its plus sign (4).
        phone: sha256('+4740000000'),
        external_id: sha256('crm-8841'),
        user_agent: FAMILY,
      },
      page: { url: 'https://shop.example.no/takk?utm_source=google', referrer: 'https://www.google.com/' },
      properties: {
        currency: 'NOK',
        value: 599,
        order_id: id.toUpperCase(),
        content_type: 'product',
        contents: [{ content_id: 'SKU-1', content_name: 'Krus', quantity: 2, price: 299.5 }],
      },
    });
  });

  it('sends nothing that the configuration takes out', () => {
    const all = JSON.stringify(recorder.requests);
    // `ip: none`; `url_query` does not list it; `referrer: origin`; the full user agent.
    for (const gone of ['127.0.0.1', 'epost', 'kari@example.no', 'kari%40example.no', 'q=krus', '131.0.6778.86']) {
      const held = recorder.requests
        .map(({ headers, ...request }) => JSON.stringify([request, { ...headers, host: undefined }]))
        .join('\n');
      expect(held, gone).not.toContain(gone);
    }
    // Clear text of user data.
    for (const gone of ['Nordmann', 'nordmann', '400 00 000', '40000000']) expect(all, gone).not.toContain(gone);
  });
});

it('gives each identifier its rest of life, from first issue (cookies: analytics 7d, ads 30d)', async () => {
  const { setCookies } = await send(`${EVERYTHING}; ${IDENTIFIERS}`);
  const named = new Map(setCookies.map((line) => [line.slice(0, line.indexOf('=')), line]));
  const life = (name: string) => Number(/Max-Age=(\d+)/i.exec(named.get(name) ?? '')?.[1]);
  expect([...named.keys()].toSorted()).toEqual([
    '_fbc',
    '_fbp',
    '_ga',
    '_ga_TEST000001',
    '_gcl_aw',
    'hubspotutk',
    'pv_seen',
  ]);
  const near = (name: string, seconds: number, slack = 120) => {
    expect(life(name)).toBeLessThanOrEqual(seconds);
    expect(life(name)).toBeGreaterThan(seconds - slack);
  };
  near('_ga', 6 * DAY);
  near('_fbp', 29 * DAY);
  near('_fbc', 29 * DAY);
  // The page was landed on with another click id, which is issued now.
  near('_gcl_aw', 30 * DAY);
  expect(named.get('_gcl_aw')).toMatch(/^_gcl_aw=GCL\.\d{10}\.Cj0KExample_aBc;/);
  // HubSpot's says no time: it is remembered with the hour when it was first seen, in the gateway's own cookie.
  near('hubspotutk', 30 * DAY, 3720);
  for (const [name, line] of named) expect(/; *Domain=example\.no/i.test(line), name).toBe(name !== 'pv_seen');
  // So that its requests are not taken for those of the next test.
  for (const host of Object.values(ROUTES)) await recorder.waitFor(routesTo(host), { host });
});

it('analytics only: GA4 gets the event without user data, nobody else anything (design 3)', async () => {
  const was = await metricsOf(gateway.adminUrl);
  const { status, setCookies } = await send(`${ANALYTICS_ONLY}; ${IDENTIFIERS}`);
  expect(status).toBe(204);
  const [request] = (await recorder.waitFor(1, { host: ROUTES.ga4 })) as [Recorded];
  const body = bodyOf(request);
  expect(request.path).toBe('/mp/collect');
  expect(body['client_id']).toBe(CLIENT_ID);
  expect(body['consent']).toEqual({ ad_user_data: 'DENIED', ad_personalization: 'DENIED' });
  expect(Object.keys(body)).not.toContain('user_id');
  expect(Object.keys(body)).not.toContain('user_data');
  expect(request.body + request.query).not.toMatch(/gclid|Cj0K|fbp|fb\.1|AnOlder|sha256|crm-8841|0f1e2d3c/);
  // The others are counted as blocked, and nothing has gone anywhere else.
  await until('GA4 has settled', async () => {
    const now = await metricsOf(gateway.adminUrl);
    return outcomes(now, 'delivered')[0] === (outcomes(was, 'delivered')[0] ?? 0) + 1;
  });
  const now = await metricsOf(gateway.adminUrl);
  const more = outcomes(now, 'blocked').map((count, i) => count - (outcomes(was, 'blocked')[i] ?? 0));
  expect(more).toEqual(Object.keys(ROUTES).map((route) => (route === 'ga4' ? 0 : 1)));
  expect(recorder.requests).toHaveLength(1);
  expect(violations()).toEqual([]);
  // Advertising cookies are expired, analytics cookies stay.
  const expired = setCookies.filter((line) => /Max-Age=0/i.test(line)).map((line) => line.split('=', 1)[0]);
  expect(new Set(expired)).toEqual(new Set(['_fbc', '_fbp', '_gcl_aw', 'hubspotutk']));
});

it.each([
  ['refused', NOTHING],
  ['no choice at all', 'shop_session=1'],
  ['two contradicting cookies', `${EVERYTHING}; ${NOTHING}`],
  ['garbage', 'CookieConsent={stamp:%27x'],
])('silence: %s', async (_, cookie) => {
  const was = await metricsOf(gateway.adminUrl);
  const { status } = await send(`${cookie}; ${IDENTIFIERS}`);
  expect(status).toBe(204);
  const now = await metricsOf(gateway.adminUrl);
  expect(outcomes(now, 'blocked').map((count, i) => count - (outcomes(was, 'blocked')[i] ?? 0))).toEqual(
    Object.keys(ROUTES).map(() => 1),
  );
  expect(now.sum('portvakt_stored_total')).toBe(was.sum('portvakt_stored_total'));
  expect(recorder.requests).toEqual([]);
});

it('limits: per_client counts requests per minute and client; beyond it is 429 with Retry-After', async () => {
  const limited = await serve({ config: CONFIG.replace('per_client: off', 'per_client: 3'), sink: recorder.url });
  try {
    const answers: Answer[] = [];
    // Two windows at most are open while these are sent.
    for (let i = 0; i < 10; i++) {
      answers.push(
        await ask(limited.url, {
          path: '/v1/events',
          headers: { host: 'shop.example.no', origin: ORIGIN, 'content-type': 'application/json' },
          body: EVENT,
        }),
      );
    }
    const taken = answers.filter(({ status }) => status === 204);
    const refused = answers.filter(({ status }) => status === 429);
    expect(taken.length + refused.length).toBe(10);
    expect([3, 4, 5, 6]).toContain(taken.length);
    for (const { headers } of refused) {
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60);
    }
  } finally {
    await limited.stop();
  }
});
