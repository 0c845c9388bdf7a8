import { describe, expect, it } from 'vitest';
import { compileGateway } from '../../src/config/compile/index.ts';
import { configPage } from '../../src/config/pages/docs.ts';
import { NO_SECRETS } from '../../src/config/compile/secrets.ts';
import { findings, load, yaml } from './support.ts';

// Findings of the linter about rules of a route (docs/rules.md), and the generated page about them.

const GA4 = (events: string, more = '') =>
  yaml({ destinations: `{ ga4: { measurement_id: G-TEST000001, events: [${events}]${more} } }` });
const LINKEDIN = (events: string) =>
  yaml({ destinations: `{ linkedin: { access_token: "\${L}", events: [${events}] } }` });
const META = (events: string) =>
  yaml({ destinations: `{ meta: { pixel_id: "123456789012345", access_token: "\${T}", events: [${events}] } }` });
const HTTP = (events: string) =>
  yaml({
    destinations: `{ http: { host: hooks.example.no, path: /in, recipient: { name: A, country: "NO", purpose: crm }, needs: [analytics_storage], sign: { secret: "\${H}" }, events: [${events}] } }`,
  });
const LEAD = (rest: string) => `{ event: generate_lead, ${rest} }`;

/** What is said of rules, beside notes. */
const said = (text: string) =>
  findings(text).flatMap(({ kind, message, instead }) =>
    kind === 'note' ? [] : [`${kind}: ${message}${instead === undefined ? '' : ` | ${instead}`}`],
  );

describe('a rule that cannot be kept is an error', () => {
  it.each([
    [
      'a parameter that is written as a field',
      GA4(LEAD('when: { form_id: a }')),
      'no field that a rule can look at',
      'params.form_id',
    ],
    ['a field that is mistyped', GA4(LEAD('when: { vlaue: 3 }')), '`vlaue` is no field', 'value'],
    ['`params` that is mistyped', GA4(LEAD('when: { parms.form: x }')), '`parms.form` is no field', 'params.form'],
    [
      '`params` that is mistyped in what it sets',
      GA4(LEAD('set: { param.form: x }')),
      'a rule gives an event',
      'params.form',
    ],
    ['another word before a name', GA4(LEAD('when: { event.form: x }')), '`event.form` is no field', undefined],
    ['a field that is written as a parameter', GA4(LEAD('when: { params.value: 3 }')), 'a field of its own', 'value'],
    ['a parameter that never passes', GA4(LEAD('when: { params.gclid_copy: a }')), 'is never there', undefined],
    ['a parameter that is Google’s', GA4(LEAD('when: { params.ga_x: a }')), 'keeps names like it', undefined],
    [
      'an operator there is none of',
      GA4(LEAD('when: { value: "> 3" }')),
      'expected a value, a list of values',
      '">= 3"',
    ],
    [
      'a text that is more than a number',
      GA4(LEAD('when: { coupon: ">= 3" }')),
      'is a text',
      'a text, a list, or { prefix: text }',
    ],
    [
      'a number that begins with something',
      GA4(LEAD('when: { value: { prefix: "1" } }')),
      'has no beginning',
      '">= 100"',
    ],
    ['a number that is none', GA4(LEAD('when: { value: many }')), 'is a number', '100, or ">= 100"'],
    ['the value of an id', GA4(LEAD('when: { user_id: crm-1 }')), 'only ask whether it is there', '{ exists: true }'],
    ['an unknown key', GA4(LEAD('whe: {}')), 'unknown key `whe`', 'when'],
    ['no event', GA4('{ when: { value: 3 } }'), '`event` is missing', undefined],
    [
      'an order number for all',
      GA4(LEAD('set: { transaction_id: T-1 }')),
      'nothing that says whose it is or which one',
      undefined,
    ],
    ['a currency that is none', GA4(LEAD('set: { currency: kr }')), 'ISO 4217', 'NOK'],
    ['a value that is none', GA4(LEAD('set: { value: "12" }')), 'expected a number', 'a number, without quotes'],
    ['a conversion at Analytics', GA4(LEAD('conversion: "12"')), 'is told the name of an event', 'the same as `as:`'],
    [
      'a name of Google’s',
      GA4(LEAD('as: session_start')),
      'keeps for itself',
      "the name of an event of the site's own",
    ],
    [
      'a name at LinkedIn',
      LINKEDIN(`${LEAD('conversion: "1"')}, ${LEAD('as: Lead')}`),
      'is told the id of a conversion',
      'the id as `conversion:`',
    ],
    ['a conversion that is none', LINKEDIN(LEAD('conversion: abc')), 'the id of a conversion rule', undefined],
    ['a conversion without quotes', LINKEDIN(LEAD('conversion: 104013')), 'in quotes', '"104013", in quotes'],
    ['a conversion at Meta', META(LEAD('conversion: "12"')), 'is told the name of an event', 'the same as `as:`'],
    [
      'more actions than Google Ads takes',
      yaml({
        destinations: `{ google_ads: { customer_id: "1234567890", credentials: "\${C}", conversions: { purchase: "1", sign_up: "2" }, events: [${Array.from({ length: 9 }, (_, i) => LEAD(`when: { params.form: f${i} }, conversion: "${i + 10}"`)).join(', ')}] } }`,
      }),
      'ten conversion actions at most',
      undefined,
    ],
  ])('%s', (_, text, message, instead) => {
    const errors = findings(text).filter(({ kind }) => kind === 'error');
    expect(errors.map((one) => [one.message.includes(message), one.instead])).toEqual([[true, instead]]);
  });

  it.each([
    [
      'bounds that exclude each other',
      GA4(LEAD('when: { value: { ">=": 9, "<": 5 } }')),
      'no value of `value` is like that',
    ],
    [
      'a value that does not begin so',
      GA4(LEAD('when: { params.a: { "=": [b], prefix: c } }')),
      'no value of `params.a`',
    ],
    ['there and not there', GA4(LEAD('when: { coupon: { "=": a, exists: false } }')), 'no value of `coupon`'],
    ['what the vendor may not have', GA4(LEAD('when: { gclid: { exists: true } }')), 'may not have `gclid`'],
    [
      'a parameter the route does not list',
      GA4(LEAD('when: { params.form: a }'), ', params: [kind]'),
      'does not list `form` in `params`',
    ],
    [
      'a field the receiver is not given',
      HTTP(LEAD('when: { params.form: a }')),
      'does not list `params.form` in `fields`',
    ],
    [
      'a coupon where ids are replaced',
      yaml({
        privacy: '{ referrer: none, replaced_ids: {} }',
        destinations: `{ ga4: { measurement_id: G-TEST000001, events: [${LEAD('when: { coupon: { exists: false } }')}] } }`,
      }),
      '`privacy.replaced_ids` removes `coupon`',
    ],
    [
      'a referrer that nobody keeps',
      yaml({
        privacy: '{ referrer: none }',
        destinations: `{ ga4: { measurement_id: G-TEST000001, events: [${LEAD('when: { page_referrer: { exists: true } }')}] } }`,
      }),
      '`privacy.referrer: none` removes `page_referrer`',
    ],
    ['a country that is not read', GA4(LEAD('when: { country: "NO" }')), '`privacy.ip: none` removes `country`'],
    ['a value the vendor does not take', LINKEDIN(LEAD('conversion: "1", set: { tax: 5 }')), 'does not take `tax`'],
    ['a parameter that stays', GA4(LEAD('set: { params.kind: a }'), ', params: [form]'), 'does not list `kind`'],
  ])('%s', (_, text, message) => {
    const errors = findings(text).filter(({ kind }) => kind === 'error');
    expect(errors.map((one) => [one.code, one.message.includes(message)])).toEqual([['contradiction', true]]);
  });

  it.each([
    ['a name before it', 'generate_lead', LEAD('when: { value: ">= 5" }')],
    ['the same again', LEAD('when: { value: ">= 5" }'), LEAD('when: { value: { ">=": 5 } }')],
    ['a lower bound', LEAD('when: { value: ">= 5" }'), LEAD('when: { value: ">= 6" }')],
    ['an upper bound', LEAD('when: { value: "< 5" }'), LEAD('when: { value: { "<": 5, ">=": 1 } }')],
    ['one of its values', LEAD('when: { params.a: [b, c] }'), LEAD('when: { params.a: c, value: 3 }')],
    [
      'a longer beginning',
      LEAD('when: { page_location: { prefix: "https://a" } }'),
      LEAD('when: { page_location: { prefix: "https://ab" } }'),
    ],
    ['being there', LEAD('when: { coupon: { exists: true } }'), LEAD('when: { coupon: HEI }')],
    [
      'not being there',
      LEAD('when: { coupon: { exists: false } }'),
      LEAD('when: { coupon: { exists: false }, value: 3 }'),
    ],
  ])('one that an earlier one leaves nothing for: %s', (_, first, second) => {
    const found = said(GA4(`${first}, ${second}`));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^error: never applies: rule 1 of the route/);
    // Under a name of its own it is another event to the vendor, and both are sent.
    const { length } = second;
    expect(said(GA4(`${first}, ${second.slice(0, length - 1)}, as: qualify_lead }`))).toEqual([]);
  });

  it.each([
    ['what is less strict', LEAD('when: { value: ">= 6" }'), LEAD('when: { value: ">= 5" }')],
    ['other values', LEAD('when: { params.a: [b] }'), LEAD('when: { params.a: [b, c] }')],
    ['another field', LEAD('when: { params.a: b }'), LEAD('when: { params.b: b }')],
    [
      'being there after not being there',
      LEAD('when: { coupon: { exists: false } }'),
      LEAD('when: { coupon: { exists: true } }'),
    ],
    ['the rest', LEAD('when: { params.a: b }'), 'generate_lead'],
    ['another event', 'purchase', LEAD('when: { value: 3 }')],
  ])('and one that it leaves something for is none: %s', (_, first, second) => {
    expect(said(GA4(`${first}, ${second}`))).toEqual([]);
  });
});

describe('a rule that is probably a mistake is a warning', () => {
  it.each([
    [
      'a name that resembles one of GA4',
      GA4('{ event: generate_leads, when: { value: 3 } }'),
      'no event of GA4 is called `generate_leads`',
    ],
    [
      'an event the vendor has no name for',
      META('{ event: login, when: { value: 3 } }'),
      '`login` is never sent to Meta',
    ],
    ['a currency without an amount', GA4(LEAD('set: { currency: NOK }')), 'would count in this currency'],
  ])('%s', (_, text, message) => {
    expect(findings(text).flatMap((one) => (one.kind === 'warning' ? [one.message.includes(message)] : []))).toEqual([
      true,
    ]);
  });
});

describe('rules in the configuration', () => {
  const gateway = (text: string) => compileGateway(load(text).config, NO_SECRETS);

  it('change the policy, their order included; what is only names has the policy it always had', () => {
    const one = LEAD('when: { value: ">= 5" }');
    const policies = [
      GA4('generate_lead'),
      GA4(one),
      GA4(LEAD('when: { value: ">= 6" }')),
      GA4(LEAD('when: { value: ">= 5" }, as: qualify_lead')),
      GA4(LEAD('when: { value: ">= 5" }, set: { params.a: b }')),
      GA4(`${one}, purchase`),
      GA4(`purchase, ${one}`),
    ].map((text) => gateway(text).policy);
    expect(new Set(policies).size).toBe(policies.length);
    const ordered = (when: string) => gateway(GA4(LEAD(`when: { ${when} }`))).policy;
    expect(ordered('value: 3, params.a: [b, c]')).toBe(ordered('params.a: [c, b], value: 3'));
    expect(gateway(GA4('purchase, generate_lead')).policy).toBe(gateway(GA4('generate_lead, purchase')).policy);
  });

  it('are names of events that count: for conversions, and where nothing was allowed', () => {
    const [site] = gateway(LINKEDIN('{ event: befaring, when: { value: 3 }, conversion: "1" }')).sites;
    expect([...(site?.conversions ?? [])]).toEqual(['purchase', 'befaring']);
    expect(site?.eventNames.has('befaring')).toBe(true);
    expect(site?.routes[0]?.rules?.variants).toHaveLength(1);
  });

  it('cost a route without any nothing', () => {
    expect(gateway(GA4('purchase, generate_lead')).sites[0]?.routes[0]?.rules).toBeUndefined();
  });

  it('stand on the page for people, in words', () => {
    const { config } = load(
      LINKEDIN(
        '{ event: generate_lead, when: { params.form: [a, b], value: { ">=": 5, "<": 9 } }, conversion: "104013", set: { value: 5, currency: NOK } }',
      ),
    );
    const page = configPage(config, compileGateway(config, NO_SECRETS));
    expect(page).toContain(
      '1. generate_lead when params.form is one of a, b and value >= 5 and value < 9, as conversion 104013, with value = 5 and currency = NOK',
    );
    expect(page).toContain('- What a rule applies to.');
    expect(page).toContain('They look at `params.form`, which LinkedIn Conversions API does not get');
    expect(page).not.toContain('No event: none has a name here.');
  });
});
