import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventIndex } from '../../../src/core/data-manager/judge.ts';
import googleAds from '../../../destinations/google-ads/index.ts';
import type { Reply, Verdict } from '../../../src/core/destination.ts';
import { answered, showReason } from '../../../src/core/reason.ts';
import type { FakeReply } from '../../support/recorder.ts';
import { googleError, replies } from '../../vendors/google-ads.ts';

const bound = googleAds.bind(
  googleAds.settings.parse({
    customer_id: '1234567890',
    conversions: { purchase: '700123456' },
    credentials: '${GOOGLE_ADS_CREDENTIALS}',
  }),
);
const reply = (fake: FakeReply): Reply => ({
  status: fake.status,
  at: 0,
  headers: fake.headers ?? {},
  body: fake.body ?? '',
});
const judged = (fake: FakeReply, count = 3, envelope = 'conversions') => bound.judge(reply(fake), count, envelope);
const refused = (reason: string) =>
  googleError(400, 'INVALID_ARGUMENT', [{ field: 'events.events[2].user_data', reason }]);

describe('the answers of the sheet (2.5, 2.7)', () => {
  const rows: readonly (readonly [keyof typeof replies, Verdict])[] = [
    ['accepted', { kind: 'awaiting', ticket: 'req-1' }],
    ['acceptedWithWarnings', { kind: 'awaiting', ticket: 'req-2' }],
    [
      'invalidEvent',
      {
        kind: 'partly',
        rejected: new Map([[1, answered('vendor.refused', 400, 'EVENT_TIME_INVALID')]]),
        rest: 'resend',
      },
    ],
    ['invalidUnnamed', { kind: 'bisect', reason: answered('vendor.refused', 400, 'INVALID_ARGUMENT') }],
    [
      'tooManyEvents',
      { kind: 'bisect', reason: answered('vendor.refused', 400, 'INVALID_ARGUMENT', 'TOO_MANY_EVENTS') },
    ],
    [
      'termsNotSigned',
      { kind: 'stop', reason: answered('vendor.settings', 400, 'INVALID_ARGUMENT', 'TERMS_AND_CONDITIONS_NOT_SIGNED') },
    ],
    [
      'wrongAction',
      { kind: 'stop', reason: answered('vendor.settings', 400, 'INVALID_ARGUMENT', 'INVALID_CONVERSION_ACTION_ID') },
    ],
    ['unauthenticated', { kind: 'stop', reason: answered('vendor.credentials', 401, 'UNAUTHENTICATED') }],
    ['permissionDenied', { kind: 'stop', reason: answered('vendor.credentials', 403, 'PERMISSION_DENIED') }],
    ['notFound', { kind: 'stop', reason: answered('vendor.settings', 404, 'NOT_FOUND') }],
    [
      'quotaPerMinute',
      { kind: 'retry', reason: answered('vendor.busy', 429, 'RESOURCE_EXHAUSTED', 'RATE_LIMIT_EXCEEDED') },
    ],
    [
      'quotaPerDay',
      {
        kind: 'retry',
        reason: answered('vendor.busy', 429, 'RESOURCE_EXHAUSTED', 'RATE_LIMIT_EXCEEDED'),
        afterMs: 3_600_000,
      },
    ],
    ['internal', { kind: 'retry', reason: answered('vendor.unavailable', 500) }],
    ['unavailable', { kind: 'retry', reason: answered('vendor.unavailable', 503, 'UNAVAILABLE'), afterMs: 5000 }],
    [
      'deadlineExceeded',
      { kind: 'retry', reason: answered('vendor.unavailable', 504, 'DEADLINE_EXCEEDED'), afterMs: 5000 },
    ],
  ];
  it.each(rows)('%s', (name, verdict) => expect(judged(replies[name])).toEqual(verdict));

  it('alone, a refused event needs no halving', () => {
    expect(judged(replies.invalidUnnamed, 1)).toEqual({
      kind: 'rejected',
      reason: answered('vendor.refused', 400, 'INVALID_ARGUMENT'),
    });
  });

  it.each([
    'DESTINATION_ACCOUNT_NOT_ENABLED_ENHANCED_CONVERSIONS_FOR_LEADS',
    'DESTINATION_ACCOUNT_DATA_POLICY_PROHIBITS_ENHANCED_CONVERSIONS',
    'DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED',
    'OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH',
    'INVALID_CONVERSION_ACTION_TYPE',
    'INVALID_DESTINATION',
    'INVALID_MERCHANT_ID',
    'NOT_ALLOWLISTED',
  ])('%s is for a person to mend, even where it names an event', (reason) =>
    expect(judged(refused(reason))).toMatchObject({ kind: 'stop' }),
  );

  it.each([
    'REQUIRED_FIELD_MISSING',
    'INVALID_HEX_ENCODING',
    'INVALID_CURRENCY_CODE',
    'NO_IDENTIFIERS_PROVIDED',
    'A_REASON_OF_TOMORROW',
  ])('%s is that event alone', (reason) =>
    expect(judged(refused(reason))).toEqual({
      kind: 'partly',
      rejected: new Map([[2, answered('vendor.refused', 400, reason)]]),
      rest: 'resend',
    }),
  );

  it('keeps the longer of its own wait and Retry-After', () => {
    const later = { ...replies.unavailable, headers: { 'retry-after': '90' } };
    expect(judged(later)).toMatchObject({ kind: 'retry', afterMs: 90_000 });
    expect(judged({ ...replies.quotaPerDay, headers: { 'retry-after': '7200' } })).toMatchObject({
      afterMs: 7_200_000,
    });
    expect(judged({ ...replies.quotaPerMinute, headers: { 'retry-after': '60' } })).toMatchObject({ afterMs: 60_000 });
  });
});

describe('answers that are not what they seem', () => {
  it.each<[string, FakeReply, Verdict['kind']]>([
    ['success with an error in it', { ...replies.internal, status: 200 }, 'retry'],
    ['a page', { status: 200, body: '<!doctype html><title>Log in</title>' }, 'retry'],
    ['nothing', { status: 204 }, 'delivered'],
    ['a busy proxy', { status: 502, body: '<html>' }, 'retry'],
    ['a cut body', { status: 400, body: '{"error":{"status":"INVALID' }, 'bisect'],
    [
      'an index beyond the batch',
      googleError(400, 'INVALID_ARGUMENT', [{ field: 'events[3]', reason: 'INVALID_EVENT' }]),
      'bisect',
    ],
    ['too large', { status: 413 }, 'bisect'],
    ['a redirect, which is not followed', { status: 302 }, 'rejected'],
  ])('%s', (_, fake, kind) => expect(judged(fake).kind).toBe(kind));

  it('never throws, and never repeats the message', () => {
    const text = fc.oneof(fc.string(), fc.json(), fc.constant(replies.invalidEvent.body ?? ''));
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), text, (status, body) => {
        const verdict = judged({ status, body });
        expect(JSON.stringify(verdict)).not.toContain('kari');
        const reasons =
          'reason' in verdict ? [verdict.reason] : verdict.kind === 'partly' ? [...verdict.rejected.values()] : [];
        for (const reason of reasons) expect(showReason(reason)).toMatch(/^[A-Za-z0-9_ .:;={}-]+$/);
      }),
    );
  });
});

it.each([
  ['events[7].user_data', 7],
  ['events.events[12].consent', 12],
  ['request.events[0]', 0],
  ['destinations[1].events', undefined],
  ['events', undefined],
  ['destinations[1]', undefined],
])('the event index of %s is %s', (field, index) => expect(eventIndex(field)).toBe(index));

describe('the ping', () => {
  it.each<[number, Verdict['kind']]>([
    [200, 'delivered'],
    [204, 'delivered'],
    [302, 'delivered'],
    [400, 'rejected'],
    [403, 'rejected'],
    [429, 'retry'],
    [503, 'retry'],
  ])('answered %i: %s', (status, kind) => expect(judged({ status }, 1, 'ping').kind).toBe(kind));
});

describe('the later verdict (2.5, 2.7)', () => {
  const { later } = bound;
  const answer = (status: number, body: unknown, count = 100) =>
    later?.read({ status, at: 0, headers: {}, body: JSON.stringify(body) }, count);
  const per = (...rows: unknown[]) => ({ requestStatusPerDestination: rows });

  it('is asked for after half an hour, with the same credentials', () => {
    expect([later?.everyMs, later?.untilMs]).toEqual([30 * 60_000, 24 * 3_600_000]);
    const question = later?.request('req-1');
    expect(question).toMatchObject({
      method: 'GET',
      url: 'https://datamanager.googleapis.com/v1/requestStatus:retrieve?requestId=req-1',
    });
    expect(question?.headers['authorization']).toHaveProperty('parts.1.kind', 'google-service-account');
  });

  it('is not asked for without a request id', () => {
    expect(judged({ status: 204 }, 1)).toEqual({ kind: 'delivered' });
    expect(judged({ status: 200, body: '{"requestId":"a/b?c=d"}' }, 1)).toEqual({ kind: 'delivered' });
  });

  it('adds up over conversion actions, in fixed words', () => {
    expect(
      answer(
        200,
        per(
          { requestStatus: 'SUCCESS', eventsIngestionStatus: { recordCount: '100' } },
          {
            requestStatus: 'PARTIAL_SUCCESS',
            errorInfo: {
              errorCounts: [
                { recordCount: '3', reason: 'PROCESSING_ERROR_REASON_TOO_RECENT_CLICK' },
                { recordCount: '1', reason: 'kari@example.no' },
              ],
            },
            eventsIngestionStatus: { recordCount: '10' },
          },
        ),
      ),
    ).toEqual({ counts: { processed: 106, TOO_RECENT_CLICK: 3, UNKNOWN_REASON: 1 }, againAfterMs: 6 * 3_600_000 });
  });

  it('is asked for again while Google is at work or unwell', () => {
    expect(answer(200, per({ requestStatus: 'SUCCESS' }, { requestStatus: 'PROCESSING' }))).toBeUndefined();
    expect(answer(503, {})).toBeUndefined();
    expect(answer(429, {})).toBeUndefined();
    expect(answer(401, {})).toBeUndefined();
  });

  it('is given up where the answer cannot be read', () =>
    expect(answer(404, {})).toEqual({ counts: { unreadable: 1 } }));

  const errors = (...errorCounts: readonly (readonly [number, string])[]) =>
    per({
      requestStatus: 'FAILED',
      errorInfo: {
        errorCounts: errorCounts.map(([n, reason]) => {
          return { recordCount: String(n), reason: `PROCESSING_ERROR_REASON_${reason}` };
        }),
      },
    });

  it('sends once more what met a fault of Google, half an hour later', () => {
    expect(answer(200, errors([2, 'INTERNAL_ERROR'], [98, 'DUPLICATE_TRANSACTION_ID']))).toEqual({
      counts: { INTERNAL_ERROR: 2, DUPLICATE_TRANSACTION_ID: 98 },
      againAfterMs: 30 * 60_000,
    });
  });

  it('says that none was used only where none was', () => {
    expect(answer(200, errors([2, 'INVALID_GCLID'], [1, 'EVENT_TOO_OLD']), 3)).toMatchObject({
      rejected: { code: 'vendor.refused', params: { status: '200', code: 'INVALID_GCLID EVENT_TOO_OLD' } },
    });
    expect(answer(200, errors([2, 'INVALID_GCLID']), 3)).toEqual({ counts: { INVALID_GCLID: 2 } });
    expect(answer(200, errors([2, 'INVALID_GCLID'], [1, 'DUPLICATE_GCLID']), 3)).not.toHaveProperty('rejected');
  });

  it('repeats only what has a number that Google knows it by', () => {
    expect(later?.repeatable('{"transactionId":"ORD-1"}')).toBe(true);
    expect(later?.repeatable('{"eventSource":"WEB"}')).toBe(false);
  });
});

describe('the probe (2.2 validateOnly)', () => {
  const probe = bound.probe();
  const read = (fake: FakeReply) => probe?.read(reply(fake));

  it('stores nothing and names nobody', () => {
    const body = JSON.parse(probe?.request.body ?? '{}') as Record<string, unknown>;
    expect(body).toMatchObject({ validateOnly: true, destinations: [{ productDestinationId: '700123456' }] });
    expect(body).toHaveProperty('events.0.consent', {
      adUserData: 'CONSENT_DENIED',
      adPersonalization: 'CONSENT_DENIED',
    });
    expect(body).not.toHaveProperty('events.0.userData');
  });

  it.each<[keyof typeof replies, boolean]>([
    ['accepted', true],
    ['invalidEvent', true],
    ['wrongAction', false],
    ['termsNotSigned', false],
    ['unauthenticated', false],
    ['permissionDenied', false],
  ])('reads %s as %s', (name, ok) => expect(read(replies[name])?.ok).toBe(ok));

  it('says what is wrong in codes', () => {
    expect(read(replies.wrongAction)?.message).toBe(
      'Google answers 400 INVALID_ARGUMENT: INVALID_CONVERSION_ACTION_ID',
    );
  });
});
