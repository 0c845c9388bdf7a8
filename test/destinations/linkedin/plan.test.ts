import { describe, expect, it } from 'vitest';
import linkedin from '../../../destinations/linkedin/index.ts';
import type { PlannedRequest, Skip } from '../../../src/core/destination.ts';
import type { Event } from '../../../src/core/fields.ts';
import { sha256Hex } from '../../../src/core/hash.ts';
import type { GateSignal } from '../../../src/core/signals.ts';
import { reason } from '../../../src/core/reason.ts';
import { permitTable } from '../../../src/policy/permit.ts';
import { planOne, requestOne } from '../../support/plan-one.ts';
import { asRecorded, asReply } from '../../vendors/as-recorded.ts';
import { createLinkedIn } from '../../vendors/linkedin.ts';

const SETTINGS = {
  conversions: { purchase: '104012', generate_lead: '104013' },
  access_token: '${LINKEDIN_ACCESS_TOKEN}',
};
const GRANTED: readonly GateSignal[] = ['ad_storage', 'ad_user_data', 'ad_personalization'];
const CLICK = 'df5gf5-gh6t7-ph4j7h-fgf6n1';
const LEAD: Event = { event_name: 'generate_lead', event_id: 'lead-91', event_time: 1795169760000, li_fat_id: CLICK };

interface Sent {
  readonly [key: string]: unknown;
  readonly user: Readonly<Record<string, unknown>>;
}

/** The one element of an event, parsed. */
function sent(event: Event, settings: Readonly<Record<string, unknown>> = {}): Sent {
  const plan = planOne(linkedin, { settings: { ...SETTINGS, ...settings }, granted: GRANTED, event });
  if ('skip' in plan) throw new Error(`skipped: ${plan.skip.code}`);
  return JSON.parse(plan.element) as Sent;
}

function skipped(event: Event, settings: Readonly<Record<string, unknown>> = {}): Skip['skip'] | undefined {
  const plan = planOne(linkedin, { settings: { ...SETTINGS, ...settings }, granted: GRANTED, event });
  return 'skip' in plan ? plan.skip : undefined;
}

/** The body as values, so that the order of keys does not matter. */
function parsed(request: PlannedRequest | Skip): unknown {
  return 'skip' in request ? request : { ...request, body: JSON.parse(request.body ?? '') as unknown };
}

describe('the examples', () => {
  it.each(linkedin.examples.map((example) => [example.title, example] as const))('%s', (_title, example) => {
    expect(parsed(requestOne(linkedin, example))).toEqual(parsed(example.expect));
  });

  it('suit the vendor', () => {
    const vendor = createLinkedIn();
    for (const example of linkedin.examples) {
      const request = requestOne(linkedin, example);
      if ('url' in request) vendor.answer(asRecorded(request));
    }
    expect(vendor.violations).toEqual([]);
    expect(vendor.taken.size).toBe(3);
  });
});

describe('consent (design 3)', () => {
  it('needs all three advertising signals and has no limited form', () => {
    for (const withoutConsent of ['block', 'limited'] as const) {
      // Bits: ad_storage 1, analytics_storage 2, ad_user_data 4, ad_personalization 8.
      permitTable(linkedin, { withoutConsent }).forEach((permit, mask) => {
        const all = (mask & 1) !== 0 && (mask & 4) !== 0 && (mask & 8) !== 0;
        expect(permit.verdict).toBe(all ? 'full' : 'blocked');
        expect(permit.open.length > 0).toBe(all);
      });
    }
    expect(linkedin.limited).toBeUndefined();
    expect(linkedin.tcfVendor).toBe(804);
  });

  it('reads no identifier of another vendor, no address, no page (R47)', () => {
    expect(Object.keys(linkedin.reads).toSorted()).toEqual(
      (
        'country currency email email_sha256 event_id event_name event_time first_name last_name li_fat_id ' +
        'user_country user_id value'
      ).split(' '),
    );
  });

  it('lets no raw user data through', () => {
    const raw = {
      email: 'Kari.Nordmann+nett@Example.no',
      first_name: 'Kari',
      last_name: 'Nordmann',
      user_id: 'crm-8841',
      user_country: 'NO',
    };
    const event = sent({
      ...LEAD,
      ...raw,
      phone: '+47 400 00 000',
      page_location: 'https://shop.example.no/takk',
      ip: '203.0.113.0',
    });
    expect(event.user).toEqual({
      userIds: [
        { idType: 'SHA256_EMAIL', idValue: sha256Hex('kari.nordmann+nett@example.no') },
        { idType: 'LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID', idValue: CLICK },
      ],
      userInfo: { hashedFirstName: sha256Hex('kari'), hashedLastName: sha256Hex('nordmann'), countryCode: 'NO' },
      externalIds: [sha256Hex('crm-8841')],
    });
    expect(JSON.stringify(event).toLowerCase()).not.toMatch(/kari|nordmann|8841"|400 00|shop|203\.0/);
  });

  it('sends only the user data the site lists (R14)', () => {
    const event = {
      ...LEAD,
      email: 'kari@example.no',
      first_name: 'Kari',
      last_name: 'Nordmann',
      user_id: 'crm-8841',
      country: 'NO',
    };
    const clickOnly = { userIds: [{ idType: 'LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID', idValue: CLICK }] };
    expect(sent(event, { user_data: [] }).user).toEqual(clickOnly);
    expect(sent(event, { user_data: ['first_name', 'country'] }).user).toEqual(clickOnly);
    const { li_fat_id: _, ...clickless } = event;
    expect(skipped(clickless, { user_data: [] })).toEqual(reason('skip.nothing_to_match', { fields: 'li_fat_id' }));
  });
});

describe('who it is about (3)', () => {
  const { li_fat_id: _, ...nobody } = LEAD;

  it.each<[string, Event]>([
    ['nothing', {}],
    ['a country', { country: 'NO', user_country: 'NO' }],
    ['a first name', { first_name: 'Kari' }],
    ['a last name', { last_name: 'Nordmann' }],
    ['a click id that is none', { li_fat_id: 'kari@example.no' }],
    ['an address that is none', { email: 'kari' }],
  ])('skips what has only %s', (_what, more) => {
    expect(skipped({ ...nobody, ...more })).toMatchObject({ code: 'skip.nothing_to_match' });
  });

  it('has userIds even where it is empty', () => {
    expect(sent({ ...nobody, user_id: 'crm-8841' }).user).toEqual({
      userIds: [],
      externalIds: [sha256Hex('crm-8841')],
    });
    expect(
      sent({ ...nobody, first_name: 'Kari', last_name: 'Nordmann', country: 'SE', user_country: 'NO' }).user,
    ).toEqual({
      userIds: [],
      userInfo: { hashedFirstName: sha256Hex('kari'), hashedLastName: sha256Hex('nordmann'), countryCode: 'NO' },
    });
  });

  it('keeps names to itself where the version would want them in clear text', () => {
    const named = { ...LEAD, first_name: 'Kari', last_name: 'Nordmann' };
    expect(sent(named, { api_version: '202608' }).user).not.toHaveProperty('userInfo');
    expect(sent(named, { api_version: '202610' }).user).toHaveProperty('userInfo');
  });
});

describe('what happened (3)', () => {
  it.each(['page_view', 'my_event', 'constructor', '__proto__', ''])('%j has no rule', (event_name) => {
    expect(skipped({ ...LEAD, event_name })).toEqual(reason('skip.not_mapped'));
  });

  it('has a rule, milliseconds and the event id', () => {
    expect(sent(LEAD)).toEqual({
      conversion: 'urn:lla:llaPartnerConversion:104013',
      conversionHappenedAt: 1795169760000,
      eventId: 'lead-91',
      user: { userIds: [{ idType: 'LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID', idValue: CLICK }] },
    });
    const { event_time: _, ...timeless } = LEAD;
    const plan = planOne(linkedin, { settings: SETTINGS, granted: GRANTED, event: timeless, at: 1795000000000 });
    expect('element' in plan && JSON.parse(plan.element)).toMatchObject({ conversionHappenedAt: 1795000000000 });
  });

  it('has an amount with its currency, zero too', () => {
    const money = (event: Event) => sent({ ...LEAD, ...event })['conversionValue'];
    expect(money({ value: 599, currency: 'nok' })).toEqual({ currencyCode: 'NOK', amount: '599.00' });
    expect(money({ value: 0, currency: 'NOK' })).toEqual({ currencyCode: 'NOK', amount: '0.00' });
    expect(money({ value: 599 })).toBeUndefined();
    expect(money({ currency: 'NOK' })).toBeUndefined();
    expect(money({ value: 599, currency: 'kroner' })).toBeUndefined();
    expect(money({ value: Number.NaN, currency: 'NOK' })).toBeUndefined();
  });
});

describe('the request (1)', () => {
  it('joins five thousand conversions at most, and the vendor takes them', () => {
    const bound = linkedin.bind(linkedin.settings.parse(SETTINGS));
    const vendor = createLinkedIn({ now: () => 1795169760000 });
    const element = JSON.stringify(sent(LEAD));
    const elements = Array.from({ length: 5000 }, (_, i) => element.replace('lead-91', `lead-${i}`));
    const reply = vendor.answer(asRecorded(bound.request('', elements)));
    expect(vendor.violations).toEqual([]);
    expect(vendor.taken.size).toBe(5000);
    expect(bound.judge(asReply(reply), 5000, '')).toEqual({ kind: 'delivered' });
    expect(linkedin.maxBatch('')).toBe(5000);
    expect(linkedin.maxAge).toBe(90 * 24 * 3600 * 1000);
  });

  it('has no probe: LinkedIn has no harmless request (9)', () => {
    expect(linkedin.bind(linkedin.settings.parse(SETTINGS)).probe()).toBeUndefined();
  });
});

describe('settings', () => {
  const parse = (more: Readonly<Record<string, unknown>>) =>
    linkedin.settings.safeParse({ ...SETTINGS, ...more }).success;

  it('takes the reference configuration’s keys', () => {
    expect(parse({})).toBe(true);
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['a pasted token', { access_token: 'AQXexample' }],
    ['no conversions', { conversions: undefined }],
    ['a rule by name', { conversions: { purchase: 'Purchase' } }],
    ['a rule without quotes', { conversions: { purchase: 104012 } }],
    ['a version that is no month', { api_version: '202613' }],
    ['a version without quotes', { api_version: 202609 }],
    ['an unknown key', { conversion: {} }],
    ['user data that does not exist', { user_data: ['phone'] }],
  ])('refuses %s', (_what, more) => {
    expect(parse(more)).toBe(false);
  });

  const warn = (more: Readonly<Record<string, unknown>>, day: string) =>
    linkedin.bind(linkedin.settings.parse({ ...SETTINGS, ...more })).warnings(Date.parse(day));

  it('warns 60 days before a version ends, twelve months after its own, and after (1)', () => {
    expect(warn({}, '2026-11-23')).toEqual([]);
    expect(warn({}, '2027-07-16')).toEqual([]);
    expect(warn({}, '2027-07-17')[0]).toContain('202609 ends about 2027-09-15');
    expect(warn({}, '2027-09-15')[0]).toContain('202609 has ended');
    expect(warn({ api_version: '202511' }, '2026-11-23')[0]).toContain('202511 has ended');
    expect(warn({ api_version: '202601' }, '2026-11-23')[0]).toContain('202601 ends about 2027-01-15');
    expect(warn({ api_version: '202512' }, '2026-11-23')[0]).toContain('never published');
    expect(warn({ api_version: '202612' }, '2026-11-23')[0]).toContain('not published yet');
  });
});
