import { describe, expect, it } from 'vitest';
import { regimeOf } from '../../src/config/countries.ts';
import { COUNTRIES, EEA } from '../../src/core/countries.ts';
import { nearest } from '../../src/core/nearest.ts';
import { errors, findings as allFindings, load as loadAll, yaml } from './support.ts';

/**
 * The warning about `npa=1`, given wherever a route needs personalisation, has a test of its own; all others leave it
 * out.
 */
const besideNpa = <T extends { readonly message: string }>(found: readonly T[]): readonly T[] =>
  found.filter(({ message }) => !message.includes('`npa=1`'));
const findings = (text: string) => besideNpa(allFindings(text));
const load = (text: string) => {
  const loaded = loadAll(text);
  return { ...loaded, notes: besideNpa(loaded.notes) };
};

const GA4 = 'measurement_id: G-TEST000001, api_secret: "${S}", region: eu';
const META = 'pixel_id: "123456789012345", access_token: "${T}"';
const ADS = 'customer_id: "1234567890", conversions: { purchase: "700123456" }, credentials: "${C}"';

describe('contradictions refuse the configuration', () => {
  it.each([
    [
      'limited for Meta',
      yaml({ destinations: `{ meta: { ${META}, without_consent: limited } }` }),
      'no such form exists',
    ],
    [
      'limited for LinkedIn',
      yaml({
        destinations:
          '{ linkedin: { conversions: { purchase: "1" }, access_token: "${L}", without_consent: limited } }',
      }),
      'no such form exists',
    ],
    [
      'limited for Google Ads without label and tag',
      yaml({ destinations: `{ google_ads: { ${ADS}, without_consent: limited } }` }),
      '`conversion_id`',
    ],
    [
      'analytics identifiers for longer than browsers keep them',
      yaml({ cookies: '{ analytics: 401d }' }),
      'at most 400d',
    ],
    ['ad identifiers for longer than 90 days', yaml({ cookies: '{ ads: 91d }' }), 'at most 90d'],
    ['identifiers that live no time at all', yaml({ cookies: '{ analytics: 0d }' }), 'at least an hour'],
    ['a cookie domain of somebody else', yaml({ cookies: '{ domain: example.com }' }), 'no host of the site is'],
    [
      'a cookie domain that only looks alike',
      yaml({ hosts: '[metrics.notexample.no]', cookies: '{ domain: example.no }' }),
      'no host of the site is',
    ],
    ['a cookie for all of Norway', yaml({ cookies: '{ domain: "no" }' }), 'top-level'],
    ['silence as consent in Norway', yaml({ consent: '{ without_choice: granted }' }), 'silence is not consent'],
    [
      'silence as consent in the United Kingdom',
      yaml({ country: 'GB', consent: '{ without_choice: granted }' }),
      'silence is not consent',
    ],
    [
      'silence as consent in Brazil, which is not known to be opt-out',
      yaml({ country: 'BR', consent: '{ without_choice: granted }' }),
      'silence is not consent',
    ],
    [
      'two routes with one measurement id',
      yaml({ destinations: `{ ga4: { ${GA4} }, second: { type: ga4, ${GA4} } }` }),
      'belongs to the route `ga4`',
    ],
    [
      'two primary routes',
      yaml({
        destinations: `{ ga4: { ${GA4}, primary: true }, b: { type: ga4, ${GA4.replace('1,', '2,')}, primary: true } }`,
      }),
      'primary route already',
    ],
    [
      'a primary route that takes no hits',
      yaml({ destinations: `{ meta: { ${META}, primary: true } }` }),
      'routes that take the hits',
    ],
    ['one host on two sites', `${yaml()}  - { hosts: [metrics.example.no], country: SE }\n`, 'belongs to another site'],
    ['a country nobody tells', yaml({ privacy: '{ ip: country }' }), 'which country a visitor is in'],
    ['a header nobody is believed for', yaml({}, 'server: { country_header: CF-IPCountry }'), 'trusted proxies only'],
    [
      'a mapping of a platform that is not read',
      yaml({ consent: '{ cmp: [cookiebot], mapping: { didomi: { purposes: { a: statistics } } } }' }),
      'is not read on this site',
    ],
    [
      'a mapping of a platform nobody knows',
      yaml({ consent: '{ mapping: { didommi: { purposes: { a: statistics } } } }' }),
      'is not a platform',
    ],
    [
      "a platform whose purposes are the site's own, without a mapping",
      yaml({ consent: '{ cmp: [klaro] }' }),
      'without a mapping it grants nothing',
    ],
    ['an empty list of events', yaml({ destinations: `{ meta: { ${META}, events: [] } }` }), 'name at least one'],
    ['an outbox that holds nothing', yaml({}, 'delivery: { max_size: 1KB }'), 'at least 1MB'],
    ['a proxy range that is none', yaml({}, 'server: { trusted_proxies: [10.0.0.0/40] }'), 'not an address'],
  ])('%s', (_, text, message) => {
    const found = errors(text);
    expect(found.map((finding) => finding.message).join('\n')).toContain(message);
  });

  it('says what to write instead, at the key it is about', () => {
    const [finding] = errors(yaml({ destinations: `\n      meta: { ${META}, without_consent: limited }` }));
    expect(finding).toMatchObject({ line: 6, code: 'contradiction', instead: 'block' });
    expect(finding?.column).toBe(`      meta: { ${META}, without_consent: `.length + 1);
  });
});

describe('names of parameters that never pass', () => {
  const params = (...names: string[]) =>
    findings(yaml({ destinations: `{ ga4: { ${GA4}, params: [${names.join(', ')}] } }` })).map(
      ({ kind, message }) => `${kind}: ${message}`,
    );

  it.each(['customer_id', 'gclid', 'email', 'deviceId', 'client_id', 'fb_fbp', 'igshid'])('%s', (name) => {
    expect(params('colour', name)).toEqual([expect.stringContaining(`warning: \`${name}\` is never sent`)]);
  });

  it('says nothing of others', () => {
    expect(params('colour', 'customer_type', 'item_id', 'ga_page')).toEqual([]);
  });
});

describe('warnings do not refuse', () => {
  it.each([
    ['a page without TLS', yaml({ origins: '[http://shop.example.no]' }), 'without TLS'],
    ['a route of the future', yaml({ destinations: `{ meta: { ${META}, since: 2026-12-01 } }` }), 'has not come yet'],
    ['a site that sends nothing on', yaml({ destinations: '{}' }), 'no destinations'],
    ['a site nobody may send to', yaml({ origins: '[]' }), 'may send events'],
    [
      'the same vendor twice',
      yaml({ destinations: `{ meta: { ${META} }, again: { type: meta, ${META} } }` }),
      'gets everything twice',
    ],
    [
      'everybody as a trusted proxy',
      yaml({}, 'server: { trusted_proxies: [0.0.0.0/0] }'),
      'believes X-Forwarded-For from anybody',
    ],
    [
      'a mapping of a platform that writes no purposes',
      yaml({ consent: '{ cmp: [shopify], mapping: { shopify: { purposes: { a: statistics } } } }' }),
      'has no purposes that could be mapped',
    ],
    [
      'Meta behind a TCF string alone',
      yaml({ consent: '{ cmp: [tcf] }', destinations: `{ meta: { ${META} } }` }),
      'never opens it',
    ],
  ])('%s', (_, text, message) => {
    expect(
      load(text)
        .notes.filter(({ kind }) => kind === 'warning')
        .map((finding) => finding.message)
        .join('\n'),
    ).toContain(message);
  });

  it('loopback pages need no TLS', () => {
    expect(findings(yaml({ origins: '[http://127.0.0.1:8080, http://localhost:3000]' }))).toEqual([]);
  });

  it('a mapping for vendorless destinations opens Meta behind TCF, so there is nothing to warn of', () => {
    const text = yaml({
      consent: '{ cmp: [tcf], mapping: { tcf: { purposes: { vendorless: [marketing] } } } }',
      destinations: `{ meta: { ${META} } }`,
    });
    expect(findings(text)).toEqual([]);
  });
});

describe('legal notes', () => {
  const limited = (country: string) => yaml({ country, destinations: `{ ga4: { ${GA4}, without_consent: limited } }` });

  it.each([
    ['NO', 'ekomloven § 3-15'],
    ['DK', 'cookiebekendtgørelsen § 3'],
    ['SE', '9 kap. 28 §'],
    ['FI', '205 §'],
    ['DE', '§ 25 TDDDG'],
    ['FR', 'art. 82'],
    ['IS', 'Article 5(3) of Directive 2002/58/EC'],
  ])('pings before consent in %s', (country, law) => {
    const [note] = load(limited(country)).notes;
    expect(note).toMatchObject({ kind: 'note', code: 'legal' });
    expect(note?.message).toContain(law);
    expect(note?.message).toContain('EDPB Guidelines 2/2023, paragraphs 43 and 51');
  });

  it.each([
    [
      'a truncated address is never called anonymous',
      yaml({ privacy: '{ ip: truncate }' }),
      'pseudonymous, not anonymous',
    ],
    ['analytics identifiers beyond a week', yaml({ cookies: '{ analytics: 30d }' }), '30 days'],
    ['an own id', yaml({ cookies: '{ own_id: true }' }), 'pv_id'],
    ['the full User-Agent', yaml({ privacy: '{ user_agent: full }' }), 'User-Agent'],
    ['legitimate interest', yaml({ purposes: '{ ads: { basis: legitimate_interest } }' }), 'does not stand in for it'],
    [
      'a United States site that ignores GPC',
      yaml({ country: 'US', consent: '{ honour: [consent-mode] }' }),
      'Global Privacy Control is binding',
    ],
  ])('%s', (_, text, message) => {
    expect(
      load(text)
        .notes.map((finding) => finding.message)
        .join('\n'),
    ).toContain(message);
  });

  it('has none for a plain configuration', () => {
    expect(load(yaml()).notes).toEqual([]);
  });
});

describe('countries (R88)', () => {
  it('the United States are opt-out, all other 248 opt-in', () => {
    expect(COUNTRIES).toHaveLength(249);
    expect(COUNTRIES.filter((country) => regimeOf(country) === 'opt-out')).toEqual(['US']);
  });

  it('the EEA has thirty members, and the United Kingdom and Switzerland are none', () => {
    expect(EEA.size).toBe(30);
    expect([...EEA].filter((country) => !COUNTRIES.includes(country))).toEqual([]);
    expect(EEA.has('GB') || EEA.has('CH')).toBe(false);
  });

  it.each([
    ['EU', 'one site entry for each'],
    ['EEA', 'one site entry for each'],
    ['UK', 'GB'],
    ['US-CA', 'US'],
    ['XX', 'ISO 3166-1'],
  ])('%s is refused with what to write', (country, instead) => {
    expect(errors(yaml({ country }))[0]?.instead).toContain(instead);
  });

  it('Norway unquoted is Norway, as YAML 1.2 has it', () => {
    expect(load(yaml({ country: 'NO' })).config.sites[0]?.country).toBe('NO');
  });
});

describe('nearest', () => {
  it.each([
    ['mesurement_id', 'measurement_id'],
    ['measurementId', 'measurement_id'],
    ['api-secret', 'api_secret'],
    ['zzzzzz', undefined],
  ])('%s -> %s', (word, meant) => {
    expect(nearest(word, ['measurement_id', 'api_secret', 'region'])).toBe(meant);
  });
});

describe('event names', () => {
  // A vendor that takes events by any name: whether another one does is said beside it (`takes.test.ts`).
  const route = (events: string) =>
    yaml({ destinations: `{ microsoft_ads: { tag_id: "97", access_token: "\${T}", events: [${events}] } }` });
  it.each([
    ['Purchase', 'purchase'],
    ['purchases', 'purchase'],
    ['PageView', 'page_view'],
    ['add-to-cart', 'add_to_cart'],
    ['generate lead', 'generate_lead'],
    ['Lead', 'generate_lead'],
    ['InitiateCheckout', 'begin_checkout'],
  ])('%s: did you mean %s?', (name, meant) => {
    const [finding, ...more] = load(route(`"${name}"`)).notes;
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ kind: 'warning', code: 'suspicious', instead: meant });
    expect(finding?.message).toContain(`did you mean \`${meant}\`?`);
  });

  it.each(['kjøp', '[Amplitude] Page Viewed', 'kontaktskjema', 'Bestilling fullført', 'chat'])(
    '%s is the own event of a site: said, not refused',
    (name) => {
      const [finding, ...more] = load(route(`"${name}"`)).notes;
      expect(more).toEqual([]);
      expect(finding).toMatchObject({ kind: 'note', code: 'custom-event' });
    },
  );

  it.each(['purchase', 'page_view', 'form_submit', 'qualify_lead'])('nothing is said of %s', (name) => {
    expect(findings(route(name))).toEqual([]);
  });

  it.each([
    ['google_ads', 'customer_id: "1234567890", credentials: "${C}", conversions: { Purchase: "7" }'],
    ['linkedin', 'access_token: "${L}", conversions: { Purchase: "7" }'],
    ['meta', 'pixel_id: "123456", access_token: "${T}", event_names: { Purchase: Purchase }'],
    ['microsoft_ads', 'tag_id: "97", access_token: "${T}", event_names: { Purchase: buy }'],
  ])('the keys of a mapping of %s are event names too', (type, settings) => {
    const [finding] = findings(yaml({ destinations: `{ ${type}: { ${settings} } }` }));
    expect(finding).toMatchObject({ kind: 'warning', instead: 'purchase' });
  });
});

describe('an id of another kind says what it is', () => {
  it.each([
    ['GTM-ABC123', 'Tag Manager container'],
    ['UA-12345-1', 'Universal Analytics'],
    ['AW-123456789', 'Google Ads tag'],
    ['DC-1234567', 'Floodlight'],
    ['GT-ABC123', 'several products share'],
  ])('%s as measurement id', (id, what) => {
    const [finding] = errors(yaml({ destinations: `{ ga4: { measurement_id: ${id} } }` }));
    expect(finding?.message).toContain(what);
    expect(finding?.message).toContain('Data streams');
  });

  it.each([
    ['google_ads', 'customer_id: G-ABC1234567, credentials: "${C}", conversions: { purchase: "7" }', 'GA4'],
    ['google_ads', 'customer_id: "1234567890", credentials: "${C}", conversions: { purchase: AW-1/x }', 'Ads tag'],
    ['meta', 'pixel_id: GTM-ABC123, access_token: "${T}"', 'Tag Manager'],
    ['linkedin', 'access_token: "${L}", conversions: { purchase: UA-1-1 }', 'Universal Analytics'],
    ['microsoft_ads', 'tag_id: AW-1234, access_token: "${T}"', 'Google Ads tag'],
  ])('in %s', (type, settings, what) => {
    const [finding] = errors(yaml({ destinations: `{ ${type}: { ${settings} } }` }));
    expect(finding?.message).toContain(what);
  });

  it('the right one in small letters is proposed as it should be', () => {
    const [finding] = errors(yaml({ destinations: '{ ga4: { measurement_id: g-test000001 } }' }));
    expect(finding?.instead).toBe('G-TEST000001');
  });
});

describe('what people call a vendor', () => {
  it.each([
    ['facebook', 'meta'],
    ['Facebook_Pixel', 'meta'],
    ['bing', 'microsoft_ads'],
    ['google-analytics', 'ga4'],
    ['adwords', 'google_ads'],
    ['linkedin_insight', 'linkedin'],
  ])('%s is %s', (name, type) => {
    const [finding] = errors(yaml({ destinations: `{ x: { type: ${name} } }` }));
    expect(finding?.instead).toBe(type);
  });

  it('google may be two', () => {
    const [finding] = errors(yaml({ destinations: '{ google: { measurement_id: G-TEST000001 } }' }));
    expect(finding?.instead).toBe('ga4 (Google Analytics 4), or google_ads (Google Ads)');
  });
});

describe('amounts without their unit', () => {
  it.each([
    ['7', '7d'],
    ['"7 days"', '7d'],
    ['2w', '14d'],
    ['12 timer', '12h'],
    ['90 minutes', '90m'],
  ])('cookies.analytics: %s', (written, instead) => {
    expect(errors(yaml({ cookies: `{ analytics: ${written} }` }))[0]?.instead).toBe(instead);
  });

  it.each([
    ['2', '2GB'],
    ['500mb', '500MB'],
    ['2 GiB', '2GB'],
  ])('delivery.max_size: %s', (written, instead) => {
    expect(errors(yaml({}, `delivery: { max_size: ${written} }`))[0]?.instead).toBe(instead);
  });

  it.each(['soon', '', '7x'])('nothing is proposed for "%s"', (written) => {
    const [finding] = errors(yaml({ cookies: `{ analytics: "${written}" }` }));
    expect(finding?.message).toContain('a duration such as');
    expect(finding?.instead).toBeUndefined();
  });
});

describe('a store that is not there', () => {
  it.each([
    ['queues', 'a withdrawal stops what waits'],
    ['nats', 'the brokers have to be named'],
    ['redis', 'expected `sqlite`'],
  ])('%s is refused with the reason', (name, why) => {
    const [finding] = errors(yaml({}, `delivery: { outbox: ${name} }`));
    expect(finding?.message).toContain(why);
    expect(finding?.instead).toBe('sqlite');
  });
});

describe('npa=1 in a hit', () => {
  const routes = `{ ga4: { ${GA4} }, meta: { ${META} }, google_ads: { ${ADS} } }`;
  const about = (text: string) => allFindings(text).filter(({ message }) => message.includes('`npa=1`'));

  it('is said to close the routes that need ad_personalization, and only those', () => {
    const [note, ...more] = about(yaml({ destinations: routes }));
    expect(more).toEqual([]);
    expect(note).toMatchObject({ kind: 'note', code: 'vendor' });
    expect(note?.message).toContain('never sent to `meta`:');
    expect(note?.message).toContain('allow_ad_personalization_signals: false');
  });

  it('is not spoken of where it is not read, or closes nothing', () => {
    expect(about(yaml({ destinations: routes, consent: '{ honour: [gpc] }' }))).toEqual([]);
    expect(about(yaml())).toEqual([]);
  });
});
