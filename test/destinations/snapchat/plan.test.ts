import { describe, expect, it } from 'vitest';
import snapchat from '../../../destinations/snapchat/index.ts';
import { EVENTS, STANDARD_EVENTS } from '../../../destinations/snapchat/settings.ts';
import type { PlannedRequest, Skip } from '../../../src/core/destination.ts';
import type { Event } from '../../../src/core/fields.ts';
import { sha256Hex } from '../../../src/core/hash.ts';
import { reason } from '../../../src/core/reason.ts';
import type { GateSignal } from '../../../src/core/signals.ts';
import { permitTable } from '../../../src/policy/permit.ts';
import { planOne, requestOne } from '../../support/plan-one.ts';
import { asRecorded, asReply } from '../../vendors/as-recorded.ts';
import { createSnapchat, replies } from '../../vendors/snapchat.ts';

const SETTINGS = { pixel_id: '1ec32188-754e-4be2-8e55-c949a984a39f', access_token: '${SNAPCHAT_ACCESS_TOKEN}' };
const GRANTED: readonly GateSignal[] = ['ad_storage', 'ad_user_data', 'ad_personalization'];
const PAGE = 'https://shop.example/';
const EMAIL = sha256Hex('kari@example.no');
const LEAD: Event = {
  event_name: 'generate_lead',
  event_id: 'lead-91',
  event_time: 1795169760000,
  page_location: PAGE,
  email: 'kari@example.no',
};

type Json = Readonly<Record<string, unknown>>;

function planned(event: Event, settings: Json = {}) {
  return planOne(snapchat, { settings: { ...SETTINGS, ...settings }, granted: GRANTED, event });
}

/** The one element of an event, parsed. */
function sent(event: Event, settings: Json = {}): Json {
  const plan = planned(event, settings);
  if ('skip' in plan) throw new Error(`skipped: ${plan.skip.code}`);
  return JSON.parse(plan.element) as Json;
}

function skipped(event: Event, settings: Json = {}): Skip['skip'] | undefined {
  const plan = planned(event, settings);
  return 'skip' in plan ? plan.skip : undefined;
}

/** The body as values, so that the order of keys does not matter. */
function parsed(request: PlannedRequest | Skip): unknown {
  return 'skip' in request ? request : { ...request, body: JSON.parse(request.body ?? '') as unknown };
}

describe('the examples', () => {
  it.each(snapchat.examples.map((example) => [example.title, example] as const))('%s', (_title, example) => {
    expect(parsed(requestOne(snapchat, example))).toEqual(parsed(example.expect));
  });

  it('suit the vendor', () => {
    const vendor = createSnapchat();
    for (const example of snapchat.examples) {
      const request = requestOne(snapchat, example);
      if ('url' in request) vendor.answer(asRecorded(request));
    }
    expect(vendor.violations).toEqual([]);
    expect(vendor.taken.size).toBe(2);
  });
});

describe('consent (7)', () => {
  it('needs all three advertising signals and has no limited form', () => {
    for (const withoutConsent of ['block', 'limited'] as const) {
      // Bits: ad_storage 1, analytics_storage 2, ad_user_data 4, ad_personalization 8.
      permitTable(snapchat, { withoutConsent }).forEach((permit, mask) => {
        const all = (mask & 1) !== 0 && (mask & 4) !== 0 && (mask & 8) !== 0;
        expect(permit.verdict).toBe(all ? 'full' : 'blocked');
      });
    }
    expect(snapchat.limited).toBeUndefined();
    expect(snapchat.tcfVendor).toBeUndefined();
    expect(snapchat.acProvider).toBe(2572);
  });

  it('lets no raw user data through, and only what the site lists', () => {
    const user = {
      email: 'Kari@Example.no',
      phone: '+47 400 00 000',
      first_name: 'Kari',
      last_name: 'Nordmann',
      city: 'Oslo',
      region: 'Oslo',
      postal_code: '0150',
      user_id: 'CRM-8841',
      user_country: 'NO',
      street: 'Storgata 1',
    } as const;
    expect(sent({ ...LEAD, ...user })['user_data']).toEqual({
      em: [EMAIL],
      ph: [sha256Hex('4740000000')],
      fn: sha256Hex('kari'),
      ln: sha256Hex('nordmann'),
      ct: sha256Hex('oslo'),
      country: sha256Hex('no'),
      external_id: sha256Hex('crm-8841'),
    });
    expect(sent({ ...LEAD, ...user }, { user_data: ['email'] })['user_data']).toEqual({ em: [EMAIL] });
  });
});

describe('whose it is (4)', () => {
  const { email: _, ...nobody } = LEAD;
  const device = { ip: '203.0.113.0', user_agent_family: 'Mozilla/5.0' };

  it.each<[string, Event]>([
    ['nothing', {}],
    ['a click', { sccid: 'ExampleClick' }],
    ['a click and a User-Agent', { sccid: 'ExampleClick', user_agent_family: 'Mozilla/5.0' }],
    ['an address that thousands share', device],
    ['a hashed number, which has a plus', { phone_sha256: EMAIL }],
  ])('skips what has only %s', (_what, more) => {
    expect(skipped({ ...nobody, ...more })).toMatchObject({ code: 'skip.nothing_to_match' });
  });

  it.each<[string, Event]>([
    ['an e-mail address', { email: 'kari@example.no' }],
    ['its hash', { email_sha256: EMAIL }],
    ['a phone number', { phone: '+4740000000' }],
    ['a click with address and User-Agent', { sccid: 'ExampleClick', ...device }],
    ['a browser with address and User-Agent', { scid: '0b4c1f0a-6d1e-4c7e-9a55-2d5b3c1e7f90', ...device }],
    ['an own id with address and User-Agent', { user_id: 'crm-8841', ...device }],
  ])('takes %s, and so does Snap', (_what, more) => {
    const vendor = createSnapchat();
    const event = { ...nobody, ...more };
    const request = requestOne(snapchat, { settings: SETTINGS, granted: GRANTED, event });
    if (!('url' in request)) throw new Error(request.skip.code);
    vendor.answer(asRecorded(request));
    expect(vendor.violations).toEqual([]);
  });
});

describe('what happened (3, 5)', () => {
  it('has a name of Snap for GA4’s events, of those that Snap takes', () => {
    expect([...STANDARD_EVENTS.values()].filter((name) => !EVENTS.includes(name))).toEqual([]);
    expect(sent(LEAD)['event_name']).toBe('SIGN_UP');
    expect(sent({ ...LEAD, event_name: 'view_item_list' })['event_name']).toBe('LIST_VIEW');
  });

  it.each(['refund', 'my_event', 'constructor', '__proto__', ''])('%j has no name', (event_name) => {
    expect(skipped({ ...LEAD, event_name })).toEqual(reason('skip.not_mapped'));
  });

  it('is not sent without its page, or as a purchase without an amount', () => {
    const { page_location: _, ...pageless } = LEAD;
    expect(skipped(pageless)).toEqual(reason('skip.lacks', { fields: 'page_location' }));
    const purchase = { ...LEAD, event_name: 'purchase' };
    expect(skipped({ ...purchase, value: 1 })).toEqual(reason('skip.lacks', { fields: 'value, currency' }));
    expect(sent({ ...purchase, value: 0, currency: 'nok' })['custom_data']).toEqual({ currency: 'NOK', value: 0 });
  });
});

describe('the request (1)', () => {
  it('joins a hundred events at most, no older than seven days, and the vendor takes them', () => {
    const bound = snapchat.bind(snapchat.settings.parse(SETTINGS));
    const vendor = createSnapchat();
    const element = JSON.stringify(sent(LEAD));
    const elements = Array.from({ length: 100 }, (_, i) => element.replace('lead-91', `lead-${i}`));
    const reply = vendor.answer(asRecorded(bound.request('', elements)));
    expect(vendor.violations).toEqual([]);
    expect(vendor.taken.size).toBe(100);
    expect(bound.judge(asReply(reply), 100, '')).toEqual({ kind: 'delivered' });
    expect([snapchat.maxBatch(''), snapchat.maxAge]).toEqual([100, 7 * 24 * 3600 * 1000]);
  });

  it.each(['query', 'header'])(
    'asks validation, which records nothing, for `check`: token in the %s (10)',
    (authentication) => {
      const probe = snapchat.bind(snapchat.settings.parse({ ...SETTINGS, authentication })).probe();
      if (probe === undefined) throw new Error('no probe');
      const vendor = createSnapchat();
      expect(probe.read(asReply(vendor.answer(asRecorded(probe.request))))).toMatchObject({ ok: true });
      expect(asRecorded(probe.request).path).toMatch(/\/events\/validate$/);
      for (const bad of ['unauthorized', 'forbidden', 'throttled', 'server', 'html'] as const)
        expect(probe.read(asReply(replies[bad])).ok).toBe(false);
      expect([vendor.violations, vendor.taken.size]).toEqual([[], 0]);
    },
  );
});

describe('settings', () => {
  const parse = (more: Json) => snapchat.settings.safeParse({ ...SETTINGS, ...more }).success;

  it.each<[string, Json]>([
    ['a pasted token', { access_token: 'abcdef' }],
    ['a pixel of another vendor', { pixel_id: '123456789012345' }],
    ['a name of the site’s own', { event_names: { kjop: 'Kjop' } }],
    ['an unknown key', { event_name: {} }],
    ['a state without a number', { limited_data_use: { state: 'CA' } }],
  ])('refuses %s', (_what, more) => {
    expect(parse({})).toBe(true);
    expect(parse(more)).toBe(false);
  });

  it('warns where Snap would have to look the address up', () => {
    const warn = (more: Json) => snapchat.bind(snapchat.settings.parse({ ...SETTINGS, ...more })).warnings(0);
    expect(warn({ limited_data_use: { state: 1000 } })).toEqual([]);
    expect(warn({ limited_data_use: { state: 0 } })[0]).toContain('limited_data_use');
  });
});
