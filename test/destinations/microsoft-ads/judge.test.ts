import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import microsoftAds from '../../../destinations/microsoft-ads/index.ts';
import type { Reply, Verdict } from '../../../src/core/destination.ts';
import { answered, showReason } from '../../../src/core/reason.ts';
import type { FakeReply } from '../../support/recorder.ts';
import { refusal, replies } from '../../vendors/microsoft-ads.ts';

const bound = microsoftAds.bind(
  microsoftAds.settings.parse({ tag_id: '97000001', access_token: '${MICROSOFT_UET_TOKEN}' }),
);
const reply = (fake: FakeReply): Reply => ({
  status: fake.status,
  at: 0,
  headers: fake.headers ?? {},
  body: fake.body ?? '',
});
const judged = (fake: FakeReply, count = 3, envelope = 'capi') => bound.judge(reply(fake), count, envelope);
const json = (status: number, body: unknown): FakeReply => ({ status, body: JSON.stringify(body) });
const bad = (status: number) => new Map([[1, answered('vendor.refused', status, 'RegularExpressionValidator')]]);

describe('the answers of the sheet (A.5)', () => {
  const rows: readonly (readonly [keyof typeof replies, Verdict])[] = [
    ['oneRefused', { kind: 'partly', rejected: bad(200), rest: 'delivered' }],
    ['warning', { kind: 'delivered' }],
    ['validationError', { kind: 'partly', rejected: bad(400), rest: 'resend' }],
    ['validationUnnamed', { kind: 'bisect', reason: answered('vendor.refused', 400, 'ValidationError') }],
    ['unauthorized', { kind: 'stop', reason: answered('vendor.credentials', 401, 'Unauthorized') }],
    ['forbidden', { kind: 'stop', reason: answered('vendor.credentials', 403) }],
    ['unknownTag', { kind: 'stop', reason: answered('vendor.settings', 404) }],
    ['throttled', { kind: 'retry', reason: answered('vendor.busy', 429), afterMs: 30_000 }],
    ['broken', { kind: 'retry', reason: answered('vendor.unavailable', 500) }],
    ['unavailable', { kind: 'retry', reason: answered('vendor.unavailable', 503) }],
  ];
  it.each(rows)('%s', (name, verdict) => expect(judged(replies[name])).toEqual(verdict));

  it('all received', () => expect(judged(json(200, { eventsReceived: 3 }))).toEqual({ kind: 'delivered' }));

  it('alone, a refused event needs no halving', () => {
    expect(judged(replies.validationUnnamed, 1)).toEqual({
      kind: 'rejected',
      reason: answered('vendor.refused', 400, 'ValidationError'),
    });
  });
});

describe('answers that are not what they seem', () => {
  const details = (...rows: unknown[]) => ({ error: { code: 'ValidationError', details: rows } });
  it.each<[string, FakeReply, Verdict['kind']]>([
    ['fewer received, not said which', json(200, { eventsReceived: 2 }), 'bisect'],
    ['success with an error in it', json(200, { error: { code: 'InternalError' } }), 'retry'],
    ['a page', { status: 200, body: ' <html>' }, 'retry'],
    ['nothing', { status: 204 }, 'delivered'],
    ['an index beyond the batch', json(400, details(refusal(3))), 'bisect'],
    ['only a warning, yet refused', json(400, details(refusal(0, true))), 'bisect'],
    ['details of another shape', json(400, details('x', null, { index: 'a' })), 'bisect'],
    ['a cut body', { status: 400, body: '{"error":{"code":"Valid' }, 'bisect'],
    ['a cut success, which may hide refusals', { status: 200, body: '{"eventsReceived":1,"error":{"deta' }, 'bisect'],
    ['a word', { status: 200, body: 'ok' }, 'delivered'],
    ['too large', { status: 413 }, 'bisect'],
    ['gone', { status: 410 }, 'rejected'],
  ])('%s', (_, fake, kind) => expect(judged(fake).kind).toBe(kind));

  it('alone, a cut success is asked for again', () => {
    expect(judged({ status: 200, body: '{"eventsRec' }, 1).kind).toBe('retry');
  });

  it('one is named and more are missing: the others are sent again', () => {
    expect(judged(json(200, { eventsReceived: 0, ...details(refusal(1)) }))).toEqual({
      kind: 'partly',
      rejected: bad(200),
      rest: 'resend',
    });
  });

  it('never throws, and never repeats message or value', () => {
    const text = fc.oneof(fc.string(), fc.json(), fc.constant(replies.validationError.body ?? ''));
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), text, (status, body) => {
        const verdict = judged({ status, body });
        const reasons =
          'reason' in verdict ? [verdict.reason] : verdict.kind === 'partly' ? [...verdict.rejected.values()] : [];
        expect(JSON.stringify(reasons)).not.toContain('kari');
        for (const reason of reasons) expect(showReason(reason)).toMatch(/^[A-Za-z0-9_ .:;={}-]+$/);
      }),
    );
  });
});

describe('the pixel', () => {
  it.each<[number, Verdict['kind']]>([
    [204, 'delivered'],
    [200, 'delivered'],
    [403, 'rejected'],
    [429, 'retry'],
    [500, 'retry'],
  ])('answered %i: %s', (status, kind) => expect(judged({ status }, 1, 'pixel').kind).toBe(kind));
});

describe('the probe (A.5)', () => {
  const probe = bound.probe();

  it('sends no event', () => {
    expect(probe?.request).toMatchObject({
      url: 'https://capi.uet.microsoft.com/v1/97000001/events',
      body: '{"data":[]}',
    });
  });
  it.each([
    [400, true, '{"error":{"code":"ValidationError","message":"..."}}'],
    [200, true, '{"eventsReceived":0}'],
    [401, false, '{"error":{"code":"Unauthorized","message":"..."}}'],
    [403, false, ''],
    [404, false, ''],
    [500, false, ''],
    // Of a proxy or a portal.
    [400, false, '<html>Bad Request'],
    [200, false, '<html>Log in'],
  ])('reads %i as %s: %s', (status, ok, body) => expect(probe?.read(reply({ status, body })).ok).toBe(ok));
});
