import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import meta from '../../../destinations/meta/index.ts';
import type { Event } from '../../../src/core/fields.ts';
import { sha256Hex } from '../../../src/core/hash.ts';
import { reason } from '../../../src/core/reason.ts';
import peers from '../../fixtures/meta-peers.json' with { type: 'json' };
import { planOne } from '../../support/plan-one.ts';

/*
 * Cross-checks against what other projects' tests record (licences in the fixture) and against Meta's SDK. They are
 * not the reference - the sheet is - so every difference is named where it is made.
 */

const SETTINGS = { pixel_id: '123321', access_token: '${META_ACCESS_TOKEN}' };

function ours(event: Event): Record<string, unknown> {
  const plan = planOne(meta, {
    settings: SETTINGS,
    granted: ['ad_storage', 'ad_user_data', 'ad_personalization'],
    event,
  });
  if ('skip' in plan) throw new Error(plan.skip.code);
  return JSON.parse(plan.element) as Record<string, unknown>;
}

interface Theirs {
  readonly event_time: string | number;
  readonly action_source: string;
  readonly user_data: Readonly<Record<string, unknown>>;
  readonly custom_data: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

describe('Segment', () => {
  const first = ({ sent }: { sent: { data: readonly unknown[] } }) => sent.data[0] as Theirs;
  const page = 'https://segment.com/academy/';
  const userAgent = peers.segment.addToCart.event.context.userAgent;
  const common: Event = { event_id: 'test', page_location: page, ip: '8.8.8.0', user_agent: userAgent };

  /** What they send, made into what the sheet asks for. */
  function corrected(theirs: Theirs): Record<string, unknown> {
    return {
      ...theirs,
      // A number (3); they pass the text of the input on.
      event_time: Number(theirs.event_time),
      // Ours are web events; their test overrides the source.
      action_source: 'website',
      // Never a whole address (design 3a, R1).
      user_data: { ...theirs.user_data, client_ip_address: '8.8.8.0' },
      // Explicit here (8), left to the account's setting there.
      data_processing_options: [],
    };
  }
  /** Ids and kind of the products, which they leave out by default (5). */
  const products = (...content_ids: string[]) => ({ content_type: 'product', content_ids });

  it('adds to the cart', () => {
    const theirs = first(peers.segment.addToCart);
    const event = ours({
      ...common,
      event_name: 'add_to_cart',
      event_time: 1631210020000,
      currency: 'USD',
      value: 100,
      user_id: 'user1234',
      items: [{ item_id: 'abc12345', quantity: 1, price: 100 }],
    });
    expect(event).toEqual({ ...corrected(theirs), custom_data: { ...theirs.custom_data, ...products('abc12345') } });
  });

  it('buys', () => {
    const theirs = first(peers.segment.purchase);
    const event = ours({
      ...common,
      event_name: 'purchase',
      event_time: 1631210063000,
      currency: 'USD',
      value: 12.12,
      user_id: 'user1234',
      items: [
        { item_id: '123', quantity: 1, price: 100 },
        { item_id: '345', quantity: 2, price: 50 },
      ],
    });
    expect(event).toEqual({ ...corrected(theirs), custom_data: { ...theirs.custom_data, ...products('123', '345') } });
  });

  it('looks at a product and searches', () => {
    const view = first(peers.segment.viewContent);
    const seen: Event = {
      ...common,
      event_time: 1631210063000,
      currency: 'USD',
      user_id: 'abc123',
      items: [{ item_id: 'tsla_s_2021', quantity: 1, price: 120000 }],
    };
    expect(ours({ ...seen, event_name: 'view_item', value: 120000 })).toEqual({
      ...corrected(view),
      custom_data: { ...view.custom_data, ...products('tsla_s_2021') },
    });
    const search = first(peers.segment.search);
    expect(ours({ ...seen, event_name: 'search', search_term: 'Tesla Model S' })).toEqual({
      ...corrected(search),
      custom_data: { ...search.custom_data, ...products('tsla_s_2021') },
    });
  });

  it('hashes an address to the same value, and sends no names in clear text', () => {
    const theirs = first(peers.segment.email);
    const event = ours({
      event_name: 'add_to_cart',
      currency: 'USD',
      value: 12.12,
      email: 'nicholas.aguilar@segment.com',
      last_name: 'Wayne',
    });
    // They send one text, we send lists: Meta takes both (4.1).
    expect((event['user_data'] as Record<string, unknown>)['em']).toEqual([theirs.user_data['em']]);
    // Their custom_data carries city and last name in clear text, which section 5 forbids.
    expect(theirs.custom_data['last_name']).toBe('Wayne');
    expect(event['custom_data']).toEqual({ currency: 'USD', value: 12.12 });
    expect(event['user_data']).toMatchObject({ ln: [sha256Hex('wayne')] });
  });
});

describe('walkerOS', () => {
  const one = ({ sent }: { sent: { data: readonly unknown[] } }) => sent.data[0] as Record<string, unknown>;

  it('buys', () => {
    const step = peers.walkeros.purchase;
    const event = ours({
      event_name: 'purchase',
      event_id: step.in.id,
      // Their input is in seconds and divided by 1000 again: 20 January 1970. Time here is in milliseconds.
      event_time: step.in.timestamp * 1000,
      page_location: 'https://shop.example.com',
      currency: 'EUR',
      value: 249.99,
      transaction_id: 'ORD-300',
      items: [{ item_id: 'SKU-A1', price: 129.99, quantity: 2 }],
      user_id: step.in.user.id,
    });
    const { event_name, event_id, action_source, event_source_url, order_id, currency, value, contents } = one(step);
    expect(one(step)['event_time']).toBe(1700001);
    expect(event).toEqual({
      event_name,
      event_id,
      action_source,
      event_source_url,
      event_time: 1700000900,
      // They put order and amount beside custom_data, where Meta does not look (5), and user_data is empty, which it refuses (4.3).
      custom_data: { currency, value, order_id, contents, content_type: 'product', content_ids: ['SKU-A1'] },
      user_data: { external_id: [sha256Hex('user-123')] },
      data_processing_options: [],
    });
  });

  it('hashes an own id to the same value, and drops the click id they joined out of a list', () => {
    const step = peers.walkeros.purchaseWithClickAttribution;
    const { user_data } = one(step) as { user_data: { external_id: string; fbc: string } };
    const event = ours({
      event_name: 'purchase',
      currency: 'USD',
      value: 89.99,
      user_id: step.in.user.id,
      fbc: user_data.fbc,
    });
    expect(user_data.fbc).toBe('fb.1.1700000902.abc123xyz,0');
    expect(event['user_data']).toEqual({ external_id: [user_data.external_id] });
  });

  it('sends a form of the site’s own as a custom event only where it is listed', () => {
    const step = peers.walkeros.lead;
    const event: Event = { event_name: 'form submit', event_id: step.in.id, email: step.in.user.email };
    const granted = ['ad_storage', 'ad_user_data', 'ad_personalization'] as const;
    expect(planOne(meta, { settings: SETTINGS, granted, event })).toEqual({ skip: reason('skip.not_mapped') });
    const plan = planOne(meta, {
      settings: { ...SETTINGS, event_names: { 'form submit': 'form submit' } },
      granted,
      event,
    });
    expect('element' in plan && JSON.parse(plan.element)).toMatchObject({
      event_name: one(step)['event_name'],
      event_id: step.in.id,
    });
  });
});

describe('Meta’s SDK', () => {
  interface UserData {
    setEmail(value: string): UserData;
    setPhone(value: string): UserData;
    setFirstName(value: string): UserData;
    setLastName(value: string): UserData;
    setCity(value: string): UserData;
    setZip(value: string): UserData;
    setCountry(value: string): UserData;
    setFbp(value: string): UserData;
    setFbc(value: string): UserData;
    setClientUserAgent(value: string): UserData;
    normalize(): Record<string, unknown>;
  }
  const require = createRequire(import.meta.url);
  const sdk = require('facebook-nodejs-business-sdk') as { UserData: new () => UserData };

  it.each([
    {
      email: ' Jane.Doe@Example.com',
      phone: '+49 30 901820',
      first_name: 'José',
      last_name: 'Doe',
      city: 'Berlin',
      postal_code: '12345-6789',
      user_country: 'DE',
    },
    {
      email: 'KARI+nett@example.no',
      phone: '+47 400 00 000',
      first_name: 'Kari',
      last_name: 'Nordmann',
      city: 'San Francisco',
      postal_code: '94 035',
      user_country: 'NO',
    },
  ])('makes the same user_data of %o', (user) => {
    const cookies = { fbp: 'fb.1.1795100000123.1098115397.AQQCAQIB', fbc: 'fb.1.1795100000123.IwAR2ExampleClickId' };
    const theirs = new sdk.UserData()
      .setEmail(user.email)
      .setPhone(user.phone)
      .setFirstName(user.first_name)
      .setLastName(user.last_name)
      .setCity(user.city)
      .setZip(user.postal_code)
      .setCountry(user.user_country)
      .setFbp(cookies.fbp)
      .setFbc(cookies.fbc)
      .setClientUserAgent('Mozilla/5.0')
      .normalize();
    const event = ours({ event_name: 'page_view', ...user, ...cookies, user_agent: 'Mozilla/5.0' });
    expect(event['user_data']).toEqual(theirs);
  });
});
