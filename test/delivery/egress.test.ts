import { describe, expect, it } from 'vitest';
import type { PlannedRequest } from '../../src/core/destination.ts';
import { BIT, maskOf, type GateSignal } from '../../src/core/signals.ts';
import { SECRET } from '../../src/core/egress.ts';
import { egressViolation, type RowFacts } from '../../src/delivery/egress/index.ts';
import { tableOf } from '../support/egress.ts';
import { boundByExamples, WITH_COURIER } from '../support/destinations.ts';
import { RIGHT_REQUESTS, type RightRequest } from '../support/examples.ts';

const check = (right: RightRequest, request: PlannedRequest, facts: Partial<RowFacts> = {}): string | undefined =>
  egressViolation(tableOf(right.egress), [{ ...right.facts, ...facts }], request);

/** The request with one text of it changed, wherever it stands; fails the test if it does not stand there. */
function changed(request: PlannedRequest, from: string | RegExp, to: string): PlannedRequest {
  const text = JSON.stringify({ ...request, body: undefined });
  const other = text.replace(from, to);
  const body = request.body?.replace(from, to);
  expect([text, request.body]).not.toEqual([other, body]);
  const parsed = JSON.parse(other) as PlannedRequest;
  return body === undefined ? parsed : { ...parsed, body };
}

/** The request with more in its query. */
function asked(request: PlannedRequest, pair: string): PlannedRequest {
  const { url } = request;
  if (typeof url !== 'string') return { ...request, url: { parts: [...url.parts, `&${pair}`] } };
  return { ...request, url: `${url}${url.includes('?') ? '&' : '?'}${pair}` };
}

/** The request with its JSON body changed. */
function edited(request: PlannedRequest, edit: (body: Record<string, unknown>) => void): PlannedRequest {
  const body = JSON.parse(request.body ?? '') as Record<string, unknown>;
  edit(body);
  return { ...request, body: JSON.stringify(body) };
}

/** Every object in a body, with the path to it. */
function objectsIn(value: unknown, path = ''): [string, Record<string, unknown>][] {
  if (typeof value !== 'object' || value === null) return [];
  const own: [string, Record<string, unknown>][] = Array.isArray(value)
    ? []
    : [[path, value as Record<string, unknown>]];
  return [...own, ...Object.entries(value).flatMap(([key, inner]) => objectsIn(inner, `${path}/${key}`))];
}

const right = (type: string, title: RegExp): RightRequest => {
  const found = RIGHT_REQUESTS.find(
    ({ destination, example }) => destination.name === type && title.test(example.title),
  );
  if (found === undefined) throw new Error(`no example of ${type}: ${title}`);
  return found;
};

const named = RIGHT_REQUESTS.map((one) => [one.name, one] as const);
const withBody = named.filter(([, { request }]) => request.body !== undefined);
const withJson = withBody.filter(([, { request }]) => request.body?.startsWith('{'));

describe('every destination', () => {
  it.each(Object.entries(WITH_COURIER))('%s says what may leave, for its own hosts only', (_, destination) => {
    for (const { egress, hosts, needs } of boundByExamples(destination)) {
      expect(egress.flatMap((form) => form.hosts).filter((host) => !hosts.includes(host))).toEqual([]);
      expect(egress.some(({ kind }) => kind === 'limited')).toBe(destination.limited !== undefined);
      // The table was written from the sheet, and says of the whole event what the module says.
      for (const form of egress.filter(({ kind }) => kind === 'full')) expect(form.needs).toEqual(needs);
    }
  });

  it('whose host follows from the settings may send to the host of its own route alone', () => {
    const [here, there] = RIGHT_REQUESTS.filter(({ destination }) => destination.name === 'courier');
    if (here === undefined || there === undefined) throw new Error('two examples of courier');
    expect([check(here, here.request), check(there, there.request)]).toEqual([undefined, undefined]);
    expect([check(here, there.request), check(there, here.request)]).toEqual([
      'unknown host or path',
      'unknown host or path',
    ]);
  });
});

describe('a right request', () => {
  it.each(named)('%s: passes', (_, one) => {
    expect(check(one, one.request)).toBeUndefined();
  });

  it.each(named)('%s: is stopped with anything added or anywhere else', (_, one) => {
    const { request } = one;
    const wrong: Record<string, PlannedRequest> = {
      'a key nobody knows': asked(request, 'zz=1'),
      'an identifier under another name': asked(request, 'auid=123.456'),
      'a key spelled in another way': asked(request, '%65m=tv.1'),
      'a header': { ...request, headers: { ...request.headers, 'x-forwarded-for': '203.0.113.7' } },
      'a cookie': { ...request, headers: { ...request.headers, cookie: '_ga=GA1.1.1.1' } },
      'another host': changed(request, /https:\/\/[^/]+/, 'https://collect.example.com'),
      'a host before the host': changed(request, 'https://', 'https://evil@'),
      'plain http': changed(request, 'https:', 'http:'),
      'another port': changed(request, /(https:\/\/[^/]+)\//, '$1:8443/'),
      'no host': changed(request, /https:\/\/[^/]+/, 'https://'),
      'no path': changed(request, /(https:\/\/[^/]+)\/[^?"]*/, '$1'),
      'its own host in the query of another': changed(request, /https:\/\/([^/]+)\//, 'https://evil.example?$1/'),
      'another path': changed(request, /(https:\/\/[^/]+)\//, '$1/other/9/'),
      'a fragment': asked(request, 'x#y'),
      'a body': { ...request, method: 'POST', body: 'kari=1' },
      'another method': { ...request, method: request.method === 'PUT' ? 'POST' : 'PUT' },
    };
    for (const [what, planned] of Object.entries(wrong))
      expect([what, check(one, planned)]).not.toEqual([what, undefined]);
  });

  it.each(named)('%s: is stopped where the policy has blocked it, or where it carries no event', (_, one) => {
    expect(check(one, one.request, { verdict: 'blocked' })).toBe('no consent');
    expect(egressViolation(tableOf(one.egress), [], one.request)).toBeDefined();
  });

  it.each(named.filter(([, { example }]) => example.limited !== true))(
    '%s: is too much for a limited form',
    (_, one) => {
      expect(check(one, one.request, { verdict: 'limited' })).toBeDefined();
    },
  );

  it.each(withJson)('%s: is stopped with a key more at any place of its body that is closed', (_, one) => {
    const paths = objectsIn(JSON.parse(one.request.body ?? '')).map(([path]) => path);
    // Names of the site's own live there (`destinations/ga4.md` 2.3, `destinations/http.md` 2).
    const open: Readonly<Record<string, RegExp>> = {
      ga4: /\/events\/\d+\/params(?:\/items\/\d+)?$/,
      ...(one.example.event.params !== undefined && { http: /^\/data\/params$/ }),
    };
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths) {
      const planned = edited(one.request, (body) => {
        for (const [at, object] of objectsIn(body)) if (at === path) object['client_ip_address_2'] = '203.0.113.7';
      });
      const expected =
        open[one.destination.name]?.test(path) === true ? [path, undefined] : [path, 'unknown key in the body'];
      expect([path, check(one, planned)]).toEqual(expected);
    }
  });

  it.each(withJson)('%s: is stopped when its body can be read in two ways', (_, one) => {
    const body = one.request.body ?? '';
    expect(check(one, { ...one.request, body: body.replace('{', '{"x":1,"x":1,') })).toBeDefined();
    expect(check(one, { ...one.request, body: body.replace(/("[a-z_A-Z]+"):/, '$1:null,$1:') })).toBe(
      'body can be read in two ways',
    );
    expect(check(one, { ...one.request, body: ` ${body}` })).toBe('body can be read in two ways');
    expect(check(one, { ...one.request, body: body.slice(1) })).toBe('body is not JSON');
  });

  // Those whose body is one event and no list take one at a time.
  const listed = withBody.filter(([, { egress }]) => JSON.stringify(egress).includes('"perRow":true'));

  it.each(listed)('%s: is stopped when it holds more or fewer events', (_, one) => {
    expect(egressViolation(tableOf(one.egress), [one.facts, one.facts], one.request)).toMatch(
      /not one for each event$/,
    );
  });

  // One without a token is asked for nothing.
  const withSecret = withBody.filter(([, { request }]) => /"parts"|"bodySecret"/.test(JSON.stringify(request)));

  it.each(withSecret)('%s: is stopped with its secret in clear, missing, or in another place', (_name, one) => {
    const { headers, url, body } = one.request;
    const { bodySecret: _, ...rest } = one.request;
    const inBody = { body: body?.replace(JSON.stringify(SECRET), '"hemmelig"') ?? '' };
    const literal = JSON.parse(
      JSON.stringify({ headers, url }, (_key, value: unknown) =>
        typeof value === 'object' && value !== null && 'parts' in value
          ? (value.parts as unknown[]).map((part) => (typeof part === 'string' ? part : 'hemmelig')).join('')
          : value,
      ),
    ) as Pick<PlannedRequest, 'headers' | 'url'>;
    // One in a path makes it another path.
    expect(check(one, { ...rest, ...inBody, ...literal })).toMatch(
      /: a secret in the wrong place$|^unknown host or path$/,
    );
    const moved = { parts: ['application/json', { env: 'META_ACCESS_TOKEN' }] };
    expect(check(one, { ...one.request, headers: { ...headers, 'content-type': moved } })).toMatch(
      /secret in the wrong place$/,
    );
  });

  it('is judged by the least of those it speaks of', () => {
    const one = right('ga4', /whole/);
    const less = { ...one.facts, signals: one.facts.signals & ~BIT.ad_storage };
    expect(egressViolation(tableOf(one.egress), [one.facts, less], one.request)).toBeDefined();
  });
});

/** What the requests of a vendor say of consent: each of these, granted in an example, shows in its request. */
const SAID: Readonly<Record<string, readonly GateSignal[]>> = {
  ga4: ['ad_storage', 'analytics_storage', 'ad_user_data', 'ad_personalization'],
  google_ads: ['ad_storage', 'ad_user_data', 'ad_personalization'],
  floodlight: ['ad_storage', 'ad_user_data', 'ad_personalization'],
  meta: ['ad_storage', 'ad_user_data', 'ad_personalization'],
  linkedin: ['ad_storage', 'ad_user_data', 'ad_personalization'],
  hubspot: ['ad_storage', 'ad_user_data'],
  pinterest: ['ad_storage', 'ad_user_data', 'ad_personalization'],
  reddit: ['ad_storage', 'ad_user_data', 'ad_personalization'],
  microsoft_ads: ['ad_storage', 'ad_personalization'],
  snapchat: ['ad_storage', 'ad_user_data', 'ad_personalization'],
  tiktok: ['ad_storage', 'ad_user_data', 'ad_personalization'],
};

describe('with one signal less', () => {
  const cases = named.flatMap(([name, one]) =>
    one.example.granted
      .filter((signal) => one.example.limited !== true && SAID[one.destination.name]?.includes(signal))
      .map((signal) => [`${name}, without ${signal}`, one, signal] as const),
  );

  it.each(cases)('%s: is stopped', (_, one, signal) => {
    expect(check(one, one.request, { signals: one.facts.signals & ~BIT[signal] })).toBeDefined();
  });
});

const HASH = '86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d';
const FULL_AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.7499.193 Safari/537.36';

describe('ga4, statistics only', () => {
  const one = right('ga4', /^Analytics only/);

  it.each([
    ['a user id', 'uid=crm-8841'],
    ['user data', 'em=tv.1~em.1hFzBkhe0OUK-rOshx6Y-BaZFR8wKBUn1j_18jNlbGk'],
    ['a client hint', 'uaa=x86'],
    ['a whole address', '_uip=203.0.113.7'],
    ['a whole address of version 6', '_uip=2001%3Adb8%3A%3A1'],
    ['the enhanced client id', 'ecid=183000001'],
    ['the ads id', 'auid=123.456'],
    ['a Firebase id', '_fid=abc'],
    ['a linker', '_fplc=abc'],
    ['a referrer with a click id', 'dr=https%3A%2F%2Fwww.google.com%2F%3Fgclid%3Dabc'],
  ])('is stopped with %s', (_, pair) => {
    expect(check(one, asked(one.request, pair))).toBeDefined();
  });

  it.each([
    ['ad storage granted', 'gcs=G101', 'gcs=G111'],
    ['consent mode not in use', 'gcs=G101', 'gcs=G1--'],
    ['personalised', 'npa=1', 'npa=0'],
    ['core services', 'dma_cps=-', 'dma_cps=syphamo'],
    ['a label', 'pscdl=denied', 'pscdl=label_only_1'],
    ['ad storage by letter', 'gcd=13p', 'gcd=13r'],
    ['user data by letter', 'gcd=13p3r3p', 'gcd=13p3r3t'],
    ['personalisation by letter', '2p5l1', '2v5l1'],
    ['a letter that says nothing', 'gcd=13p', 'gcd=13l'],
    ['a letter nobody has explained', 'gcd=13p', 'gcd=13Z'],
    ['no gcs', '&gcs=G101', ''],
    ['no gcd', /&gcd=[^&]+/, ''],
    ['no npa', '&npa=1', ''],
    ['no dma', '&dma=1', ''],
    ['no dma_cps', '&dma_cps=-', ''],
    ['gcs twice', '&npa=1', '&npa=1&gcs=G101'],
  ])('is stopped when it says more: %s', (_, from, to) => {
    expect(check(one, changed(one.request, from, to))).toBeDefined();
  });

  it.each([
    'gclid',
    'GCLID',
    'gbraid',
    'wbraid',
    'dclid',
    'fbclid',
    'msclkid',
    'li_fat_id',
    'epik',
    'rdt_cid',
    'ttclid',
    'ScCid',
    '_gl',
  ])('is stopped with %s in the page address', (name) => {
    expect(check(one, changed(one.request, 'checkout', `checkout%3Fq%3D1%26${name}%3Dabc`))).toMatch(/^dl: /);
  });

  it('is stopped with a fragment or a user in the page address, or no address at all', () => {
    for (const dl of ['https%3A%2F%2Fshop.example%2F%23x', 'https%3A%2F%2Fkari%40shop.example%2F', 'kari', '%ff']) {
      expect(check(one, changed(one.request, /dl=[^&]+/, `dl=${dl}`))).toBeDefined();
    }
  });

  it('is stopped with what a body says in place of the query', () => {
    const posted: PlannedRequest = { ...one.request, method: 'POST', body: 'en=purchase' };
    expect(check(one, posted)).toBe('en: twice');
    const moved = changed(one.request, '&npa=1', '');
    expect(check(one, { ...moved, method: 'POST', body: 'npa=1' })).toBeUndefined();
    expect(check(one, { ...one.request, method: 'POST', body: 'tt=x\nuid=kari' })).toBe('uid: not granted');
  });

  it('is stopped with a whole User-Agent, which takes every signal', () => {
    const whole = { ...one.request, headers: { 'user-agent': FULL_AGENT } };
    expect(check(one, whole)).toMatch(/^user-agent: /);
    const all = right('ga4', /whole/);
    expect(check(all, { ...all.request, headers: { 'user-agent': FULL_AGENT } })).toBeUndefined();
  });
});

describe('ga4, limited', () => {
  const one = right('ga4', /identifier-free/);

  it.each([
    'sid=1795168000',
    'sct=4',
    '_p=1795169690123',
    '_s=1',
    'uid=crm-8841',
    'dr=https%3A%2F%2Fshop.example%2F',
    'sr=1440x900',
    'uaa=x86',
    '_uc=NO',
    '_uip=203.0.113.0',
    'ep.transaction_id=T-1',
    'ep.event_id=T-1',
    'up.tier=gold',
    'pr1=idSKU-1',
    'gtm=45je61d1v900000001za200',
    'cs=newsletter',
    'em=tv.1~co0.DE',
  ])('is stopped with %s: it is not on the list of 5', (pair) => {
    expect(check(one, asked(one.request, pair))).toBe('unknown key in the query');
  });

  it.each([
    ['the id of a visitor', /cid=[^&]+/, 'cid=482310557.1795100000'],
    ['a whole language', 'ul=de', 'ul=de-de'],
    ['a query in the page address', 'checkout', 'checkout%3Fq%3D1'],
    ['analytics granted', 'gcs=G100', 'gcs=G101'],
    ['no denial', '&pscdl=denied', ''],
  ])('is stopped with %s', (_, from, to) => {
    expect(check(one, changed(one.request, from, to))).toBeDefined();
  });

  it('is stopped with a User-Agent, reduced or not', () => {
    const agent = FULL_AGENT.replace('143.0.7499.193', '143.0.0.0');
    expect(check(one, { ...one.request, headers: { 'user-agent': agent } })).toBe('unknown header');
  });
});

describe('values of JSON bodies', () => {
  it.each([
    ['ga4', /^A purchase from JSON/, 'a raw address', /d61173[0-9a-f]+/, 'kari@example.no'],
    ['ga4', /^A purchase from JSON/, 'user data granted', '"GRANTED"', '"DENIED"'],
    ['ga4', /^The same purchase/, 'user data granted', '"ad_user_data":"DENIED"', '"ad_user_data":"GRANTED"'],
    [
      'ga4',
      /^The same purchase/,
      'personalisation granted',
      '"ad_personalization":"DENIED"',
      '"ad_personalization":"GRANTED"',
    ],
    ['ga4', /^The same purchase/, 'one word of consent', /"ad_user_data":"DENIED",/, ''],
    ['ga4', /^The same purchase/, 'no consent', /"consent":\{[^}]+\},/, ''],
    ['ga4', /^The same purchase/, 'a user id', '"consent":', '"user_id":"crm-8841","consent":'],
    [
      'ga4',
      /^The same purchase/,
      'user data',
      '"consent":',
      `"user_data":{"sha256_email_address":["${HASH}"]},"consent":`,
    ],
    ['ga4', /^The same purchase/, 'an address', '"consent":', '"ip_override":"203.0.113.7","consent":'],
    [
      'ga4',
      /^The same purchase/,
      'a click id',
      '"params":{',
      '"params":{"page_location":"https://shop.example/?gclid=abc",',
    ],
    ['google_ads', /refused/, 'personalisation granted', 'CONSENT_DENIED', 'CONSENT_GRANTED'],
    ['google_ads', /refused/, 'no consent', /"consent":\{[^}]+\},/, ''],
    ['google_ads', /refused/, 'a consent nobody stated', 'CONSENT_DENIED', 'CONSENT_STATUS_UNSPECIFIED'],
    ['google_ads', /refused/, 'a raw address', /d61173[0-9a-f]+/, 'kari@example.no'],
    [
      'google_ads',
      /refused/,
      'a device',
      '"eventSource"',
      '"eventDeviceInfo":{"ipAddress":"203.0.113.7"},"eventSource"',
    ],
    ['google_ads', /refused/, "another vendor's click id", '"gclid":', '"fbclid":"x","gclid":'],
    ['floodlight', /refused/, 'personalisation granted', 'CONSENT_DENIED', 'CONSENT_GRANTED'],
    ['floodlight', /refused/, 'no consent', /"consent":\{[^}]+\}/, '"eventSource":"WEB"'],
    [
      'floodlight',
      /refused/,
      'a raw address',
      '"eventSource"',
      '"userData":{"userIdentifiers":[{"emailAddress":"kari@example.no"}]},"eventSource"',
    ],
    ['floodlight', /refused/, 'a device', '"eventSource"', '"eventDeviceInfo":{"userAgent":"x"},"eventSource"'],
    ['floodlight', /refused/, "another product's account", 'FLOODLIGHT_CONFIG', 'GOOGLE_ADS'],
    ['floodlight', /refused/, 'an address for a click id', '"Cj0KExample_aBc"', '"kari@example.no"'],
    ['meta', /everything/, 'a raw address', HASH, 'kari@example.no'],
    ['meta', /everything/, 'a whole address', '203.0.113.0', '203.0.113.7'],
    ['meta', /everything/, 'no word on processing', ',"data_processing_options":[]', ''],
    ['meta', /everything/, 'a click id in the address', 'thank-you', 'thank-you?fbclid=abc'],
    ['linkedin', /^A purchase/, 'a raw address', HASH, 'kari@example.no'],
    ['linkedin', /^A purchase/, 'a name in clear', 'hashedFirstName', 'firstName'],
    ['linkedin', /^A purchase/, 'an address', 'SHA256_EMAIL', 'PLAINTEXT_IP_ADDRESS'],
    ['linkedin', /own id/, "the site's own id in clear", /684d6d[0-9a-f]+/, 'crm-8841'],
    ['hubspot', /^A lead/, 'an address, without `email: true`', '"utk":', '"email":"kari@example.no","utk":'],
    ['hubspot', /^A purchase/, 'an address for a visitor', '0f1e2d3c4b5a69788796a5b4c3d2e1f0', 'kari@example.no'],
    ['hubspot', /^A purchase/, "another vendor's id", '"utk":', '"fbp":"fb.1.1.1","utk":'],
    ['hubspot', /^A purchase/, 'a property that is not mapped', '"order_id":', '"phone":"40000000","order_id":'],
    ['microsoft_ads', /^A purchase/, 'no consent, which would mean granted', '"adStorageConsent":"G",', ''],
    [
      'microsoft_ads',
      /^A purchase/,
      'a denial of what was granted',
      '"adStorageConsent":"G"',
      '"adStorageConsent":"D"',
    ],
    ['microsoft_ads', /^A purchase/, 'a raw address', /62a804[0-9a-f]+/, 'kari@example.no'],
    ['microsoft_ads', /^A purchase/, 'a visitor id', '"msclkid":', '"anonymousId":"x","msclkid":'],
    ['snapchat', /everything/, 'a raw address', HASH, 'kari@example.no'],
    ['snapchat', /everything/, 'a whole address', '203.0.113.0', '203.0.113.7'],
    ['snapchat', /everything/, 'a click id in the address', 'thank-you', 'thank-you?ScCid=abc'],
    ['snapchat', /everything/, "another vendor's id", '"sc_click_id":', '"ttclid":"E.C.P.abc","sc_click_id":'],
    ['snapchat', /everything/, 'the name of a product', '"id":"SKU-1"', '"id":"SKU-1","name":"Mug"'],
    ['tiktok', /everything/, 'a raw address', HASH, 'kari@example.no'],
    ['tiktok', /everything/, 'a whole address', '203.0.113.0', '203.0.113.7'],
    ['tiktok', /everything/, 'a click id in the address', 'thank-you', 'thank-you?ttclid=E.C.P.abc'],
    ['tiktok', /everything/, 'a place in other letters', '"ttp":', '"city":"Oslo Norge","ttp":'],
    ['tiktok', /everything/, "another vendor's id", '"ttp":', '"fbp":"fb.1.1.1","ttp":'],
    ['tiktok', /everything/, 'the language', '"ttp":', '"locale":"nb-NO","ttp":'],
    ['microsoft_ads', /^User data not granted/, 'user data', '"msclkid":', `"em":"${HASH}","msclkid":`],
    ['pinterest', /^A purchase/, 'a raw address', HASH, 'kari@example.no'],
    ['pinterest', /^A purchase/, 'a whole address', '203.0.113.0', '203.0.113.7'],
    ['pinterest', /^A purchase/, 'a click id in the address', 'thank-you', 'thank-you?epik=dj0yExample'],
    ['pinterest', /^A purchase/, 'an address for a click id', '"dj0yExample"', '"kari@example.no"'],
    ['pinterest', /^A purchase/, "the tag's own id", '"click_id":', '"partner_id":"x","click_id":'],
    ['pinterest', /^A purchase/, 'an event of an app', '"web"', '"app_ios"'],
    ['reddit', /^A purchase/, 'a raw address', /c4d25e[0-9a-f]+/, 'jane@example.com'],
    ['reddit', /^A purchase/, 'an address, hashed', '"uuid":', `"ip_address":"${HASH}","uuid":`],
    ['reddit', /^A purchase/, 'a click id in the address', 'thank-you', 'thank-you?rdt_cid=ExampleClick'],
    ['reddit', /^A purchase/, 'an address for a click id', '"ExampleClick"', '"kari@example.no"'],
    ['reddit', /^A purchase/, 'a name of a product', '"quantity":', '"name":"Mug","quantity":'],
    ['reddit', /^A purchase/, 'a word on processing', '"uuid":', '"data_processing_options":{"modes":[]},"uuid":'],
  ] as const)('%s %s: is stopped with %s', (type, title, _what, from, to) => {
    const one = right(type, title);
    expect(check(one, changed(one.request, from, to))).toBeDefined();
  });
});

describe('limited forms of the others', () => {
  it.each([
    ['microsoft_ads', 'no denial', 'asc=D', 'asc=G'],
    ['microsoft_ads', 'a missing denial', '&asc=D', ''],
    ['microsoft_ads', 'a click id', 'msclkid=N', 'msclkid=cdd4afcccb1c9a4cad9544dd7e5006d5-0'],
    ['microsoft_ads', 'no word on the click id', '&msclkid=N', ''],
    ['microsoft_ads', 'a session', '&asc=D', '&asc=D&sid=abc'],
    ['microsoft_ads', 'a visitor', '&asc=D', '&asc=D&vid=abc'],
    ['microsoft_ads', 'a user', '&asc=D', '&asc=D&uid=abc'],
    ['microsoft_ads', 'hashed user data', '&asc=D', `&asc=D&pid=${HASH}`],
    ['microsoft_ads', 'a referrer', '&asc=D', '&asc=D&r=https%3A%2F%2Fwww.bing.com%2F'],
    ['microsoft_ads', 'a query in the address', 'takk', 'takk%3Fq%3D1'],
    ['google_ads', 'ad storage granted', 'gcs=G101', 'gcs=G111'],
    ['google_ads', 'personalised', 'npa=1', 'npa=0'],
    ['google_ads', 'a click id', '&npa=1', '&npa=1&gclaw=abc'],
    ['google_ads', 'an order', '&npa=1', '&npa=1&oid=T-1'],
    ['google_ads', 'the cookie match', '&npa=1', '&npa=1&guid=ON'],
    ['google_ads', 'user data', '&npa=1', '&npa=1&em=tv.1'],
    ['google_ads', 'core services', 'dma_cps=-', 'dma_cps=a'],
    ['google_ads', 'a query in the address', 'takk', 'takk%3Fq%3D1'],
  ])('%s: is stopped with %s', (type, _what, from, to) => {
    const one = right(type, /imited/);
    expect(check(one, changed(one.request, from, to))).toBeDefined();
  });

  it('the Conversions API takes consent, whatever the operator chose', () => {
    const one = right('microsoft_ads', /^A purchase/);
    expect(check(one, one.request, { signals: BIT.analytics_storage, verdict: 'limited' })).toBe(
      'full form: not granted',
    );
  });
});

it('tells what rule was broken, and nothing of the request', () => {
  const canary = 'kari-nordmann';
  const words = RIGHT_REQUESTS.flatMap((one) => [
    check(one, asked(one.request, `${canary}=${canary}`)),
    check(one, asked(one.request, `uid=${canary}`)),
    check(one, { ...one.request, headers: { [canary]: canary } }),
    check(one, one.request, { signals: maskOf([]), verdict: 'limited' }),
    one.request.body?.startsWith('{') === true &&
      check(
        one,
        edited(one.request, (body) => (body[canary] = canary)),
      ),
  ]);
  expect(words.filter((word) => typeof word === 'string' && word.includes(canary))).toEqual([]);
  expect(words.filter((word) => typeof word === 'string').length).toBeGreaterThan(RIGHT_REQUESTS.length);
});
