import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256Hex } from '../../src/core/hash.ts';
import { ask, type Answer } from '../support/ask.ts';
import { cookiebot } from '../support/hits.ts';
import { metricsOf, until } from '../support/metrics.ts';
import { watch, type Watched } from '../support/preview.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, type Served } from '../support/serve.ts';
import { VENDORS } from '../support/vendors.ts';

// The Measurement Protocol from the request of a back end to the bytes that vendors get: each row is a rule of
// `protocols/measurement-protocol.md` 2-5, and what goes out is `destinations/ga4.md` 2.

const KEY = 'secret-of-the-measurement-test-0123456789';
const SECRET = 'the-secret-that-google-knows';
const routes = `
      ga4: { measurement_id: G-TEST000001, api_secret: "\${MP_GA4_SECRET}", region: eu, params: all }
      ga4_other: { type: ga4, measurement_id: G-TEST000002, api_secret: "\${MP_GA4_SECRET}", params: all }
      meta: { pixel_id: "123456789012345", access_token: "\${MP_META_TOKEN}" }
`;
const site = (host: string, more: string) => `
  - hosts: [${host}]
    origins: [https://${host}]
    ingest_keys: ["\${MP_INGEST_KEY}"]
    mp_secrets: ["\${MP_SECRET}"]${more}
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:${routes}`;
const CONFIG = `
sites:${site('shop.example.no', '')}${site('trusting.example.no', '\n    mp: { consent: asserted }')}`;
const INGEST = 'ingest-key-of-the-measurement-test-0123456789';
const ENV = { MP_SECRET: KEY, MP_INGEST_KEY: INGEST, MP_GA4_SECRET: SECRET, MP_META_TOKEN: 'token' };

const NOW = Date.now();
const HOUR = 3_600_000;
const GOOGLE_HASH = sha256Hex('janedoe@gmail.com');
type Choice = Parameters<typeof cookiebot>[0];
const EVERYTHING: Choice = { preferences: true, statistics: true, marketing: true };
let count = 0;
/** A browser of its own: a refusal withdraws what the same browser allowed in other tests. */
const cookies = (choice: Choice, at = NOW - HOUR) =>
  `${cookiebot(choice, at)}; _fbp=fb.1.${NOW - HOUR}.${1_098_115_397 + count++}`;
const seen = (choice: Choice) => ({ portvakt: { visitor: { cookies: cookies(choice), user_agent: 'Mozilla/5.0' } } });
const asserted = (choice: Readonly<Record<string, string>>, at = NOW - HOUR) => ({
  portvakt: { consent: { ...choice, time: new Date(at).toISOString() } },
});
const ALL_GRANTED = {
  analytics_storage: 'GRANTED',
  ad_storage: 'GRANTED',
  ad_user_data: 'GRANTED',
  ad_personalization: 'GRANTED',
};

let recorder: Recorder;
let gateway: Served;
let watched: Watched;
let answers: Answer[] = [];
beforeAll(async () => {
  recorder = await startRecorder(VENDORS);
  gateway = await serve({ config: CONFIG, sink: recorder.url, env: ENV });
  watched = await watch(`${gateway.adminUrl}/preview/stream`);
}, 60_000);
afterAll(async () => {
  watched.close();
  await gateway.stop();
  await recorder.close();
});

interface Sent {
  readonly host?: string;
  readonly id?: string;
  readonly path?: string;
  readonly key?: string;
}

async function send(body: object, { host = 'shop.example.no', id = 'G-TEST000001', path, key = KEY }: Sent = {}) {
  const answer = await ask(gateway.url, {
    path: `${path ?? '/mp/collect'}?measurement_id=${id}&api_secret=${encodeURIComponent(key)}`,
    headers: { host, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  answers.push(answer);
  return answer;
}

/** A client id that no other test has. */
const client = () => `${482_310_000 + count++}.${Math.floor((NOW - 24 * HOUR) / 1000)}`;
const purchase = (id: string) => ({
  name: 'purchase',
  params: {
    session_id: String(Math.floor((NOW - HOUR) / 1000)),
    engagement_time_msec: 7,
    transaction_id: id,
    currency: 'eur',
    value: '59.90',
    page_location: `https://shop.example.no/takk?epost=kari%40example.no`,
    items: [{ item_id: 'SKU-1', item_name: 'Krus', price: 27.5, quantity: 2 }],
  },
});

/** What Google and Meta were sent that has this text in it. */
const got = (vendor: RegExp, text: string) =>
  recorder.requests.filter(({ host, body }) => vendor.test(host) && body.includes(text));
const GOOGLE = /google-analytics/;
const META = /facebook/;

/** Something everybody gets, sent last: what came before it has been delivered, too, or never will be. */
async function settled(host = 'shop.example.no'): Promise<void> {
  const id = `LAST-${count++}`;
  const said = host.startsWith('shop') ? seen(EVERYTHING) : { portvakt: { visitor: { cookies: cookies(EVERYTHING) } } };
  await send({ client_id: client(), events: [purchase(id)], ...said }, { host });
  await until('the last one', () => got(GOOGLE, id).length > 0 && got(META, id).length > 0);
}

describe('whom an event reaches', () => {
  interface Row {
    readonly body: object;
    readonly host?: string;
    readonly google: boolean;
    readonly meta: boolean;
    /** Of what Google gets. */
    readonly has?: readonly string[];
    readonly lacks?: readonly string[];
  }
  const user_data = { sha256_email_address: GOOGLE_HASH };
  // A user of its own in each row: who refuses takes back what the same user allowed before.
  const identified = () => ({ user_id: `crm-88${count++}`, user_data });
  const TRUSTING = 'trusting.example.no';
  const rows: Readonly<Record<string, Row>> = {
    'everything allowed, in the cookies': {
      body: { ...seen(EVERYTHING), ...identified() },
      google: true,
      meta: true,
      has: ['"ad_user_data":"GRANTED"', '"ad_personalization":"GRANTED"', GOOGLE_HASH, 'crm-88', '"currency":"EUR"'],
      lacks: ['kari'],
    },
    'statistics only': {
      body: { ...seen({ statistics: true }), ...identified() },
      google: true,
      meta: false,
      has: ['"ad_user_data":"DENIED"', '"ad_personalization":"DENIED"'],
      lacks: [GOOGLE_HASH, 'crm-88'],
    },
    'nothing allowed': { body: seen({}), google: false, meta: false },
    'nothing said': { body: identified(), google: false, meta: false },
    "no more than Google's own consent": {
      body: { consent: { ad_user_data: 'GRANTED', ad_personalization: 'GRANTED' } },
      google: false,
      meta: false,
    },
    "Google's own consent takes away": {
      body: {
        ...seen(EVERYTHING),
        ...identified(),
        consent: { ad_user_data: 'DENIED', ad_personalization: 'GRANTED' },
      },
      google: true,
      meta: false,
      has: ['"ad_user_data":"DENIED"', '"ad_personalization":"GRANTED"'],
      lacks: [GOOGLE_HASH, 'crm-88'],
    },
    "Google's own consent in another word takes away": {
      body: { ...seen(EVERYTHING), consent: { ad_user_data: 'GRANTED', ad_personalization: 'no' } },
      google: true,
      meta: false,
      has: ['"ad_personalization":"DENIED"'],
    },
    "Google's own consent that is none takes away": {
      body: { ...seen(EVERYTHING), consent: 'GRANTED' },
      google: true,
      meta: false,
      has: ['"ad_user_data":"DENIED"', '"ad_personalization":"DENIED"'],
    },
    'a denial of a signal that Google has no key for': {
      body: { ...seen(EVERYTHING), consent: { analytics_storage: 'DENIED' } },
      google: false,
      meta: true,
    },
    'not personalised': {
      body: { ...seen(EVERYTHING), non_personalized_ads: true },
      google: true,
      meta: false,
      has: ['"ad_user_data":"GRANTED"', '"ad_personalization":"DENIED"'],
    },
    'Global Privacy Control': {
      body: { portvakt: { visitor: { cookies: cookies(EVERYTHING), gpc: '1' } } },
      google: true,
      meta: false,
      has: ['"ad_user_data":"DENIED"'],
    },
    'an assertion, where the site takes none': { body: asserted(ALL_GRANTED), google: false, meta: false },
    'an assertion that denies, where the site takes none': {
      body: { portvakt: { ...seen(EVERYTHING).portvakt, ...asserted({ ad_user_data: 'DENIED' }).portvakt } },
      google: true,
      meta: false,
      has: ['"ad_user_data":"DENIED"'],
    },
    'an assertion, where the site takes it': {
      body: { ...asserted(ALL_GRANTED), ...identified() },
      host: TRUSTING,
      google: true,
      // Matched on the site's own id of the user.
      meta: true,
      has: ['"ad_user_data":"GRANTED"', GOOGLE_HASH],
    },
    'an assertion without anything to match on': {
      body: { ...asserted(ALL_GRANTED), user_data },
      host: TRUSTING,
      google: true,
      meta: false,
      has: [GOOGLE_HASH],
    },
    'an assertion of statistics': {
      body: { ...asserted({ analytics_storage: 'granted' }), ...identified() },
      host: TRUSTING,
      google: true,
      meta: false,
      has: ['"ad_user_data":"DENIED"'],
      lacks: [GOOGLE_HASH, 'crm-88'],
    },
    'an assertion of a refusal': {
      body: asserted({ analytics_storage: 'DENIED' }),
      host: TRUSTING,
      google: false,
      meta: false,
    },
    'an assertion from the future': {
      body: asserted(ALL_GRANTED, NOW + 48 * HOUR),
      host: TRUSTING,
      google: false,
      meta: false,
    },
    'an assertion against the cookies': {
      body: { portvakt: { ...seen({}).portvakt, ...asserted(ALL_GRANTED).portvakt } },
      host: TRUSTING,
      google: false,
      meta: false,
    },
    'an assertion and Google that denies': {
      body: { ...asserted(ALL_GRANTED), ...identified(), consent: { ad_user_data: 'DENIED' } },
      host: TRUSTING,
      google: true,
      meta: false,
      lacks: [GOOGLE_HASH],
    },
  };
  const ids = new Map(Object.keys(rows).map((name, i) => [name, `ORD-${i}-x`]));
  beforeAll(async () => {
    for (const [name, { body, host }] of Object.entries(rows)) {
      const events = [purchase(ids.get(name) ?? '')];
      const answer = await send({ client_id: client(), events, ...body }, host === undefined ? {} : { host });
      expect([name, answer.status, answer.body]).toEqual([name, 204, '']);
    }
    await settled();
    await settled(TRUSTING);
  }, 60_000);

  it.each(Object.entries(rows))('%s', (name, { google, meta, has = [], lacks = [] }) => {
    const id = ids.get(name) ?? '';
    const sent = got(GOOGLE, id);
    expect(sent.length).toBe(google ? 1 : 0);
    for (const text of has) expect(sent[0]?.body).toContain(text);
    for (const text of lacks) expect(sent[0]?.body).not.toContain(text);
    expect(got(META, id).length).toBe(meta ? 1 : 0);
  });

  it("a hash made Google's way goes to nobody else", () => {
    expect(got(/./, GOOGLE_HASH).every(({ host }) => GOOGLE.test(host))).toBe(true);
  });

  it('the answer sets no cookie: it reaches no browser', () => {
    expect(answers.flatMap(({ setCookies }) => setCookies)).toEqual([]);
  });
});

describe('what is sent', () => {
  it('is the Measurement Protocol of the route, with its secret and the time of the event', async () => {
    const id = client();
    const micros = (NOW - 120_000) * 1000;
    await send({
      client_id: id,
      timestamp_micros: String(micros - 60_000_000),
      user_properties: { plan: { value: 'gold' }, [`p${'x'.repeat(24)}`]: { value: 1 }, ga_x: { value: 1 } },
      user_location: { country_id: 'NO' },
      device: { language: 'nb', screen_resolution: '1280x2856', brand: 'Acme' },
      events: [
        { name: 'sign_up', timestamp_micros: micros, params: { method: 'form', event_id: 'e-1', ga_session_id: 1 } },
        { name: 'login', params: { client_id: 'other', gclid: 'Cj0' } },
      ],
      ...seen(EVERYTHING),
    });
    await until('both', () => got(GOOGLE, 'sign_up').length > 0 && got(GOOGLE, 'login').length > 0);
    const [first] = got(GOOGLE, 'sign_up');
    const [second] = got(GOOGLE, 'login');
    expect(first?.host).toBe('region1.google-analytics.com');
    expect(first?.path).toBe('/mp/collect');
    expect(first?.query).toBe(`measurement_id=G-TEST000001&api_secret=${SECRET}`);
    const body = JSON.parse(first?.body ?? '') as { events: { params: object }[]; [key: string]: unknown };
    expect(body).toMatchObject({
      client_id: id,
      timestamp_micros: micros,
      user_properties: { plan: { value: 'gold' } },
      device: { language: 'nb', screen_resolution: '1280x2856' },
    });
    expect(Object.keys(body['user_properties'] as object)).toEqual(['plan']);
    expect(JSON.stringify(body)).not.toMatch(/Acme|ga_session_id/);
    expect(body.events[0]?.params).toMatchObject({ method: 'form' });
    expect(JSON.parse(second?.body ?? '')).toMatchObject({ timestamp_micros: micros - 60_000_000 });
    expect(second?.body).not.toMatch(/other|Cj0/);
  });

  it("has the user data that Google's own hashes are made of", async () => {
    const address = {
      sha256_first_name: sha256Hex('kari'),
      sha256_last_name: sha256Hex('nordmann').toUpperCase(),
      sha256_street: 'Storgata 1',
      city: 'Oslo 1',
      region: 'Oslo',
      postal_code: '0150',
      country: 'no',
    };
    await send({
      client_id: client(),
      user_data: {
        sha256_email_address: [GOOGLE_HASH, 'kari@example.no'],
        sha256_phone_number: sha256Hex('+4740000000'),
        address: [address, { city: 'Bergen' }],
      },
      events: [{ name: 'with_user_data' }],
      ...seen(EVERYTHING),
    });
    await until('it', () => got(GOOGLE, 'with_user_data').length > 0);
    // `destinations/ga4.md` 2.6: names hashed, places in small letters without digits, the country in capitals.
    const { user_data } = JSON.parse(got(GOOGLE, 'with_user_data')[0]?.body ?? '') as { user_data: unknown };
    expect(user_data).toEqual({
      sha256_email_address: [GOOGLE_HASH],
      sha256_phone_number: [sha256Hex('+4740000000')],
      address: [
        {
          sha256_first_name: sha256Hex('kari'),
          sha256_last_name: sha256Hex('nordmann'),
          city: 'oslo',
          region: 'oslo',
          postal_code: '0150',
          country: 'NO',
        },
      ],
    });
  });

  it('goes to the route that the query names, and only the primary one feeds other vendors', async () => {
    await send({ client_id: client(), events: [purchase('ORD-other')], ...seen(EVERYTHING) }, { id: 'G-TEST000002' });
    await settled();
    expect(got(GOOGLE, 'ORD-other').map(({ query }) => query)).toEqual([
      `measurement_id=G-TEST000002&api_secret=${SECRET}`,
    ]);
    expect(got(META, 'ORD-other')).toEqual([]);
  });

  it('leaves out what is no event, and takes the others', async () => {
    const answer = await send({
      client_id: client(),
      events: [
        { name: 'session_start' },
        { name: 'two words' },
        'text',
        { name: 'bad_time', timestamp_micros: NOW },
        { name: 'bad_param', params: { currency: true } },
        { name: 'good_one' },
      ],
      ...seen(EVERYTHING),
    });
    expect(answer.status).toBe(204);
    await until('the good one', () => got(GOOGLE, 'good_one').length > 0);
    await settled();
    for (const name of ['session_start', 'two words', 'bad_time', 'bad_param']) expect(got(/./, name)).toEqual([]);
    const metrics = await metricsOf(gateway.adminUrl);
    const invalid = { route: 'shop.example.no/ga4', outcome: 'invalid' };
    expect(metrics.sum('portvakt_outcomes_total', invalid)).toBe(5);
  });
});

describe('what is a duplicate', () => {
  const same = (of: object) => ({ client_id: client(), ...of, ...seen(EVERYTHING) });
  it.each([
    ['of a purchase its order number', same({ events: [purchase('ORD-twice')] }), 'ORD-twice', 1],
    [
      'where a time is given, what was said',
      same({ timestamp_micros: (NOW - 1000) * 1000, events: [{ name: 'twice_timed' }] }),
      'twice_timed',
      1,
    ],
    ['nothing, where nothing tells', same({ events: [{ name: 'twice_bare' }] }), 'twice_bare', 2],
    [
      'not `event_id`, for Google',
      same({ events: [{ name: 'twice_id', params: { event_id: 'e-7' } }] }),
      'twice_id',
      2,
    ],
  ])('%s', async (_name, body, text, times) => {
    await send(body);
    await settled();
    await send(body);
    await settled();
    expect(got(GOOGLE, text).length).toBe(times);
  });
});

describe('who may send', () => {
  it('nothing of a refused request is stored, and no key is said anywhere', async () => {
    const event = { client_id: client(), events: [purchase('ORD-refused')], ...seen(EVERYTHING) };
    expect((await send(event, { key: `${KEY}x` })).status).toBe(403);
    expect((await send({ ...event, portvakt: { visitor: { cookie: 'a=b' } } })).status).toBe(400);
    expect((await send({ ...event, portvakt: { consent: { analytics_storage: 'GRANTED' } } })).status).toBe(400);
    expect((await send({ ...event, timestamp_micros: 'soon' })).status).toBe(400);
    await settled();
    expect(got(/./, 'ORD-refused')).toEqual([]);
    const said = recorder.requests
      .map(({ query, body, headers }) => `${query}${body}${JSON.stringify(headers)}`)
      .join();
    expect(said).not.toContain(KEY);
    expect(gateway.log()).not.toContain(KEY);
    expect(watched.text()).not.toContain(KEY);
    expect(answers.map(({ body }) => body).join()).not.toContain(KEY);
    const files = readdirSync(gateway.data, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    for (const { parentPath, name } of files) expect(readFileSync(join(parentPath, name)).includes(KEY)).toBe(false);
  });

  it('a key of one kind is none of the other', async () => {
    const event = { client_id: client(), events: [purchase('ORD-kind')], ...seen(EVERYTHING) };
    expect((await send(event, { key: INGEST })).status).toBe(403);
    const headers = { host: 'shop.example.no', 'content-type': 'application/json' };
    for (const key of [KEY, `mp_secrets:${KEY}`]) {
      const body = JSON.stringify({ events: [{ name: 'x' }] });
      const answer = await ask(gateway.url, {
        path: '/v1/events',
        headers: { ...headers, authorization: `Bearer ${key}` },
        body,
      });
      expect(answer.status).toBe(403);
    }
    await until('both refusals', () => watched.refusals().filter(({ code }) => code === 'refused.key').length >= 3);
    const accepted = watched.refusals().map(({ accept }) => accept);
    expect(accepted).toContain('mp_secrets: ["${MP_SECRET}"]');
    expect(accepted).toContain('ingest_keys: ["${INGEST_KEY}"]');
  });

  it('an id that no route has is counted and shown, and goes nowhere', async () => {
    const event = { client_id: client(), events: [purchase('ORD-nobody')], ...seen(EVERYTHING) };
    expect((await send(event, { id: 'G-NOBODY0001' })).status).toBe(204);
    await settled();
    expect(got(/./, 'ORD-nobody')).toEqual([]);
    expect((await metricsOf(gateway.adminUrl)).sum('portvakt_unknown_stream_total')).toBe(1);
    await until('the refusal', () => watched.refusals().some(({ code }) => code === 'refused.measurement_id'));
    const shown = watched.refusals().find(({ code }) => code === 'refused.measurement_id');
    expect(shown?.accept).toContain('measurement_id: G-NOBODY0001');
  });

  it('is told apart in metrics and preview', async () => {
    const metrics = await metricsOf(gateway.adminUrl);
    expect(metrics.sum('portvakt_events_total', { source: 'measurement-protocol' })).toBeGreaterThan(20);
    expect(metrics.sum('portvakt_events_total', { source: 'json' })).toBe(0);
    expect(new Set(watched.traces().map(({ source }) => source))).toEqual(new Set(['measurement-protocol']));
  });
});

describe('a look at the debug path', () => {
  const look = async (body: object | string, more: Sent = {}) => {
    const answer = await ask(gateway.url, {
      path: `/debug/mp/collect?measurement_id=${more.id ?? 'G-TEST000001'}&api_secret=${KEY}`,
      headers: { host: more.host ?? 'shop.example.no' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json']);
    const { validationMessages } = JSON.parse(answer.body) as {
      validationMessages: { fieldPath: string; description: string; validationCode: string }[];
    };
    return {
      told: validationMessages.map(({ fieldPath, validationCode }) => `${fieldPath} ${validationCode}`),
      verdict: answer.headers['portvakt-verdict'],
    };
  };
  const one = (event: object, more: object = {}) => ({ client_id: '1.1790000000', events: [event], ...more });
  const PORTVAKT = seen(EVERYTHING);

  it.each([
    ['nothing wrong', one(purchase('ORD-look'), PORTVAKT), []],
    ['no JSON', '{', [' VALUE_INVALID']],
    ['a list', '[]', [' VALUE_INVALID']],
    ['no events', { client_id: '1.2' }, ['events VALUE_REQUIRED']],
    [
      'too many',
      { client_id: '1.2', events: Array.from({ length: 26 }, () => ({ name: 'a' })) },
      ['events EXCEEDED_MAX_ENTITIES'],
    ],
    ['no client', { events: [{ name: 'a' }] }, ['client_id VALUE_REQUIRED']],
    ['no name', one({}), ['events[0].name VALUE_REQUIRED']],
    ['a bad name', one({ name: 'a-b' }), ['events[0].name NAME_INVALID']],
    ['a long name', one({ name: 'a'.repeat(41) }), ['events[0].name NAME_INVALID']],
    ['a reserved name', one({ name: 'first_visit' }), ['events[0].name NAME_RESERVED']],
    ['a reserved prefix', one({ name: 'google_x' }), ['events[0].name NAME_RESERVED']],
    ['a reserved parameter', one({ name: 'a', params: { ga_x: 1 } }), ['events[0].params.ga_x NAME_RESERVED']],
    ['an identifier', one({ name: 'a', params: { gclid: 'x' } }), ['events[0].params.gclid NAME_RESERVED']],
    ['a bad parameter name', one({ name: 'a', params: { 'a-b': 1 } }), ['events[0].params NAME_INVALID']],
    ['a bad amount', one({ name: 'a', params: { value: true } }), ['events[0].params.value VALUE_INVALID']],
    ['a bad page', one({ name: 'a', params: { page_location: {} } }), ['events[0].params.page_location VALUE_INVALID']],
    [
      'many parameters',
      one({ name: 'a', params: Object.fromEntries(Array.from({ length: 26 }, (_, i) => [`p${i}`, i])) }),
      ['events[0].params EXCEEDED_MAX_ENTITIES'],
    ],
    ['milliseconds', one({ name: 'a' }, { timestamp_micros: NOW }), ['timestamp_micros VALUE_INVALID']],
    ['a bad time', one({ name: 'a', timestamp_micros: {} }), ['events[0].timestamp_micros VALUE_INVALID']],
    [
      'an address in the clear',
      one({ name: 'a' }, { user_data: { sha256_email_address: ['kari@example.no'] } }),
      ['user_data.sha256_email_address VALUE_INVALID'],
    ],
    [
      'a user property',
      one({ name: 'a' }, { user_properties: { 'a b': { value: 1 } } }),
      ['user_properties NAME_INVALID'],
    ],
    [
      'a word of consent',
      one({ name: 'a' }, { consent: { ad_user_data: 'yes' } }),
      ['consent.ad_user_data VALUE_INVALID'],
    ],
    [
      'a record without a time',
      one({ name: 'a' }, { portvakt: { consent: { ad_storage: 'GRANTED' } } }),
      ['portvakt.consent.time VALUE_INVALID'],
    ],
    [
      'a slip in our key',
      one({ name: 'a' }, { portvakt: { visitor: { cookies: 7 } } }),
      ['portvakt.visitor.cookies VALUE_INVALID'],
    ],
  ] as const)('%s', async (_name, body, expected) => {
    expect((await look(body)).told).toEqual(expected);
  });

  it('says what each route would get', async () => {
    expect((await look(one(purchase('ORD-look'), PORTVAKT))).verdict).toBe('ga4=full, meta=full');
    expect((await look(one(purchase('ORD-look')))).verdict).toBe(
      'ga4=blocked;reason=blocked.consent, meta=blocked;reason=blocked.consent',
    );
  });

  it('knows an id that no route has', async () => {
    expect((await look(one({ name: 'a' }), { id: 'G-NOBODY0001' })).told).toEqual(['measurement_id VALUE_INVALID']);
  });

  it('stores and sends nothing, and repeats no value', async () => {
    await settled();
    expect(got(/./, 'ORD-look')).toEqual([]);
    const answer = await send(one({ name: 'secret-name', params: { 'secret-key': 1 } }), { path: '/debug/mp/collect' });
    expect(answer.body).not.toContain('secret');
  });
});

describe('a withdrawal', () => {
  const all = (at: number) => ({ portvakt: { visitor: { cookies: cookiebot(EVERYTHING, at) } } });

  it('reaches what waits, stated by the record of the back end or by the cookies', async () => {
    const [byRecord, byCookies, stays] = [client(), client(), client()];
    const down = recorder.script('region1.google-analytics.com', () => ({ status: 503 }));
    await send({ client_id: byRecord, events: [purchase('ORD-record')], ...all(NOW - HOUR) });
    await send({ client_id: byCookies, events: [purchase('ORD-cookies')], ...all(NOW - HOUR) });
    await send({ client_id: stays, events: [purchase('ORD-stays')], ...all(NOW - HOUR) });
    await until('all were tried', () =>
      ['record', 'cookies', 'stays'].every((one) => got(GOOGLE, `ORD-${one}`).length > 0),
    );
    await send({
      client_id: byRecord,
      events: [{ name: 'refused' }],
      ...asserted({ analytics_storage: 'DENIED' }, NOW),
    });
    await send({
      client_id: byCookies,
      events: [{ name: 'refused' }],
      portvakt: { visitor: { cookies: cookiebot({}, NOW) } },
    });
    // What only takes away for one event withdraws nothing.
    await send({ client_id: stays, events: [{ name: 'refused' }], consent: { ad_user_data: 'DENIED' } });
    recorder.clear();
    down();
    await until('the one that stays', () => got(GOOGLE, 'ORD-stays').length > 0, 40_000);
    await settled();
    expect([...got(GOOGLE, 'ORD-record'), ...got(GOOGLE, 'ORD-cookies')]).toEqual([]);
  }, 90_000);

  it('goes before an event that comes later with the consent of before', async () => {
    const id = client();
    await send({ client_id: id, events: [{ name: 'refused' }], ...asserted({ analytics_storage: 'DENIED' }, NOW) });
    const before = (await metricsOf(gateway.adminUrl)).sum('portvakt_outcomes_total', { outcome: 'withdrawn' });
    await send({ client_id: id, events: [purchase('ORD-late')], ...all(NOW - HOUR) });
    await settled();
    expect(got(GOOGLE, 'ORD-late')).toEqual([]);
    const after = (await metricsOf(gateway.adminUrl)).sum('portvakt_outcomes_total', { outcome: 'withdrawn' });
    expect(after).toBeGreaterThan(before);
    // The same holds where the site accepts the back end's own record.
    const host = 'trusting.example.no';
    const refusal = asserted({ analytics_storage: 'DENIED' }, NOW);
    await send({ client_id: id, events: [{ name: 'refused' }], ...refusal }, { host });
    await send({ client_id: id, events: [purchase('ORD-later')], ...asserted(ALL_GRANTED, NOW - HOUR) }, { host });
    await settled(host);
    expect(got(GOOGLE, 'ORD-later')).toEqual([]);
  });
});

describe('the decision log', () => {
  it('has lines of its own for this way in, and says whose word was taken', async () => {
    await gateway.stop();
    const folder = join(gateway.data, 'decisions');
    const lines = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), 'utf8').trim().split('\n'));
    const found = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    expect(new Set(found.map(({ source }) => source))).toEqual(new Set(['measurement-protocol']));
    const stored = found.filter(({ outcome, route }) => outcome === 'stored' && String(route).endsWith('/ga4'));
    const platforms = (site: string) =>
      new Set(stored.filter((line) => line['site'] === site).map((line) => line['platform']));
    expect(platforms('shop.example.no')).toEqual(new Set(['cookiebot']));
    expect(platforms('trusting.example.no')).toEqual(new Set(['cookiebot', 'back-end']));
    for (const line of lines) expect(line).not.toMatch(/482310|crm-88|ORD-/);
  });
});
