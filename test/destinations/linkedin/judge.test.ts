import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import linkedin from '../../../destinations/linkedin/index.ts';
import type { Verdict } from '../../../src/core/destination.ts';
import { answered, showReason } from '../../../src/core/reason.ts';
import type { FakeReply } from '../../support/recorder.ts';
import { asRecorded, asReply } from '../../vendors/as-recorded.ts';
import { createLinkedIn, indexReply, replies } from '../../vendors/linkedin.ts';

const bound = linkedin.bind(linkedin.settings.parse({ conversions: { purchase: '1' }, access_token: '${TOKEN}' }));
const judge = (reply: FakeReply, count = 3): Verdict => bound.judge(asReply(reply), count, '');

/** The error table of `destinations/linkedin.md` 7, row by row: what a batch of three and a single event come to. */
const ROWS: readonly [keyof typeof replies, Verdict['kind'], Verdict['kind']][] = [
  ['malformed', 'bisect', 'rejected'],
  ['unauthorized', 'stop', 'stop'],
  ['revoked', 'stop', 'stop'],
  ['forbidden', 'stop', 'stop'],
  ['ruleMissing', 'bisect', 'rejected'],
  ['invalid', 'bisect', 'rejected'],
  ['firstInvalid', 'partly', 'partly'],
  ['batchIndex', 'partly', 'partly'],
  ['sunset', 'stop', 'stop'],
  ['throttled', 'retry', 'retry'],
  ['server', 'retry', 'retry'],
  ['unavailable', 'retry', 'retry'],
  ['html', 'retry', 'retry'],
];

describe('errors (7)', () => {
  it('covers every answer of the fake vendor', () => {
    expect(ROWS.map(([name]) => name).toSorted()).toEqual(Object.keys(replies).toSorted());
  });

  it.each(ROWS)('%s: a batch is %s, one event %s', (name, batch, single) => {
    expect(judge(replies[name]).kind).toBe(batch);
    expect(judge(replies[name], 1).kind).toBe(single);
  });

  it.each(Object.entries(replies))('repeats nothing of the answer to %s but codes', (_name, reply) => {
    const verdict = judge(reply);
    const reasons =
      'reason' in verdict ? [verdict.reason] : verdict.kind === 'partly' ? [...verdict.rejected.values()] : [];
    expect(reasons.length).toBeGreaterThan(0);
    for (const reason of reasons) expect(showReason(reason)).toMatch(/^[A-Za-z0-9_ .:;={}-]+$/);
    expect(JSON.stringify(reasons)).not.toContain('kari');
  });

  it('drops the elements a 422 names and sends the rest again', () => {
    const reason = answered('vendor.refused', 422);
    expect(judge(indexReply(1))).toEqual({ kind: 'partly', rejected: new Map([[1, reason]]), rest: 'resend' });
    expect(judge(indexReply(0, 2, 2))).toEqual({
      kind: 'partly',
      rejected: new Map([
        [0, reason],
        [2, reason],
      ]),
      rest: 'resend',
    });
    // The example of section 10, word for word.
    const example =
      '{"message":"Index: 1, ERROR :: /user/userIds :: field is required but not found and has no default value\\n","status":422}';
    expect(judge({ status: 422, body: example })).toEqual({
      kind: 'partly',
      rejected: new Map([[1, reason]]),
      rest: 'resend',
    });
  });

  it.each([
    '{"batchIndex":1}',
    '{"batchIndex": 1}',
    'batchIndex=1',
    '{"message":"{\\"batchIndex\\": 1}"}',
    '{"message":"Index:1,',
  ])('reads the index in %s, cut short or not', (body) => {
    expect(judge({ status: 422, body })).toMatchObject({
      kind: 'partly',
      rejected: new Map([[1, answered('vendor.refused', 422)]]),
    });
  });

  it('halves where an index cannot be right', () => {
    expect(judge(indexReply(3)).kind).toBe('bisect');
    expect(judge(indexReply(0, 3)).kind).toBe('bisect');
    expect(judge(indexReply(1), 1).kind).toBe('rejected');
    expect(judge({ status: 422, body: '{"message":"Index: 99999999999999999999"}' }).kind).toBe('bisect');
  });

  it('waits as Retry-After says', () => {
    expect(judge(replies.throttled)).toMatchObject({ kind: 'retry', afterMs: 17_000 });
    expect(judge(replies.unavailable)).toMatchObject({ kind: 'retry', afterMs: 5000 });
    expect(judge(replies.server)).toEqual({ kind: 'retry', reason: answered('vendor.unavailable', 500) });
  });

  it('says what to do', () => {
    expect(judge(replies.sunset)).toEqual({
      kind: 'stop',
      reason: answered('vendor.version_ended', 426, 'NONEXISTENT_VERSION'),
    });
    expect(judge(replies.revoked)).toEqual({
      kind: 'stop',
      reason: answered('vendor.credentials', 401, 'REVOKED_ACCESS_TOKEN', 65601),
    });
  });

  it('goes by the status of a bare answer (R56)', () => {
    expect([408, 425, 429, 500, 502, 503, 504].map((status) => judge({ status }).kind)).toEqual(Array(7).fill('retry'));
    expect([400, 404, 405, 410, 422].map((status) => judge({ status }, 1).kind)).toEqual(Array(5).fill('rejected'));
    expect(judge({ status: 413 }).kind).toBe('bisect');
  });
});

describe('success (1)', () => {
  const ok = (body: string, status = 200, count = 3) => judge({ status, body }, count);

  it('is any 2xx', () => {
    expect(ok('{"elements":[{"status":201},{"status":201},{"status":201}]}')).toEqual({ kind: 'delivered' });
    expect(ok('', 201)).toEqual({ kind: 'delivered' });
    expect(ok('{}')).toEqual({ kind: 'delivered' });
    expect(ok('{"elements":[{"status":201}]}')).toEqual({ kind: 'delivered' });
    expect(ok('', 204)).toEqual({ kind: 'delivered' });
  });

  it('is not a page of a proxy, or an error in disguise', () => {
    expect(ok('<!doctype html>').kind).toBe('retry');
    expect(ok('{"status":401,"code":"INVALID_ACCESS_TOKEN"}').kind).toBe('stop');
    expect(ok('{"status":503}').kind).toBe('retry');
    expect(ok('{"status":429}').kind).toBe('retry');
  });

  it('looks at each element', () => {
    expect(ok('{"elements":[{"status":201},{"status":422},{"status":201}]}')).toEqual({
      kind: 'partly',
      rejected: new Map([[1, answered('vendor.refused', 422)]]),
      rest: 'delivered',
    });
    expect(ok('{"elements":[{"status":201},{"status":422},{"status":503}]}').kind).toBe('retry');
    expect(ok('{"elements":[{"status":201},{"status":403},{"status":201}]}').kind).toBe('stop');
    expect(ok('{"elements":[{"status":201},{"status":429},{"status":201}]}').kind).toBe('retry');
    expect(ok('{"elements":[{"status":201},{"status":422}]}', 200, 1)).toEqual({ kind: 'delivered' });
    expect(ok('{"elements":[null,{"status":"bad"},5]}')).toEqual({ kind: 'delivered' });
  });
});

describe('anything at all', () => {
  it('has a verdict, indices in range, and no word of the answer in the reason', () => {
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc.integer({ min: 0, max: 1200 }).map((index) => `Index: ${index}, ERROR`),
      fc
        .record({
          status: fc.jsonValue(),
          code: fc.oneof(fc.string(), fc.constant('A_CODE')),
          elements: fc.array(fc.record({ status: fc.jsonValue() })),
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
          const rejected = verdict.kind === 'partly' ? [...verdict.rejected] : [];
          const reasons = [...('reason' in verdict ? [verdict.reason] : []), ...rejected.map(([, reason]) => reason)];
          for (const reason of reasons) expect(showReason(reason)).toMatch(/^[A-Za-z0-9_ .:;={}-]+$/);
          expect(rejected.every(([index]) => index >= 0 && index < count)).toBe(true);
          expect([count === 1 ? 'bisect' : '', status >= 400 ? 'delivered' : '']).not.toContain(verdict.kind);
        },
      ),
    );
  });

  it('gets the good ones through when one of many is poison, named or not', () => {
    for (const nameless of [false, true]) {
      const vendor = createLinkedIn();
      vendor.nameless = nameless;
      vendor.poison.add('e-7');
      const dead: string[] = [];
      const element = (id: string) =>
        JSON.stringify({
          conversion: 'urn:lla:llaPartnerConversion:1',
          conversionHappenedAt: 1795169760000,
          eventId: id,
          user: { userIds: [], externalIds: ['x'] },
        });
      const send = (ids: readonly string[]): void => {
        if (ids.length === 0) return;
        const verdict = bound.judge(
          asReply(vendor.answer(asRecorded(bound.request('', ids.map(element))))),
          ids.length,
          '',
        );
        const half = Math.ceil(ids.length / 2);
        if (verdict.kind === 'rejected') dead.push(...ids);
        if (verdict.kind === 'partly') {
          dead.push(...ids.filter((_, i) => verdict.rejected.has(i)));
          send(ids.filter((_, i) => !verdict.rejected.has(i)));
        }
        if (verdict.kind === 'bisect') for (const part of [ids.slice(0, half), ids.slice(half)]) send(part);
      };
      send(Array.from({ length: 20 }, (_, i) => `e-${i}`));
      expect(dead).toEqual(['e-7']);
      expect(vendor.taken.size).toBe(19);
    }
  });
});
