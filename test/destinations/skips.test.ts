import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { destinations } from '../../destinations/index.ts';
import type { BoundDestination, PlanContext, SkipReason } from '../../src/core/destination.ts';
import type { Event } from '../../src/core/fields.ts';
import { reason, showReason } from '../../src/core/reason.ts';
import { BIT, GATE_STATES, type SignalMask } from '../../src/core/signals.ts';
import { project } from '../../src/core/view.ts';
import { permitTable } from '../../src/policy/permit.ts';
import { AT, HIT_ID } from '../support/plan-one.ts';

/*
 * What no vendor is sent, said once more from the sheets: what it has no name for, what it cannot tell whose it is, what
 * it refuses. The modules say it as data, and the collecting side decides by that alone; here the two must agree, for
 * any event, consent and settings, and an event that goes must come out as one.
 */

const NOT_MAPPED = reason('skip.not_mapped');
const NOTHING = reason('skip.nothing_to_match');
const lacks = (fields: string): SkipReason => reason('skip.lacks', { fields });

/** Values of a field: those a vendor can use, and those that come from careless sites. */
interface Values {
  readonly good: readonly unknown[];
  readonly bad: readonly unknown[];
}

const HASH = '81f8f6dde88365f3928796ec7aa53f72820b06db8664f5fe76a7eb13e24546a2';
const UUID = '11111111-2222-4333-8444-555555555555';
const VALUES = {
  transaction_id: { good: ['ORD-20261120-7'], bad: [''] },
  client_id: { good: ['482310557.1763600000'], bad: [''] },
  page_location: { good: ['https://shop.example.no/takk'], bad: [''] },
  value: { good: [0, 599, 0.1], bad: [Number.NaN, Number.POSITIVE_INFINITY] },
  currency: { good: ['NOK', ' eur '], bad: ['kr', '', 'XXX'] },
  gclid: { good: ['Cj0KExample_aBc'], bad: ['a b', ''] },
  dclid: { good: ['CNExampleDclid'], bad: ['kari@example.no', ''] },
  gbraid: { good: ['0AAAAAexample'], bad: ['kari@example.no'] },
  wbraid: { good: ['CjgKExample'], bad: ['\n'] },
  fbp: { good: ['fb.1.1763600000000.1098115397'], bad: ['1098115397', ''] },
  fbc: { good: ['fb.1.1763600000000.IwAR2Example'], bad: ['fb.x.1.y'] },
  hubspotutk: { good: ['0f1e2d3c4b5a69788796a5b4c3d2e1f0'], bad: ['kari', ''] },
  msclkid: { good: ['0a1b2c3d4e5f60718293a4b5c6d7e8f9'], bad: ['N', ''] },
  li_fat_id: { good: [UUID], bad: ['kari', '-'] },
  epik: { good: ['dj0yExample'], bad: ['kari@example.no', 'a b', ''] },
  rdt_uuid: { good: ['0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90'], bad: ['kari', ''] },
  rdt_cid: { good: ['ExampleClick'], bad: ['kari@example.no', ''] },
  ip: { good: ['203.0.113.0'], bad: [''] },
  user_agent_family: { good: ['Mozilla/5.0 (compatible)'], bad: [''] },
  event_id: { good: ['ord-1'], bad: [''] },
  sccid: { good: ['ExampleClick'], bad: ['abc', 'kari@example.no', ''] },
  scid: { good: ['0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90'], bad: ['1', ''] },
  ttclid: { good: ['E.C.P.Example'], bad: ['abc', 'kari@example.no', ''] },
  ttp: { good: ['2F7h37YkS1j57AYSKTI7IHhJPYH'], bad: ['1', ''] },
  user_agent: { good: ['Mozilla/5.0 whole'], bad: [''] },
  user_id: { good: ['crm-8841'], bad: [''] },
  email: { good: ['Kari.Nordmann@example.no'], bad: ['kari', '@', ''] },
  email_sha256: { good: [HASH], bad: ['81f8', ''] },
  phone: { good: ['+47 400 00 000'], bad: ['400 00 000', ''] },
  phone_sha256: { good: [HASH], bad: ['x'] },
  first_name: { good: ['Kari'], bad: [' ', '-'] },
  last_name: { good: ['Nordmann'], bad: [''] },
  postal_code: { good: ['0150', ' SW1A 1AA '], bad: ['', ' ', 'kari@example.no', '0'.repeat(17)] },
  user_country: { good: ['NO', 'no', 'UK'], bad: ['Norway', 'XX', ''] },
  google_user_data: { good: [`tv.1~em.${HASH}`], bad: ['tv.1~em.e2', 'em', ''] },
} as const satisfies Readonly<Record<string, Values>>;
type Field = keyof typeof VALUES;

/** What sites call their events, and names that every object answers to. */
const NAMES = ['purchase', 'page_view', 'view_item', 'Purchase', 'ny_kunde', 'constructor', '__proto__', 'pageLoad'];

/** An event with which of its fields are of use, rules of a vendor apart. */
interface Given {
  readonly event: Event;
  readonly good: ReadonlySet<Field>;
}

/** Fields that mean something together only: they come together, or nearly. */
const TOGETHER: readonly (readonly Field[])[] = [
  ['first_name', 'last_name', 'user_country', 'postal_code'],
  ['value', 'currency', 'fbp'],
  ['page_location', 'msclkid'],
  ['client_id'],
  ['event_id', 'epik', 'ip', 'user_agent_family'],
  ['event_id', 'email', 'phone', 'dclid'],
  ['event_id', 'rdt_uuid', 'rdt_cid', 'user_agent_family'],
  ['sccid', 'ip', 'user_agent', 'page_location'],
  ['email', 'page_location', 'value', 'currency'],
  ['ttclid'],
  ['ip', 'user_agent', 'ttp'],
];

const oneOf = (field: Field, absent: number) => {
  const { good, bad }: Values = VALUES[field];
  return fc.oneof(
    { weight: absent, arbitrary: fc.constant(undefined) },
    { weight: 4, arbitrary: fc.constantFrom(...good.map((value) => ({ value, good: true }))) },
    { weight: 1, arbitrary: fc.constantFrom(...bad.map((value) => ({ value, good: false }))) },
  );
};
const fieldsOf = (fields: readonly Field[], absent: number) =>
  fc.record(Object.fromEntries(fields.map((field) => [field, oneOf(field, absent)])));
const ALL_FIELDS = Object.keys(VALUES) as readonly Field[];

const given: fc.Arbitrary<Given> = fc
  .tuple(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('purchase', 'page_view') },
      { weight: 4, arbitrary: fc.constantFrom(...NAMES) },
      { weight: 1, arbitrary: fc.constantFrom('', undefined) },
    ),
    fc.oneof(fieldsOf(ALL_FIELDS, 20), ...TOGETHER.map((fields) => fieldsOf(fields, 1))),
  )
  .map(([name, fields]) => {
    const there = Object.entries(fields).flatMap(([field, one]) => (one === undefined ? [] : [[field, one] as const]));
    return {
      event: {
        ...(name !== undefined && { event_name: name }),
        ...Object.fromEntries(there.map(([field, { value }]) => [field, value])),
      },
      good: new Set(there.flatMap(([field, { good }]) => (good ? [field as Field] : []))),
    };
  });

const mapped = (of: fc.Arbitrary<string>) =>
  fc
    .uniqueArray(fc.tuple(fc.constantFrom(...NAMES), of), { maxLength: 6, selector: ([name]) => name })
    .map((pairs) => Object.fromEntries(pairs.filter(([name]) => name !== '__proto__')));

interface Asked extends Given {
  readonly name: string;
  readonly signals: SignalMask;
  readonly source: string;
}

interface Sheet<S extends object> {
  readonly settings: fc.Arbitrary<S>;
  readonly full: (asked: Asked, settings: S) => SkipReason | undefined;
  readonly limited?: (asked: Asked, settings: S) => SkipReason | undefined;
}

const any = (good: ReadonlySet<Field>, ...fields: readonly Field[]): boolean => fields.some((field) => good.has(field));
const all = (good: ReadonlySet<Field>, ...fields: readonly Field[]): boolean =>
  fields.every((field) => good.has(field));
const own = <T>(map: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  map !== undefined && Object.hasOwn(map, name) ? map[name] : undefined;
const sheet = <S extends object>(one: Sheet<S>): Sheet<object> => one as unknown as Sheet<object>;

/** `destinations/meta.md` 3: GA4's names and Meta's, as far as the names above go. */
const META_NAMES: Readonly<Record<string, string>> = {
  purchase: 'Purchase',
  page_view: 'PageView',
  view_item: 'ViewContent',
};

/** `destinations/pinterest.md` 5, as far as the names above go. */
const PINTEREST_NAMES: Readonly<Record<string, string>> = {
  purchase: 'checkout',
  page_view: 'page_visit',
  view_item: 'view_content',
};

/** `destinations/reddit.md` 5, as far as the names above go. */
const REDDIT_NAMES: Readonly<Record<string, string>> = {
  purchase: 'PURCHASE',
  page_view: 'PAGE_VISIT',
  view_item: 'VIEW_CONTENT',
};

const SHEETS: Readonly<Record<string, Sheet<object>>> = {
  // `destinations/ga4.md` 2.1, 2.3, 3.3; 5 for the form without consent, which makes an id of its own.
  ga4: sheet<{ measurement_id: string; api_secret?: string }>({
    settings: fc.constantFrom<{ measurement_id: string; api_secret?: string }[]>(
      { measurement_id: 'G-TEST000001' },
      { measurement_id: 'G-TEST000001', api_secret: '${A}' },
    ),
    full: ({ good, source }, { api_secret }) => {
      if (source !== 'ga4-collect' && api_secret === undefined)
        return reason('skip.not_configured', { key: 'api_secret' });
      return good.has('client_id') ? undefined : lacks('client_id');
    },
    limited: () => undefined,
  }),
  // `destinations/google-ads.md` 2.3, 2.4; 4 for the ping, which is for conversions with a label.
  google_ads: sheet<{ conversions: Record<string, string>; labels?: Record<string, string> }>({
    settings: fc
      .record({ conversions: mapped(fc.constant('700123456')), labels: fc.option(mapped(fc.constant('AbC'))) })
      .filter(({ conversions }) => Object.keys(conversions).length > 0)
      .map(({ conversions, labels }) => ({
        customer_id: '1234567890',
        credentials: '${C}',
        conversions,
        ...(labels !== null && { labels, conversion_id: 'AW-123' }),
      })),
    full: ({ name, good }, { conversions }) => {
      if (own(conversions, name) === undefined) return NOT_MAPPED;
      const person = any(good, 'email', 'phone', 'phone_sha256', 'google_user_data');
      const address = all(good, 'first_name', 'last_name', 'user_country', 'postal_code');
      return any(good, 'gclid', 'gbraid', 'wbraid') || person || address ? undefined : NOTHING;
    },
    limited: ({ name }, { labels }) => (own(labels, name) === undefined ? NOT_MAPPED : undefined),
  }),
  // `destinations/floodlight.md` 2, 3.
  floodlight: sheet<{ activities: Record<string, { id: string; count: string }> }>({
    settings: mapped(fc.constantFrom('transactions', 'standard'))
      .filter((counts) => Object.keys(counts).length > 0)
      .map((counts) => ({
        floodlight_config_id: '8031234',
        credentials: '${C}',
        activities: Object.fromEntries(
          Object.entries(counts).map(([name, count]) => [name, { id: count === 'standard' ? '1' : '2', count }]),
        ),
      })),
    full: ({ name, good }, { activities }) => {
      if (name === undefined || !Object.hasOwn(activities, name)) return NOT_MAPPED;
      if (!any(good, 'dclid', 'gclid')) return NOTHING;
      return good.has('event_id') ? undefined : lacks('event_id');
    },
  }),
  // `destinations/meta.md` 3, 4.3.
  meta: sheet<{ event_names: Record<string, string | null>; user_data: string[] }>({
    settings: fc
      .record({
        event_names: mapped(fc.constantFrom('Contact', 'Purchase', 'Kvittering', 'off')).map((names) =>
          Object.fromEntries(Object.entries(names).map(([name, to]) => [name, to === 'off' ? null : to])),
        ),
        user_data: fc.subarray(['email', 'phone', 'first_name', 'last_name', 'country', 'user_id']),
      })
      .map((more) => ({ pixel_id: '123456789012345', access_token: '${M}', ...more })),
    full: ({ name, good }, { event_names, user_data }) => {
      const becomes = Object.hasOwn(event_names, name) ? event_names[name] : own(META_NAMES, name);
      if (typeof becomes !== 'string') return NOT_MAPPED;
      const allowed = (setting: string, ...fields: Field[]) => user_data.includes(setting) && any(good, ...fields);
      const email = allowed('email', 'email', 'email_sha256');
      const person = email || allowed('phone', 'phone') || allowed('user_id', 'user_id');
      if (!any(good, 'fbp', 'fbc') && !person) return NOTHING;
      return becomes === 'Purchase' && !all(good, 'value', 'currency') ? lacks('value, currency') : undefined;
    },
  }),
  // `destinations/linkedin.md` 3.
  linkedin: sheet<{ conversions: Record<string, string>; user_data: string[]; api_version: string }>({
    settings: fc
      .record({
        conversions: mapped(fc.constant('104012')),
        user_data: fc.subarray(['email', 'first_name', 'last_name', 'country', 'user_id']),
        api_version: fc.constantFrom('202608', '202609', '202701'),
      })
      .map((more) => ({ access_token: '${L}', ...more })),
    full: ({ name, good }, { conversions, user_data, api_version }) => {
      if (own(conversions, name) === undefined) return NOT_MAPPED;
      if (good.has('li_fat_id')) return undefined;
      if (user_data.includes('email') && any(good, 'email', 'email_sha256')) return undefined;
      if (user_data.includes('user_id') && good.has('user_id')) return undefined;
      const names =
        all(good, 'first_name', 'last_name') && ['first_name', 'last_name'].every((n) => user_data.includes(n));
      return names && api_version !== '202608' ? undefined : NOTHING;
    },
  }),
  // `destinations/pinterest.md` 3, 4, 5.
  pinterest: sheet<{ event_names: Record<string, string | null>; user_data: string[] }>({
    settings: fc
      .record({
        event_names: mapped(fc.constantFrom('custom', 'lead', 'off')).map((names) =>
          Object.fromEntries(Object.entries(names).map(([name, to]) => [name, to === 'off' ? null : to])),
        ),
        user_data: fc.subarray(['email', 'phone', 'first_name', 'country', 'user_id']),
      })
      .map((more) => ({ ad_account_id: '549757463328', access_token: '${P}', ...more })),
    full: ({ name, good }, { event_names, user_data }) => {
      const becomes = Object.hasOwn(event_names, name) ? event_names[name] : own(PINTEREST_NAMES, name);
      if (typeof becomes !== 'string') return NOT_MAPPED;
      const allowed = (setting: string, ...fields: Field[]) => user_data.includes(setting) && any(good, ...fields);
      const person = good.has('epik') || allowed('phone', 'phone') || allowed('user_id', 'user_id');
      const beside = person && good.has('ip') && any(good, 'user_agent', 'user_agent_family');
      if (!allowed('email', 'email', 'email_sha256') && !beside) return NOTHING;
      return good.has('event_id') ? undefined : lacks('event_id');
    },
  }),
  // `destinations/reddit.md` 3, 4, 5.
  reddit: sheet<{ event_names: Record<string, string | null>; user_data: string[] }>({
    settings: fc
      .record({
        event_names: mapped(fc.constantFrom('CUSTOM', 'LEAD', 'off')).map((names) =>
          Object.fromEntries(Object.entries(names).map(([name, to]) => [name, to === 'off' ? null : to])),
        ),
        user_data: fc.subarray(['email', 'phone', 'user_id']),
      })
      .map((more) => ({ pixel_id: 'a2_exampleabc', access_token: '${R}', ...more })),
    full: ({ name, good }, { event_names, user_data }) => {
      const becomes = Object.hasOwn(event_names, name) ? event_names[name] : own(REDDIT_NAMES, name);
      if (typeof becomes !== 'string') return NOT_MAPPED;
      const allowed = (setting: string, ...fields: Field[]) => user_data.includes(setting) && any(good, ...fields);
      const person =
        allowed('email', 'email') || allowed('phone', 'phone', 'phone_sha256') || allowed('user_id', 'user_id');
      const clicked = good.has('rdt_cid') && any(good, 'user_agent', 'user_agent_family');
      if (!good.has('rdt_uuid') && !clicked && !person) return NOTHING;
      return good.has('event_id') ? undefined : lacks('event_id');
    },
  }),
  // `destinations/http.md` 1: what the route lists goes, whatever is in it.
  http: sheet<object>({
    settings: fc
      .constantFrom<object[]>(
        { body: 'standard' },
        { body: 'standard', fields: ['params', 'email', 'phone', 'user_id', 'page_location'] },
        { body: 'json', map: { name: 'event.name', value: 'params.value' } },
      )
      .map((more) => ({
        host: 'hooks.example.com',
        path: '/in',
        needs: ['analytics_storage'],
        recipient: { name: 'Example AS', country: 'NO', purpose: 'a test' },
        ...more,
      })),
    full: () => undefined,
  }),
  // `destinations/hubspot.md` 2, 3.
  hubspot: sheet<{ custom_events: Record<string, object>; email: boolean }>({
    settings: fc
      .record({ custom_events: mapped(fc.constant('pe1_kjop')), email: fc.boolean() })
      .filter(({ custom_events }) => Object.keys(custom_events).length > 0)
      .map(({ custom_events, email }) => ({
        access_token: '${H}',
        email,
        custom_events: Object.fromEntries(Object.entries(custom_events).map(([name, to]) => [name, { name: to }])),
      })),
    full: ({ name, good }, { custom_events, email }) => {
      if (own(custom_events, name) === undefined) return NOT_MAPPED;
      return good.has('hubspotutk') || (email && good.has('email')) ? undefined : NOTHING;
    },
  }),
  // `destinations/piwik-pro.md` 3, 4.
  piwik_pro: sheet<{ goals: Record<string, string> }>({
    settings: fc.record({ goals: mapped(fc.constant('5')) }).map((more) => ({
      host: 'example.piwik.pro',
      app_id: '892d04bd-0000-4000-8000-000000000001',
      currency: 'NOK',
      ...more,
    })),
    full: ({ name, event }) => (name === 'page_view' && !event.page_location ? lacks('page_location') : undefined),
    limited: ({ name, event }) => (name === 'page_view' && !event.page_location ? lacks('page_location') : undefined),
  }),
  // `destinations/matomo.md` 3; 5 for the form without consent, whose orders have a number that is made for them.
  matomo: sheet<{ goals: Record<string, string> }>({
    settings: fc
      .record({ goals: mapped(fc.constant('5')) })
      .map((more) => ({ host: 'stats.example.com', site_id: '3', currency: 'NOK', ...more })),
    full: ({ name, event }) => {
      if (name === 'purchase' && !event.transaction_id) return lacks('transaction_id');
      return name === 'page_view' && !event.page_location ? lacks('page_location') : undefined;
    },
    limited: ({ name, event }) => (name === 'page_view' && !event.page_location ? lacks('page_location') : undefined),
  }),
  // `destinations/microsoft.md` A.3; B for the pixel.
  microsoft_ads: sheet<{ event_names?: Record<string, string> }>({
    settings: fc
      .record({ event_names: mapped(fc.constantFrom('kjop', 'page_view', 'pageLoad')) })
      .map((more) => ({ tag_id: '97000001', access_token: '${S}', ...more })),
    full: ({ name, good, signals }) => {
      const person = (signals & BIT.ad_user_data) !== 0 && any(good, 'email', 'phone', 'phone_sha256');
      if (!good.has('msclkid') && !person) return NOTHING;
      if (name === '') return lacks('event_name');
      return name === 'page_view' && !good.has('page_location') ? lacks('page_location') : undefined;
    },
    limited: ({ name }) => (name === '' ? lacks('event_name') : undefined),
  }),
  // `destinations/snapchat.md` 3, 4, 5.
  snapchat: sheet<{ event_names: Record<string, string | null>; user_data: string[] }>({
    settings: fc
      .record({
        event_names: mapped(fc.constantFrom('PURCHASE', 'CUSTOM_EVENT_1', 'off')).map((names) =>
          Object.fromEntries(Object.entries(names).map(([name, to]) => [name, to === 'off' ? null : to])),
        ),
        user_data: fc.subarray(['email', 'phone', 'first_name', 'country', 'user_id']),
      })
      .map((more) => ({ pixel_id: '1ec32188-754e-4be2-8e55-c949a984a39f', access_token: '${S}', ...more })),
    full: ({ name, good }, { event_names, user_data }) => {
      const standard = { purchase: 'PURCHASE', page_view: 'PAGE_VIEW', view_item: 'VIEW_CONTENT' };
      const becomes = Object.hasOwn(event_names, name) ? event_names[name] : own(standard, name);
      if (typeof becomes !== 'string') return NOT_MAPPED;
      const allowed = (setting: string, ...fields: Field[]) => user_data.includes(setting) && any(good, ...fields);
      const device = good.has('ip') && any(good, 'user_agent', 'user_agent_family');
      const beside = any(good, 'sccid', 'scid') || allowed('user_id', 'user_id');
      const person = allowed('email', 'email', 'email_sha256') || allowed('phone', 'phone');
      if (!person && !(device && beside)) return NOTHING;
      if (!good.has('page_location')) return lacks('page_location');
      return becomes === 'PURCHASE' && !all(good, 'value', 'currency') ? lacks('value, currency') : undefined;
    },
  }),
  // `destinations/tiktok.md` 4, 5.
  tiktok: sheet<{ event_names: Record<string, string | null>; user_data: string[] }>({
    settings: fc
      .record({
        event_names: mapped(fc.constantFrom('Contact', 'Pageview', 'off')).map((names) =>
          Object.fromEntries(Object.entries(names).map(([name, to]) => [name, to === 'off' ? null : to])),
        ),
        user_data: fc.subarray(['email', 'phone', 'first_name', 'city', 'country', 'user_id']),
      })
      .map((more) => ({ pixel_id: 'D6AP4E3C77U3L7SP8O7G', access_token: '${T}', ...more })),
    full: ({ name, good }, { event_names, user_data }) => {
      const standard = { purchase: 'Purchase', view_item: 'ViewContent' };
      const becomes = Object.hasOwn(event_names, name) ? event_names[name] : own(standard, name);
      if (typeof becomes !== 'string') return NOT_MAPPED;
      const allowed = (setting: string, ...fields: Field[]) => user_data.includes(setting) && any(good, ...fields);
      const email = allowed('email', 'email', 'email_sha256');
      const person = email || allowed('phone', 'phone', 'phone_sha256') || allowed('user_id', 'user_id');
      return any(good, 'ttclid', 'ttp') || person || all(good, 'ip', 'user_agent') ? undefined : NOTHING;
    },
  }),
};

it('every destination has its sheet here', () => {
  expect(Object.keys(SHEETS).sort()).toEqual(Object.keys(destinations).sort());
});

describe.each(Object.entries(SHEETS))('%s', (type, { settings, full, limited }) => {
  const destination = destinations[type];
  if (destination === undefined) throw new Error('no destination');

  it('takes and skips, under every consent and in both forms, what the sheet says, and makes nothing of what it skips', () => {
    const permits = permitTable(destination, { withoutConsent: 'limited' });
    const seen = new Map<string, number>();
    /** What is wrong about one event on one route; undefined = nothing. */
    const fault = (
      one: Given,
      set: object,
      bound: BoundDestination,
      at: Pick<Asked, 'signals' | 'source'>,
    ): string | undefined => {
      const permit = permits[at.signals];
      if (permit === undefined || permit.verdict === 'blocked' || permit.sources?.includes(at.source) === false)
        return undefined;
      const form = permit.verdict === 'full' ? bound.full : bound.limited;
      const says = permit.verdict === 'full' ? full : limited;
      if (form === undefined || says === undefined) return 'a permit without its form';
      const view = project(one.event, permit.open);
      const context: PlanContext = { ...at, refused: 0, hitId: HIT_ID, at: AT, siteCountry: 'NO' };
      const name = one.event.event_name ?? '';
      const expected = says({ ...one, name, ...at }, set);
      const kind = `${permit.verdict} ${expected?.code ?? 'taken'}`;
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
      const words = (skip: SkipReason | undefined) =>
        skip === undefined ? 'taken' : skip.code === NOTHING.code ? skip.code : showReason(skip);
      const skip = form.skip(view, context);
      if (words(skip) !== words(expected)) return `${words(skip)} in place of ${words(expected)}`;
      if ((form.nameOf(name) === undefined) !== (expected?.code === NOT_MAPPED.code)) return 'another name';
      const plan = form.plan(view, context);
      const made =
        'skip' in plan ? words(plan.skip) : typeof plan.envelope === 'string' && plan.element !== '' && 'taken';
      return made === words(expected) ? undefined : `made: ${String(made)}`;
    };
    fc.assert(
      fc.property(given, settings, (one, set) => {
        const bound = destination.bind(destination.settings.parse(set));
        const faults = ['ga4-collect', 'json'].flatMap((source) =>
          Array.from({ length: GATE_STATES }, (_, signals) => fault(one, set, bound, { signals, source })),
        );
        expect(faults.filter((found) => found !== undefined)).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
    // A property that only ever sees one side proves nothing.
    const sides = [...seen].filter(([, times]) => times >= 20).map(([kind]) => kind);
    expect(sides).toEqual(expect.arrayContaining(SIDES[type] as string[]));
  });
});

/** What must have happened often for each. */
const SIDES: Readonly<Record<string, readonly string[]>> = {
  ga4: ['full taken', 'full skip.lacks', 'full skip.not_configured', 'limited taken'],
  google_ads: [
    'full taken',
    'full skip.not_mapped',
    'full skip.nothing_to_match',
    'limited taken',
    'limited skip.not_mapped',
  ],
  floodlight: ['full taken', 'full skip.not_mapped', 'full skip.nothing_to_match', 'full skip.lacks'],
  meta: ['full taken', 'full skip.not_mapped', 'full skip.nothing_to_match', 'full skip.lacks'],
  linkedin: ['full taken', 'full skip.not_mapped', 'full skip.nothing_to_match'],
  pinterest: ['full taken', 'full skip.not_mapped', 'full skip.nothing_to_match', 'full skip.lacks'],
  reddit: ['full taken', 'full skip.not_mapped', 'full skip.nothing_to_match', 'full skip.lacks'],
  http: ['full taken'],
  hubspot: ['full taken', 'full skip.not_mapped', 'full skip.nothing_to_match'],
  piwik_pro: ['full taken', 'full skip.lacks', 'limited taken', 'limited skip.lacks'],
  matomo: ['full taken', 'full skip.lacks', 'limited taken', 'limited skip.lacks'],
  microsoft_ads: ['full taken', 'full skip.nothing_to_match', 'full skip.lacks', 'limited taken', 'limited skip.lacks'],
  snapchat: ['full taken', 'full skip.not_mapped', 'full skip.nothing_to_match', 'full skip.lacks'],
  tiktok: ['full taken', 'full skip.not_mapped', 'full skip.nothing_to_match'],
};
