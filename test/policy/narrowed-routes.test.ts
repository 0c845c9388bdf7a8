import { describe, expect, it } from 'vitest';
import { explain } from '../../src/config/cases/explanation.ts';
import { loadConfig } from '../../src/config/load.ts';
import { decideRequest } from '../../src/decide/request.ts';
import { readBody } from '../../src/delivery/event-body.ts';
import { recordsOf } from '../../src/delivery/records.ts';
import { cookiebot, gatewayOf, jsonHit, NOW } from '../support/hits.ts';

// A field that a route does not use is not read and not stored for it (R24). Its rules may compare it all the same.

const site = (routes: string) => `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations: { ${routes} }
`;
const CONSENT = cookiebot({ preferences: true, statistics: true, marketing: true }, NOW - 3_600_000);
const COOKIES = `${CONSENT}; hubspotutk=0f1e2d3c4b5a69788796a5b4c3d2e1f0; _gcl_dc=GCL.${Math.floor(NOW / 1000) - 3600}.CNExampleDclid`;
const LEAD = {
  id: 'lead-1',
  name: 'generate_lead',
  page: { url: `https://shop.example.no/b2b/${'x'.repeat(60)}`, title: 'Kontakt oss' },
  params: {
    form_id: 'kontakt',
    note: 'blue',
    coupon: 'HOST25',
    search_term: 'mugs',
    transaction_id: 'A-1',
    value: 100,
    currency: 'NOK',
    items: [{ item_id: 'SKU-1', item_name: 'Mug', price: 50 }],
  },
  user: { email: 'kari@example.no' },
};

function traceOf(routes: string) {
  const gateway = gatewayOf(site(routes));
  const done = decideRequest(jsonHit({ events: [LEAD] }, { cookies: COOKIES }), gateway);
  if (!('trace' in done)) throw new Error(JSON.stringify(done.problem));
  return { trace: done.trace, policy: gateway.policy };
}

/** What is stored of the event for a route, beside what every event has. */
function stored(routes: string): Record<string, unknown> {
  const { trace, policy } = traceOf(routes);
  const [record] = recordsOf(trace, policy).records;
  const body = readBody(record?.body ?? '');
  if ('element' in body) throw new Error('a form');
  const {
    event_name: _,
    event_id: __,
    event_time: ___,
    ...rest
  } = { ...body.fields, ...Object.values(body.prepared)[0] };
  return rest;
}

const HUBSPOT = (properties: string, events = '') =>
  `hubspot: { access_token: "\${S}", ${events} custom_events: { generate_lead: { name: pe1_lead, properties: { ${properties} } } } }`;
const FLOODLIGHT = (more = '') =>
  `floodlight: { floodlight_config_id: "8031234", credentials: "\${S}", ${more} activities: { generate_lead: { id: "1", count: transactions } } }`;

describe('what is stored for a route', () => {
  const utk = { hubspotutk: '0f1e2d3c4b5a69788796a5b4c3d2e1f0' };

  it.each([
    ['HubSpot without properties', '', {}],
    ['with one of a parameter', 'note: params.note', { params: { note: 'blue' } }],
    ['with the ids of the products', 'ids: item_ids', { items: 'SKU-1' }],
    ['with the amount', 'sum: value, unit: currency', { value: 100, currency: 'NOK' }],
    [
      'with the page',
      'page: page_location, title: page_title',
      { page_location: LEAD.page.url.slice(0, 200), page_title: 'Kontakt oss' },
    ],
    ['with the order', 'order: transaction_id, sought: search_term', { transaction_id: 'A-1', search_term: 'mugs' }],
  ])('%s', (_, properties, expected) => {
    expect(stored(HUBSPOT(properties))).toEqual({ ...utk, ...expected });
  });

  it('Floodlight: of the custom parameters those of its variables', () => {
    const money = { transaction_id: 'A-1', value: 100, currency: 'NOK', dclid: 'CNExampleDclid' };
    expect(stored(FLOODLIGHT())).toEqual(money);
    expect(stored(FLOODLIGHT('variables: { U1: params.note },'))).toEqual({ ...money, params: { note: 'blue' } });
    expect(stored(FLOODLIGHT('variables: { U1: coupon },'))).toEqual({ ...money, coupon: 'HOST25' });
    expect(Object.keys(stored(FLOODLIGHT('user_data: true,')))).toEqual([
      ...Object.keys(stored(FLOODLIGHT())),
      'email',
    ]);
  });

  it('is no more where the site lists more parameters of the route', () => {
    expect(stored(HUBSPOT('note: params.note', 'params: [form_id, note],'))).toEqual({
      ...utk,
      params: { note: 'blue' },
    });
  });
});

describe('a rule', () => {
  it.each([
    'params.form_id: kontakt',
    'params.form_id: kontakt, value: ">= 100"',
    'page_location: { prefix: "https://shop.example.no/b2b/" }',
    'page_title: Kontakt oss',
    'coupon: HOST25',
    'search_term: mugs',
    'items: { exists: true }',
  ])('compares what is not sent: %s', (when) => {
    const events = `events: [{ event: generate_lead, when: { ${when} } }],`;
    for (const route of [HUBSPOT('', events), FLOODLIGHT(events)]) {
      expect(loadConfig(site(route), 'gateway.yaml', NOW)).toHaveProperty('config');
      const { trace, policy } = traceOf(route);
      expect(trace.events[0]?.routes.map(({ outcome, route: own }) => [outcome, own.rule?.place])).toEqual([
        ['planned', 1],
      ]);
      expect(recordsOf(trace, policy).records[0]?.body).not.toMatch(/kontakt|b2b|HOST25|mugs|Kontakt|SKU|Mug/);
    }
  });
});

describe('a rule that names what the event counts as', () => {
  const sent = (route: string): string => {
    const { trace } = traceOf(route);
    const [decision] = trace.events[0]?.routes ?? [];
    const made = decision?.plan;
    if (made === undefined) throw new Error(decision?.reason?.code ?? 'nothing');
    return made.element;
  };
  const when = 'event: generate_lead, when: { params.form_id: kontakt }';
  const floodlight = (rule: string, activities: string) =>
    `floodlight: { floodlight_config_id: "8031234", credentials: "\${S}", events: [{ ${when}, ${rule} }], activities: { ${activities} } }`;

  it('Floodlight: an activity that is not listed is a counter', () => {
    const element = sent(floodlight('conversion: "2"', 'purchase: { id: "1", count: transactions }'));
    expect(JSON.parse(element)).toMatchObject({ destinationReferences: ['2'], transactionId: 'lead-1' });
    expect(element).not.toContain('conversionValue');
  });

  it('Floodlight: one that is listed counts as it is listed', () => {
    const element = sent(floodlight('conversion: "1"', 'purchase: { id: "1", count: transactions }'));
    expect(JSON.parse(element)).toMatchObject({
      destinationReferences: ['1'],
      transactionId: 'A-1',
      conversionValue: 100,
    });
  });

  it('HubSpot: another of its custom events, with the properties of that one', () => {
    const element = sent(
      `hubspot: { access_token: "\${S}", events: [{ ${when}, as: quote }], custom_events: { quote: { name: pe1_quote, properties: { form: params.form_id } } } }`,
    );
    expect(JSON.parse(element)).toMatchObject({ eventName: 'pe1_quote', properties: { form: 'kontakt' } });
  });
});

it('explain says that no setting uses a field', () => {
  const [event] = explain(traceOf(HUBSPOT('')).trace).events;
  const dropped = event?.routes[0]?.dropped ?? [];
  expect(dropped.find(({ field }) => field === 'page_title')?.why).toBe('no setting of the route uses it');
});
