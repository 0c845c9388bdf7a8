import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explain, type ExplainedRoute } from '../../src/config/cases/explanation.ts';
import { givenTo } from '../../src/config/compile/compile-rules.ts';
import type { Reads } from '../../src/core/destination.ts';
import { decideRequest } from '../../src/decide/request.ts';
import type { Trace } from '../../src/decide/trace.ts';
import { rowOf } from '../../src/delivery/lane/row.ts';
import { readBody } from '../../src/delivery/event-body.ts';
import { recordsOf } from '../../src/delivery/records.ts';
import type { Gateway } from '../../src/policy/gateway.ts';
import { applying, type Candidates } from '../../src/policy/rules.ts';
import { gatewayOf, jsonHit } from '../support/hits.ts';
import { expectLinear } from '../support/growth.ts';

// Rules of a route (docs/rules.md), through the front door: what of an event they look at, and what is sent of it.

const SIGNALS = ['ad_storage', 'analytics_storage', 'ad_user_data', 'ad_personalization'] as const;
const EVERYTHING = 15;

/** A site where a banner grants each signal by itself, with these routes. */
function siteWith(routes: string, more = ''): Gateway {
  return gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent:
      cmp: [onetrust]
      mapping: { onetrust: { purposes: { A1: [ad_storage], A2: [analytics_storage], A3: [ad_user_data], A4: [ad_personalization] } } }
    ${more}
    destinations:${routes}
`);
}

/** OneTrust's cookie with a group for each signal. */
function granting(mask: number): string {
  const groups = SIGNALS.map((_, i) => `A${i + 1}:${(mask >> i) & 1}`).join(',');
  return `OptanonConsent=${encodeURIComponent(`isGpcEnabled=0&datestamp=Mon+Nov+23+2026+11:00:00+GMT+0000&version=202405.1.0&interactionCount=1&groups=${groups}`)}; OptanonAlertBoxClosed=2026-11-23T11:00:00.000Z`;
}

type Event = Readonly<Record<string, unknown>>;
const PAGE = { url: 'https://shop.example.no/kurs/krus?li_fat_id=0b6ad1c2-4d5e-4f60-8a71-92b3c4d5e6f7' };
const LEAD: Event = { id: 'e-1', name: 'generate_lead', client_id: '482310557.1795400000', page: PAGE };

function traceOf(gateway: Gateway, event: Event, mask = EVERYTHING): Trace {
  const done = decideRequest(jsonHit({ events: [event] }, { cookies: granting(mask) }), gateway);
  if (!('trace' in done)) throw new Error(JSON.stringify(done.problem));
  return done.trace;
}

function decisions(gateway: Gateway, event: Event, mask = EVERYTHING): readonly ExplainedRoute[] {
  return explain(traceOf(gateway, event, mask)).events.flatMap(({ routes }) => routes);
}

/** Which rules send something. */
function sending(gateway: Gateway, event: Event, mask = EVERYTHING): (number | undefined)[] {
  return decisions(gateway, event, mask).flatMap(({ outcome, rule }) => (outcome === 'planned' ? [rule?.place] : []));
}

const GA4 = (...events: string[]) => `
      ga4:
        measurement_id: G-TEST000001
        api_secret: "\${S}"
        events: [${events.join(', ')}]`;
const LINKEDIN = (...events: string[]) => `
      linkedin:
        access_token: "\${L}"
        events: [${events.join(', ')}]`;

describe('a condition', () => {
  it.each([
    ['params.form: kontakt', { params: { form: 'kontakt' } }, { params: { form: 'Kontakt' } }],
    ['params.form: "= kontakt"', { params: { form: 'kontakt' } }, { params: {} }],
    ['params.form: [a, b]', { params: { form: 'b' } }, { params: { form: 'ab' } }],
    ['params.step: 3', { params: { step: '3' } }, { params: { step: 31 } }],
    ['params.member: true', { params: { member: true } }, { params: { member: false } }],
    ['value: 100.00', { params: { value: 100, currency: 'NOK' } }, { params: { value: 100.5, currency: 'NOK' } }],
    ['value: ">= 100"', { params: { value: 100, currency: 'NOK' } }, { params: { value: 99.99, currency: 'NOK' } }],
    ['value: "< 100"', { params: { value: 0, currency: 'NOK' } }, { params: { value: 100, currency: 'NOK' } }],
    ['params.score: ">= 1.5"', { params: { score: '1.50' } }, { params: { score: '1,6' } }],
    ['params.score: { ">=": 1, "<": 3 }', { params: { score: 2.9 } }, { params: { score: 3 } }],
    ['params.score: { "=": "< 3" }', { params: { score: '< 3' } }, { params: { score: 2 } }],
    [
      'page_location: { prefix: "https://shop.example.no/kurs/" }',
      {},
      { page: { url: 'https://shop.example.no/kursus/' } },
    ],
    ['coupon: { exists: true }', { params: { coupon: 'HEI' } }, { params: { coupon: '' } }],
    ['coupon: { exists: false }', { params: { coupon: '' } }, { params: { coupon: 'HEI' } }],
    ['items: { exists: true }', { params: { items: [{ item_id: 'K-1' }] } }, {}],
    ['params.toString: { exists: true }', { params: { toString: 'x' } }, { params: {} }],
  ])('%s', (when, holding, failing) => {
    const gateway = siteWith(LINKEDIN(`{ event: generate_lead, conversion: "1", when: { ${when} } }`));
    expect(sending(gateway, { ...LEAD, ...holding })).toEqual([1]);
    const [missed] = decisions(gateway, { ...LEAD, ...failing });
    expect([missed?.outcome, missed?.reason?.code, missed?.rule]).toEqual(['skipped', 'skip.no_rule', undefined]);
  });

  it('holds only with all others of its rule', () => {
    const gateway = siteWith(
      LINKEDIN('{ event: generate_lead, conversion: "1", when: { params.form: a, value: ">= 5" } }'),
    );
    const lead = (form: string, value: number) => ({ ...LEAD, params: { form, value, currency: 'NOK' } });
    expect([lead('a', 5), lead('b', 5), lead('a', 4)].map((event) => sending(gateway, event))).toEqual([[1], [], []]);
  });
});

describe('an event that several rules apply to', () => {
  const TWO = LINKEDIN(
    '{ event: generate_lead, conversion: "104013", when: { params.form: kontakt } }',
    '{ event: generate_lead, conversion: "104014" }',
  );
  const KONTAKT = { ...LEAD, params: { form: 'kontakt' } };

  it('is sent for each, and LinkedIn, which tells repeats by the id alone, gets one for each', () => {
    const bodies = decisions(siteWith(TWO), KONTAKT).map(({ request }) => request?.body ?? '');
    // destinations/linkedin.md 5: a second event with the same id is ignored; the first has the id that a tag may share.
    expect(bodies.map((body) => /Conversion:(\d+)"|$/.exec(body)?.[1])).toEqual(['104013', '104014']);
    expect(bodies.map((body) => /"eventId":"([^"]*)"|$/.exec(body)?.[1])).toEqual(['e-1', 'e-1.104014']);
    const [alone] = decisions(siteWith(TWO), { ...LEAD, params: { form: 'nyhetsbrev' } }).map(
      ({ request }) => request?.body,
    );
    expect(alone).toContain('"eventId":"e-1"');
  });

  it('is stored once for each, and each is known again by itself', () => {
    const { records } = recordsOf(traceOf(siteWith(TWO), KONTAKT), 'policy');
    expect(records.map(({ routes }) => routes.map(({ route }) => route))).toEqual([
      ['shop.example.no/linkedin'],
      ['shop.example.no/linkedin'],
    ]);
    const marks = records.flatMap(({ routes }) => routes.map(({ mark }) => mark));
    expect(new Set(marks).size).toBe(2);
    // The same event again has the same marks.
    const again = recordsOf(traceOf(siteWith(TWO), KONTAKT), 'policy').records;
    expect(again.flatMap(({ routes }) => routes.map(({ mark }) => mark))).toEqual(marks);
    // What only the rule looks at is not stored: LinkedIn has no custom parameters.
    expect(JSON.stringify(records)).not.toContain('kontakt');
  });

  it('is sent once under one name: the first of its rules counts', () => {
    const gateway = siteWith(
      GA4('{ event: generate_lead, when: { params.form: kontakt }, set: { params.kind: b2b } }', 'generate_lead'),
    );
    expect(sending(gateway, KONTAKT)).toEqual([1]);
    expect(sending(gateway, LEAD)).toEqual([2]);
    expect(decisions(gateway, KONTAKT)[0]?.request?.body).toContain('"kind":"b2b"');
  });

  it('has the mark of the route itself where a rule gives it no other name', () => {
    const marks = (events: string) =>
      recordsOf(traceOf(siteWith(GA4(events)), LEAD), '').records.map(({ routes: [own] }) => own?.mark);
    const plain = marks('generate_lead');
    expect(marks('{ event: generate_lead, set: { params.kind: b2b } }')).toEqual(plain);
    expect(marks('{ event: generate_lead, as: qualify_lead }')).not.toEqual(plain);
  });
});

describe('a name that a rule says', () => {
  it.each([
    ['Meta', 'meta', '{ event: sign_up, as: Contact }', '"event_name":"Contact"'],
    ['Matomo, a goal', 'matomo', '{ event: sign_up, conversion: "5" }', 'idgoal=5'],
    ['Analytics, which has none of its own', 'ga4', '{ event: sign_up, as: ny_kunde }', '"name":"ny_kunde"'],
  ])('is what the settings could say for all events: %s', (_, type, rule, sent) => {
    const settings: Record<string, string> = {
      meta: 'pixel_id: "123456789012345", access_token: "${T}"',
      matomo: 'host: matomo.example.no, site_id: "1", currency: NOK',
      ga4: 'measurement_id: G-TEST000001, api_secret: "${S}"',
    };
    const gateway = siteWith(` { ${type}: { ${settings[type]}, events: [${rule}] } }`);
    const [one] = decisions(gateway, { ...LEAD, name: 'sign_up', user: { email: 'kari@example.no' } });
    expect([one?.outcome, one?.reason?.words]).toEqual(['planned', undefined]);
    expect(decodeURIComponent(`${one?.request?.url}${one?.request?.body}`)).toContain(sent);
  });
});

describe('what a rule gives an event', () => {
  it('goes through the form of the vendor, and only where the form has the field', () => {
    const gateway = siteWith(
      `${GA4('{ event: purchase, set: { value: 5, currency: SEK, params.kind: b2b } }')}
        without_consent: limited
      meta:
        pixel_id: "123456789012345"
        access_token: "\${T}"
        events: [{ event: sign_up, as: Purchase, set: { value: 250, currency: NOK } }]`,
    );
    const hit = { ...LEAD, name: 'purchase', params: { value: 599, currency: 'NOK', transaction_id: 'T-1' } };
    const [full] = decisions(gateway, hit);
    expect(full?.request?.body).toContain('"currency":"SEK","value":5,');
    expect(full?.request?.body).toContain('"kind":"b2b"');
    // Meta refuses a purchase without an amount (destinations/meta.md 3): the rule has given it one.
    const meta = decisions(gateway, { ...LEAD, name: 'sign_up', user: { email: 'kari@example.no' } })[1];
    expect([meta?.outcome, meta?.reason]).toEqual(['planned', undefined]);
    expect(meta?.request?.body).toContain('"currency":"NOK","value":250');
  });
});

describe('a form that does not read a field', () => {
  const rule = { event: 'purchase', place: 1, when: [], set: { value: 5, currency: 'NOK', 'params.kind': 'b2b' } };
  const route = { bound: { fields: undefined }, params: undefined } as unknown as Parameters<typeof givenTo>[2];

  it('is given nothing of it by a rule, nor without the signals that open it, nor what the route leaves out', () => {
    const given = (reads: Reads, more: object = {}) => givenTo(reads, rule, { ...route, ...more });
    expect(given({ event_name: {} })).toEqual([]);
    expect(given({ value: { needs: ['ad_storage'] } })).toEqual([{ field: 'value', value: 5, needs: 1 }]);
    expect(given({ value: { as: String } })).toEqual([{ field: 'value', value: '5', needs: 0 }]);
    expect(given({ params: {}, value: {} }, { params: new Set(['form']) })).toEqual([
      { field: 'value', value: 5, needs: 0 },
    ]);
    expect(given({ value: {}, currency: {} }, { bound: { fields: new Set(['currency']) } })).toEqual([
      { field: 'currency', value: 'NOK', needs: 0 },
    ]);
  });
});

describe('a stored event', () => {
  const rules = (first: string, second: string) =>
    siteWith(
      LINKEDIN(
        `{ event: generate_lead, when: { ${first} }, conversion: "${second}", set: { value: 5, currency: NOK } }`,
      ),
    );
  const then = rules('params.form: kontakt', '1');
  const { records } = recordsOf(traceOf(then, { ...LEAD, params: { form: 'kontakt' } }), then.policy);

  function sentUnder(gateway: Gateway) {
    const [record] = records;
    const [own] = record?.routes ?? [];
    if (record === undefined || own === undefined) throw new Error('nothing is stored');
    const { acceptedAt, consentDay, policy } = record;
    const queued = {
      ...own,
      id: 1,
      acceptedAt,
      consentDay,
      policy,
      size: 1,
      alone: true,
      body: () => readBody(record.body),
    };
    return rowOf(queued, gateway.routeOf.get(own.route));
  }

  it('is sent as its rule says, which it knows again without what the rule has looked at', () => {
    expect(sentUnder(then).element).toContain('Conversion:1"');
    expect(sentUnder(then).element).toContain('"currencyCode":"NOK","amount":"5.00"');
  });

  it('is sent under the id that was mended meanwhile', () => {
    expect(sentUnder(rules('params.form: kontakt', '2')).element).toContain('Conversion:2"');
  });

  it('is not sent when its rule asks for something else now, or is gone', () => {
    for (const gateway of [
      rules('params.form: tilbud', '1'),
      siteWith(`${LINKEDIN('generate_lead')}\n        conversions: { generate_lead: "1" }`),
    ]) {
      const row = sentUnder(gateway);
      expect([row.formless?.code, row.element]).toEqual(['skip.rule_gone', '']);
    }
  });
});

describe('what consent does not open', () => {
  const USER = { ...LEAD, user: { id: 'crm-8841' } };
  const IS_THERE = GA4('{ event: generate_lead, when: { user_id: { exists: true } } }');
  const IS_NOT = GA4('{ event: generate_lead, when: { user_id: { exists: false } } }');

  it('holds no condition, nor that it is not there: nobody has looked', () => {
    // destinations/ga4.md 4: a user id needs the signals of ads, too.
    expect(sending(siteWith(IS_THERE), USER)).toEqual([1]);
    expect(sending(siteWith(IS_NOT), LEAD)).toEqual([1]);
    for (const gateway of [siteWith(IS_THERE), siteWith(IS_NOT)]) {
      for (const event of [USER, LEAD]) {
        const [one] = decisions(gateway, event, 0b0010);
        expect([one?.outcome, one?.reason?.code]).toEqual(['skipped', 'skip.no_rule']);
        expect(one?.reason?.words).toContain('user_id');
      }
    }
  });

  /** Every kind of rule on every route, each beside the route without rules. */
  const RULED = siteWith(
    `${GA4('{ event: generate_lead, when: { user_id: { exists: false } }, as: qualify_lead }', '{ event: generate_lead, when: { params.form: kontakt }, set: { params.kind: b2b, value: 9 } }', '{ event: purchase, when: { coupon: { exists: false } } }', '{ event: purchase, when: { value: ">= 50" }, as: big_purchase }')}
        without_consent: limited
      google_ads:
        customer_id: "1234567890"
        credentials: "\${C}"
        conversion_id: "987654321"
        labels: { purchase: a, generate_lead: b }
        without_consent: limited
        events: [{ event: purchase, when: { value: ">= 50" }, conversion: "1" }, { event: purchase, when: { params.form: kontakt }, conversion: "2" }, { event: generate_lead, when: { email: { exists: true } }, conversion: "3" }]
      microsoft_ads:
        tag_id: "97000001"
        access_token: "\${M}"
        without_consent: limited
        events: [{ event: purchase, when: { email: { exists: false } }, as: anonymous }, { event: purchase, when: { search_term: { exists: true } }, as: searched }]`,
  );
  const PLAIN = siteWith(
    `${GA4('generate_lead', 'purchase')}
        without_consent: limited
      google_ads:
        customer_id: "1234567890"
        credentials: "\${C}"
        conversions: { purchase: "1", generate_lead: "3" }
        conversion_id: "987654321"
        labels: { purchase: a, generate_lead: b }
        without_consent: limited
      microsoft_ads: { tag_id: "97000001", access_token: "\${M}", without_consent: limited }`,
  );
  const events = fc.record({
    name: fc.constantFrom('purchase', 'generate_lead', 'login'),
    value: fc.integer({ min: 0, max: 100 }),
    form: fc.constantFrom(undefined, 'kontakt', 'tilbud'),
    coupon: fc.constantFrom(undefined, 'HEI'),
    term: fc.constantFrom(undefined, 'krus'),
    user: fc.constantFrom(undefined, 'crm-8841'),
    email: fc.constantFrom(undefined, 'kari@example.no'),
  });
  const eventOf = ({
    name,
    value,
    form,
    coupon,
    term,
    user,
    email,
  }: typeof events extends fc.Arbitrary<infer T> ? T : never) => ({
    ...LEAD,
    name,
    params: { value, currency: 'NOK', transaction_id: 'T-1', form, coupon, search_term: term },
    user: { id: user, email },
  });
  const masks = fc.integer({ min: 0, max: EVERYTHING });

  it('is opened by no rule: a route sends with rules only what it may have without', () => {
    fc.assert(
      fc.property(events, masks, (about, mask) => {
        const plain = traceOf(PLAIN, eventOf(about), mask).events[0]?.routes ?? [];
        for (const { route, outcome, permit, view } of traceOf(RULED, eventOf(about), mask).events[0]?.routes ?? []) {
          const own = plain.find((one) => one.route.key === route.key);
          expect([permit.verdict, permit.bits]).toEqual([own?.permit.verdict, own?.permit.bits]);
          if (outcome !== 'planned') continue;
          expect(['full', 'limited']).toContain(own?.permit.verdict);
          const open = new Set<string>(permit.open.map(({ field }) => field));
          expect(Object.keys(view ?? {}).filter((field) => !open.has(field))).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('changes nothing about which rules apply, whatever it is', () => {
    fc.assert(
      fc.property(events, masks, fc.constantFrom('user', 'email', 'form', 'coupon', 'term'), (about, mask, what) => {
        const closed = { user: 'user_id', email: 'email', form: 'params', coupon: 'coupon', term: 'search_term' }[what];
        const other = { ...about, [what]: about[what as 'user'] === undefined ? 'crm-8841' : undefined };
        const applied = (one: typeof about) =>
          (traceOf(RULED, eventOf(one), mask).events[0]?.routes ?? []).flatMap(({ route, permit }) => {
            const isOpen =
              permit.verdict === 'full' &&
              (!['user', 'email'].includes(what) || permit.open.some(({ field }) => field === closed));
            return isOpen ? [] : [[route.key, route.rule?.place]];
          });
        expect(applied(other)).toEqual(applied(about));
      }),
      { numRuns: 300 },
    );
  });
});

describe('the work of rules', () => {
  const none = { code: 'skip.no_rule', params: {} } as const;
  const rule = (prefix: string, i: number): Candidates['rules'][number] => {
    const nothing = { is: undefined, atLeast: undefined, below: undefined, exists: undefined };
    return {
      conditions: [{ field: 'page_location', ...nothing, prefix }],
      name: String(i),
      first: {} as never,
      further: {} as never,
    };
  };

  it('is in proportion to the length of a value, and to the number of rules', () => {
    expectLinear((length) => {
      const text = 'a'.repeat(length);
      const candidates = { rules: [rule(`${text}b`, 0)], none };
      return () => applying(candidates, { page_location: `${text}a` });
    }, 4_000_000);
    expectLinear((length) => {
      const candidates = { rules: Array.from({ length }, (_, i) => rule('https:', i)), none };
      return () => applying(candidates, { page_location: 'https://shop.example.no/' });
    }, 20_000);
  });
});
