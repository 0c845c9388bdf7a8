import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import tiktok from '../../../destinations/tiktok/index.ts';
import type { Verdict } from '../../../src/core/destination.ts';
import { answered, showReason } from '../../../src/core/reason.ts';
import type { FakeReply } from '../../support/recorder.ts';
import { asRecorded, asReply } from '../../vendors/as-recorded.ts';
import { codeReply, createTikTok, invalidAt, replies } from '../../vendors/tiktok.ts';

const bound = tiktok.bind(tiktok.settings.parse({ pixel_id: 'D6AP4E3C77U3L7SP8O7G', access_token: '${TOKEN}' }));
const judge = (reply: FakeReply, count = 3): Verdict => bound.judge(asReply(reply), count, '');

/** The table of `destinations/tiktok.md` 9, row by row: what a batch of three and a single event come to. */
const ROWS: readonly [keyof typeof replies, Verdict['kind'], Verdict['kind']][] = [
  ['partly', 'delivered', 'delivered'],
  ['invalid', 'bisect', 'rejected'],
  ['firstInvalid', 'partly', 'partly'],
  ['permission', 'stop', 'stop'],
  ['noToken', 'stop', 'stop'],
  ['badToken', 'stop', 'stop'],
  ['unauthorized', 'stop', 'stop'],
  ['throttled', 'retry', 'retry'],
  ['throttledAs401', 'retry', 'retry'],
  ['throttledByStatus', 'retry', 'retry'],
  ['system', 'retry', 'retry'],
  ['server', 'retry', 'retry'],
  ['unknown', 'retry', 'retry'],
  ['html', 'retry', 'retry'],
];

describe('answers (9)', () => {
  it('covers every answer of the stand-in', () => {
    expect(ROWS.map(([name]) => name).toSorted()).toEqual(Object.keys(replies).toSorted());
  });

  it.each(ROWS)('%s: a batch is %s, one event %s', (name, batch, single) => {
    expect(judge(replies[name]).kind).toBe(batch);
    expect(judge(replies[name], 1).kind).toBe(single);
  });

  it('0 is a success, with a status that is one', () => {
    expect(judge(codeReply(0))).toEqual({ kind: 'delivered' });
    expect(judge(codeReply(0, 'OK', 502)).kind).toBe('retry');
    expect(judge(codeReply(0, 'OK', 401)).kind).toBe('stop');
  });

  it('a 2xx without a code is none', () => {
    for (const body of ['', '{}', '[]', '{"code":"0"}', '{"code":null}', '{"code":0.5}', '<html>', '{"code":0'])
      expect(judge({ status: 200, body }).kind).toBe('retry');
  });

  it.each(Object.entries(replies))('repeats nothing of the answer to %s but codes', (_name, reply) => {
    const verdict = judge(reply);
    const reasons =
      'reason' in verdict ? [verdict.reason] : verdict.kind === 'partly' ? [...verdict.rejected.values()] : [];
    expect(reasons.length > 0).toBe(verdict.kind !== 'delivered');
    expect(JSON.stringify(reasons)).not.toContain('kari');
  });

  it('takes out the element that a 40002 names and sends the rest again', () => {
    const reason = answered('vendor.refused', 200, 40002);
    expect(judge(invalidAt(1))).toEqual({ kind: 'partly', rejected: new Map([[1, reason]]), rest: 'resend' });
    // The example of section 9, word for word.
    const body = '{"code":40002,"message":"Invalid value for data[2].event_time","request_id":"2026112010150502"}';
    expect(judge({ status: 200, body })).toMatchObject({ kind: 'partly', rejected: new Map([[2, reason]]) });
  });

  it('halves where an index cannot be right', () => {
    expect(judge(invalidAt(3)).kind).toBe('bisect');
    expect(judge(invalidAt(1), 1).kind).toBe('rejected');
    expect(judge(codeReply(40002, 'data[99999999999]')).kind).toBe('bisect');
  });

  it('a code that nobody has read is a refusal when it has come five times over an hour', () => {
    expect(judge(replies.unknown)).toMatchObject({ finalAfter: { attempts: 5, ms: 3_600_000 } });
    expect(judge(replies.throttled)).not.toHaveProperty('finalAfter');
    expect(judge(replies.system)).not.toHaveProperty('finalAfter');
  });

  it('waits as Retry-After says, where there is one', () => {
    expect(judge({ ...replies.throttled, headers: { 'retry-after': '17' } })).toMatchObject({ afterMs: 17_000 });
  });

  it('goes by the status of a bare answer (R56)', () => {
    expect([408, 425, 429, 500, 502, 503, 504].map((status) => judge({ status }).kind)).toEqual(Array(7).fill('retry'));
    expect([400, 404, 405, 410, 413, 422].map((status) => judge({ status }, 1).kind)).toEqual(
      Array(6).fill('rejected'),
    );
    expect([400, 413].map((status) => judge({ status }).kind)).toEqual(['bisect', 'bisect']);
    expect([401, 403].map((status) => judge({ status }).kind)).toEqual(['stop', 'stop']);
  });
});

describe('anything at all', () => {
  it('has a verdict, indices in range, and no word of the answer in the reason', () => {
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({
          code: fc.oneof(fc.jsonValue(), fc.integer(), fc.constantFrom(0, 20001, 40001, 40002, 40100, 40105, 50000)),
          message: fc.oneof(
            fc.string(),
            fc.integer({ min: 0, max: 1200 }).map((index) => `Invalid value for data[${index}].user`),
          ),
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
          expect([count === 1 ? 'bisect' : '', status >= 300 ? 'delivered' : '']).not.toContain(verdict.kind);
        },
      ),
    );
  });

  it('gets the good ones through when one of many is poison, named or not', () => {
    for (const nameless of [false, true]) {
      const vendor = createTikTok();
      vendor.nameless = nameless;
      vendor.poison.add('e-7');
      const dead: string[] = [];
      const element = (id: string) =>
        JSON.stringify({ event: 'Purchase', event_time: 1795169760, event_id: id, user: { ttclid: 'E.C.P.Example' } });
      const send = (ids: readonly string[]): void => {
        if (ids.length === 0) return;
        const verdict = judge(vendor.answer(asRecorded(bound.request('', ids.map(element)))), ids.length);
        const half = Math.ceil(ids.length / 2);
        if (verdict.kind === 'rejected') dead.push(...ids);
        if (verdict.kind === 'partly') {
          dead.push(...ids.filter((_, i) => verdict.rejected.has(i)));
          send(ids.filter((_, i) => !verdict.rejected.has(i)));
        }
        if (verdict.kind === 'bisect') for (const part of [ids.slice(0, half), ids.slice(half)]) send(part);
      };
      send(Array.from({ length: 20 }, (_, i) => `e-${i}`));
      expect(vendor.violations).toEqual([]);
      expect(dead).toEqual(['e-7']);
      expect(vendor.taken.size).toBe(19);
    }
  });
});
