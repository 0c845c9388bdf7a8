import { beforeEach, describe, expect, it } from 'vitest';
import floodlight from '../../../destinations/floodlight/index.ts';
import type { Reply, Skip } from '../../../src/core/destination.ts';
import type { Event } from '../../../src/core/fields.ts';
import { sha256Hex } from '../../../src/core/hash.ts';
import { planOne, requestOne } from '../../support/plan-one.ts';
import { asRecorded } from '../../vendors/as-recorded.ts';
import { googleAdsVendor, googleError, violations } from '../../vendors/google-ads.ts';

const SETTINGS = {
  floodlight_config_id: '8031234',
  activities: {
    purchase: { id: '14567890', count: 'transactions' },
    generate_lead: { id: '14567891', count: 'standard' },
  },
  credentials: '${FLOODLIGHT_CREDENTIALS}',
};
const PURCHASE: Event = {
  event_name: 'purchase',
  event_id: 'e-1',
  transaction_id: 'T-1',
  event_time: Date.UTC(2026, 10, 20, 10, 15),
  currency: 'NOK',
  value: 599,
  dclid: 'CNExampleDclid',
};
const GRANTED = ['ad_storage', 'ad_user_data', 'ad_personalization'] as const;

type Json = Readonly<Record<string, unknown>>;

function sent(event: Event, settings: Json = {}): Json {
  const plan = planOne(floodlight, { settings: { ...SETTINGS, ...settings }, granted: GRANTED, event });
  if ('skip' in plan) throw new Error(`skipped: ${plan.skip.code}`);
  return JSON.parse(plan.element) as Json;
}

function skipped(event: Event, settings: Json = {}): Skip['skip'] | undefined {
  const plan = planOne(floodlight, { settings: { ...SETTINGS, ...settings }, granted: GRANTED, event });
  return 'skip' in plan ? plan.skip : undefined;
}

const parse = (settings: Json) => floodlight.settings.safeParse({ ...SETTINGS, ...settings }).success;

beforeEach(() => void violations.splice(0));

describe('the examples', () => {
  it.each(floodlight.examples.map((example) => [example.title, example] as const))('%s', (_, example) => {
    expect(requestOne(floodlight, example)).toEqual(example.expect);
  });

  // The package of Google's types (0.3.0) is older than Floodlight's fields, so the sheet is all there is to hold to.
  it('suit the vendor', () => {
    const requests = floodlight.examples
      .map((example) => requestOne(floodlight, example))
      .filter((request) => 'url' in request);
    for (const request of requests) expect(googleAdsVendor.answer(asRecorded(request))).toMatchObject({ status: 200 });
    expect(requests).toHaveLength(3);
    expect(violations).toEqual([]);
  });

  it('of which the vendor refuses what has no ad identifier, or two', () => {
    const [example] = floodlight.examples;
    const request = example === undefined ? undefined : requestOne(floodlight, example);
    if (request === undefined || !('url' in request)) throw new Error('no example');
    for (const ids of ['{}', '{"dclid":"a","gclid":"b"}']) {
      const body = (request.body ?? '').replace('{"dclid":"CNExampleDclid"}', ids);
      void googleAdsVendor.answer(asRecorded({ ...request, body }));
      expect(violations.splice(0)).toEqual(['events.0: NO_IDENTIFIERS_PROVIDED']);
    }
  });
});

describe('one conversion (floodlight.md 2, 3)', () => {
  it('has one ad identifier, that of a display ad before that of a search ad', () => {
    expect(sent({ ...PURCHASE, gclid: 'Cj0K' })['adIdentifiers']).toEqual({ dclid: 'CNExampleDclid' });
    const { dclid: _, ...without } = PURCHASE;
    expect(sent({ ...without, gclid: 'Cj0K' })['adIdentifiers']).toEqual({ gclid: 'Cj0K' });
  });

  it('is none on user data alone, nor on a click id that is something else', () => {
    const { dclid: _, ...without } = PURCHASE;
    expect(skipped({ ...without, email: 'kari@example.no' })?.code).toBe('skip.nothing_to_match');
    expect(skipped({ ...without, email: 'kari@example.no' }, { user_data: true })?.code).toBe('skip.nothing_to_match');
    expect(skipped({ ...without, dclid: 'kari@example.no' })?.code).toBe('skip.nothing_to_match');
  });

  const rich: Event = {
    ...PURCHASE,
    email: ' Jane.Doe+shop@GMAIL.com ',
    items: [{ item_id: 'SKU-1', item_name: 'Mug', price: 27.5, quantity: 2 }],
    ip: '203.0.113.0',
  };

  it('has user data and products only where the settings say so, and never a device', () => {
    expect(sent(rich)).toEqual(sent(PURCHASE));
  });

  it('has hashes of the person with `user_data: true`; the vectors of 2', () => {
    const person: Event = {
      ...rich,
      phone: '+4930901820',
      first_name: 'Jane',
      last_name: 'Doe',
      user_country: 'de',
      postal_code: '10117',
    };
    const identifiers = (event: Event) =>
      (sent(event, { user_data: true })['userData'] as { userIdentifiers: object[] }).userIdentifiers;
    expect(identifiers(rich)).toEqual([
      { emailAddress: 'd6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69' },
    ]);
    expect(identifiers(person)).toEqual([
      { emailAddress: 'd6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69' },
      { phoneNumber: '4db5829924ee5c466cbd9ac69b2a6af527f758614fa3b3aec8c89b16a709a678' },
      {
        address: {
          givenName: sha256Hex('jane'),
          familyName: '799ef92a11af918e3fb741df42934f3b568ed2d93ac1df74f1b8d41a27932a6f',
          regionCode: 'DE',
          postalCode: '10117',
        },
      },
    ]);
    expect(sent(PURCHASE, { user_data: true })).toEqual(sent(PURCHASE));
  });

  it('has the products with `merchant`, by id, number and price (google-ads.md 2.3)', () => {
    const merchant = { id: '12345', feed_label: 'NO', feed_language: 'nb' };
    expect(sent(rich, { merchant })['cartData']).toEqual({
      merchantId: '12345',
      merchantFeedLabel: 'NO',
      merchantFeedLanguageCode: 'nb',
      items: [{ merchantProductId: 'SKU-1', quantity: '2', unitPrice: 27.5 }],
    });
  });

  it('a sale is known by its order number, else by the id of its event', () => {
    expect(sent(PURCHASE)).toMatchObject({ transactionId: 'T-1', conversionValue: 599, currency: 'NOK' });
    expect(sent({ ...PURCHASE, transaction_id: '' })['transactionId']).toBe('e-1');
    const long = 'x'.repeat(65);
    expect(sent({ ...PURCHASE, transaction_id: long })['transactionId']).toBe(sha256Hex(long));
  });

  it('a counter is known by the id of its event, and has no money', () => {
    const lead = sent({ ...PURCHASE, event_name: 'generate_lead' });
    expect(lead).toMatchObject({ destinationReferences: ['14567891'], transactionId: 'e-1', conversionCount: 1 });
    expect(Object.keys(lead)).not.toContain('conversionValue');
    expect(Object.keys(lead)).not.toContain('currency');
  });

  it('zero is a value; a value in no currency is left out', () => {
    expect(sent({ ...PURCHASE, value: 0 })['conversionValue']).toBe(0);
    expect(Object.keys(sent({ ...PURCHASE, currency: 'kroner' }))).not.toContain('conversionValue');
  });

  it('has the custom variables that are named, as texts, and no other', () => {
    const variables = { U1: 'params.size', U2: 'coupon', U3: 'params.gone', U4: 'params.toString' };
    const event: Event = { ...PURCHASE, coupon: 'JUL', params: { size: 42, colour: 'blue' } };
    expect(sent(event, { variables })['customVariables']).toEqual([
      { variable: 'U1', value: '42' },
      { variable: 'U2', value: 'JUL' },
    ]);
    expect(Object.keys(sent(event))).not.toContain('customVariables');
  });
});

describe('the settings', () => {
  it('are refused where they could not be honoured', () => {
    expect(parse({})).toBe(true);
    expect(parse({ activities: {} })).toBe(false);
    // The activity tag string, and a variable that does not exist.
    expect(parse({ activities: { purchase: { id: 'order0', count: 'transactions' } } })).toBe(false);
    expect(parse({ activities: { purchase: { id: '1' } } })).toBe(false);
    expect(parse({ variables: { U0: 'params.x' } })).toBe(false);
    expect(parse({ variables: { U1: 'email' } })).toBe(false);
    const twice = { a: { id: '1', count: 'transactions' }, b: { id: '1', count: 'standard' } };
    expect(parse({ activities: twice })).toBe(false);
    const many = (n: number) =>
      Object.fromEntries(Array.from({ length: n }, (_, i) => [`event_${i}`, { id: `${i + 1}`, count: 'standard' }]));
    expect([parse({ activities: many(10) }), parse({ activities: many(11) })]).toEqual([true, false]);
  });

  it('let a conversion wait', () => {
    const bound = (more: Json) => floodlight.bind(floodlight.settings.parse({ ...SETTINGS, ...more }));
    expect(bound({}).firstAfterMs).toBe(0);
    expect(bound({ wait_hours: 6 }).firstAfterMs).toBe(6 * 3_600_000);
  });
});

describe('what Google answers (floodlight.md 2, 7; google-ads.md 2.5, 2.7)', () => {
  const bound = floodlight.bind(floodlight.settings.parse(SETTINGS));
  const reply = (status: number, body: unknown): Reply => ({ status, at: 0, headers: {}, body: JSON.stringify(body) });

  it('a request that was taken is asked about', () => {
    expect(bound.judge(reply(200, { requestId: 'req-1' }), 1, '')).toEqual({ kind: 'awaiting', ticket: 'req-1' });
    expect(bound.later?.request('req-1').url).toBe(
      'https://datamanager.googleapis.com/v1/requestStatus:retrieve?requestId=req-1',
    );
  });

  it('a bad event is named, and a wrong configuration stops the route', () => {
    const judged = (field: string, word: string) => {
      const { body = '' } = googleError(400, 'INVALID_ARGUMENT', [{ field, reason: word }]);
      return bound.judge({ status: 400, at: 0, headers: {}, body }, 2, '');
    };
    const pii = judged('events[1].custom_variables[0].value', 'CUSTOM_VARIABLE_VALUE_CONTAINS_PII');
    expect(pii).toMatchObject({ kind: 'partly', rest: 'resend' });
    expect(pii.kind === 'partly' && [...pii.rejected.keys()]).toEqual([1]);
    expect(judged('destinations[0]', 'OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH')).toMatchObject({ kind: 'stop' });
  });

  it('later verdicts have the words of Floodlight, and a click that is too recent goes again after six hours', () => {
    const verdict = (word: string) =>
      bound.later?.read(
        reply(200, {
          requestStatusPerDestination: [
            {
              requestStatus: 'FAILED',
              errorInfo: { errorCounts: [{ recordCount: '1', reason: `PROCESSING_ERROR_REASON_${word}` }] },
              eventsIngestionStatus: { recordCount: '1' },
            },
          ],
        }),
        1,
      );
    expect(verdict('EVENT_ID_DECODE_ERROR')?.counts).toEqual({ EVENT_ID_DECODE_ERROR: 1 });
    expect(verdict('USER_ID_NOT_FOUND_FOR_DCLID')?.counts).toEqual({ USER_ID_NOT_FOUND_FOR_DCLID: 1 });
    expect(verdict('A_WORD_OF_TOMORROW')?.counts).toEqual({ UNKNOWN_REASON: 1 });
    expect(verdict('TOO_RECENT_CLICK')?.againAfterMs).toBe(6 * 3_600_000);
  });
});
