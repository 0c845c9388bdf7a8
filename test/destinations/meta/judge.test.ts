import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import meta from '../../../destinations/meta/index.ts';
import type { Verdict } from '../../../src/core/destination.ts';
import { answered, showReason } from '../../../src/core/reason.ts';
import type { FakeReply } from '../../support/recorder.ts';
import { asReply } from '../../vendors/as-recorded.ts';
import { errorReply, replies } from '../../vendors/meta.ts';

const bound = meta.bind(meta.settings.parse({ pixel_id: '1234567890', access_token: '${META_ACCESS_TOKEN}' }));
const judge = (reply: FakeReply, count = 3): Verdict => bound.judge(asReply(reply), count, '');

/** The error table of `destinations/meta.md` 9, row by row: what a batch of three and a single event come to. */
const ROWS: readonly [keyof typeof replies, Verdict['kind'], Verdict['kind']][] = [
  ['unknown', 'retry', 'retry'],
  ['temporary', 'retry', 'retry'],
  ['appRateLimit', 'retry', 'retry'],
  ['userRateLimit', 'retry', 'retry'],
  ['pageRateLimit', 'retry', 'retry'],
  ['customRateLimit', 'retry', 'retry'],
  ['adAccountRateLimit', 'retry', 'retry'],
  ['applicationLimit', 'retry', 'retry'],
  ['policyBlock', 'retry', 'retry'],
  ['validationUnknown', 'retry', 'retry'],
  ['internal', 'retry', 'retry'],
  ['capability', 'stop', 'stop'],
  ['permission', 'stop', 'stop'],
  ['permissionRange', 'stop', 'stop'],
  ['adsPermission', 'stop', 'stop'],
  ['invalid', 'bisect', 'rejected'],
  ['tooOld', 'bisect', 'rejected'],
  ['malformed', 'bisect', 'rejected'],
  ['transient', 'retry', 'retry'],
  ['objectMissing', 'stop', 'stop'],
  ['tooManyParameters', 'bisect', 'rejected'],
  ['session', 'stop', 'stop'],
  ['token', 'stop', 'stop'],
  ['deprecated', 'stop', 'stop'],
  ['html', 'retry', 'retry'],
];

describe('errors (9)', () => {
  it('covers every answer of the fake vendor', () => {
    expect(ROWS.map(([name]) => name).toSorted()).toEqual(Object.keys(replies).toSorted());
  });

  it.each(ROWS)('%s: a batch is %s, one event %s', (name, batch, single) => {
    expect(judge(replies[name]).kind).toBe(batch);
    expect(judge(replies[name], 1).kind).toBe(single);
  });

  it.each(Object.entries(replies))('repeats nothing of the answer to %s but numbers', (_name, reply) => {
    const verdict = judge(reply, 1);
    expect('reason' in verdict ? showReason(verdict.reason) : '').toMatch(
      /^vendor\.[a-z_]+\{status=\d{3}(; code=[\d ]+)?\}$/,
    );
    expect(JSON.stringify(verdict)).not.toMatch(/kari|400 00/);
  });

  it.each(Array.from({ length: 15 }, (_, i) => 80_000 + i))('code %i is a business rate limit', (code) => {
    expect(judge(errorReply(400, code)).kind).toBe('retry');
  });

  it.each([
    [199, 'bisect'],
    [200, 'stop'],
    [299, 'stop'],
    [300, 'bisect'],
    [79_999, 'bisect'],
    [80_015, 'bisect'],
  ])('code %i is %s', (code, kind) => {
    expect(judge(errorReply(400, code)).kind).toBe(kind);
  });

  it('waits as long as the account is told to, in minutes', () => {
    expect(judge(replies.adAccountRateLimit)).toMatchObject({ kind: 'retry', afterMs: 19 * 60_000 });
    const usage = (value: string) => judge(errorReply(400, 80004, { headers: { 'x-business-use-case-usage': value } }));
    expect(
      usage('{"1":[{"estimated_time_to_regain_access":2},{"estimated_time_to_regain_access":7}],"2":[]}'),
    ).toMatchObject({ afterMs: 420_000 });
    expect(usage('{"1":[{"estimated_time_to_regain_access":100000}]}')).toMatchObject({ afterMs: 3_600_000 });
    for (const odd of [
      '',
      'not json',
      '[]',
      '{"1":null}',
      '{"1":[null]}',
      '{"1":[{"estimated_time_to_regain_access":"9"}]}',
    ]) {
      expect(usage(odd)).toMatchObject({ kind: 'retry', afterMs: 60_000 });
    }
  });

  it('honours Retry-After', () => {
    expect(judge(errorReply(503, 2, { headers: { 'retry-after': '7' } }))).toMatchObject({ afterMs: 7000 });
    expect(judge(errorReply(400, 4, { headers: { 'retry-after': '90' } }))).toMatchObject({ afterMs: 90_000 });
    expect(judge({ status: 503, headers: { 'retry-after': '3' }, body: '<html>' })).toMatchObject({ afterMs: 3000 });
  });

  it('names code and subcode', () => {
    expect(judge(replies.tooOld, 1)).toEqual({
      kind: 'rejected',
      reason: answered('vendor.refused', 400, 100, 2804003),
    });
    expect(judge(replies.token)).toEqual({
      kind: 'stop',
      reason: answered('vendor.credentials', 401, 190, 463),
    });
  });

  it('goes by the status where the code is not listed', () => {
    expect(judge(errorReply(500, 987654)).kind).toBe('retry');
    expect(judge(errorReply(429, 987654)).kind).toBe('retry');
    expect(judge(errorReply(403, 987654)).kind).toBe('stop');
    expect(judge(errorReply(400, 987654)).kind).toBe('bisect');
    expect(judge(errorReply(400, 987654), 1).kind).toBe('rejected');
  });
});

describe('answers without an error object', () => {
  const ok = (body: string, status = 200) => judge({ status, body }).kind;

  it('delivers what was received in full', () => {
    expect(ok('{"events_received":3,"messages":[],"fbtrace_id":"A"}')).toBe('delivered');
    expect(ok('{"events_received":3,"messages":["a warning"]}')).toBe('delivered');
    expect(ok('{"events_received": 3, "messages": ["a long list, cut at 64 KiB')).toBe('delivered');
    expect(ok('')).toBe('delivered');
    expect(ok('', 204)).toBe('delivered');
  });

  it('sends again what was not: the event id makes that harmless (7)', () => {
    expect(ok('{"events_received":2}')).toBe('retry');
    expect(ok('{"events_received":0}')).toBe('retry');
    expect(ok('<html>captive portal</html>')).toBe('retry');
    expect(ok('{"events_received":2,"messages":["a long')).toBe('retry');
    expect(ok('{"events_received":3')).toBe('retry');
    expect(ok('{"error":{"message":"x"}}')).toBe('retry');
  });

  it('goes by the status of a bare answer (R56)', () => {
    expect([400, 404, 422].map((status) => judge({ status }, 1).kind)).toEqual(['rejected', 'rejected', 'rejected']);
    expect([408, 425, 429, 500, 502, 503, 504].map((status) => judge({ status }).kind)).toEqual(Array(7).fill('retry'));
    expect([401, 403].map((status) => judge({ status }).kind)).toEqual(['stop', 'stop']);
    expect(judge({ status: 400 }).kind).toBe('bisect');
    expect(judge({ status: 413, body: '<html>' }).kind).toBe('bisect');
  });

  it('has a verdict for any answer, and no word of it in the reason', () => {
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({
          error: fc.record({
            code: fc.oneof(fc.integer(), fc.string()),
            error_subcode: fc.jsonValue(),
            is_transient: fc.jsonValue(),
          }),
        })
        .map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 599 }),
        body,
        fc.integer({ min: 1, max: 1000 }),
        (status, text, count) => {
          const verdict = judge({ status, body: text }, count);
          const reason = 'reason' in verdict ? showReason(verdict.reason) : 'none';
          expect(reason).toMatch(/^[A-Za-z0-9_ .:;={}-]+$/);
          expect([count === 1 ? 'bisect' : '', status >= 400 ? 'delivered' : '']).not.toContain(verdict.kind);
        },
      ),
    );
  });
});
