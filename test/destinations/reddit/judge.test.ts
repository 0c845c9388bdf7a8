import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import reddit from '../../../destinations/reddit/index.ts';
import type { Verdict } from '../../../src/core/destination.ts';
import { answered, showReason } from '../../../src/core/reason.ts';
import type { FakeReply } from '../../support/recorder.ts';
import { asReply } from '../../vendors/as-recorded.ts';
import { errorReply, indexReply, replies } from '../../vendors/reddit.ts';

const bound = reddit.bind(reddit.settings.parse({ pixel_id: 'a2_exampleabc', access_token: '${TOKEN}' }));
const judge = (reply: FakeReply, count = 3): Verdict => bound.judge(asReply(reply), count, '');

/** The table of `destinations/reddit.md` 9, row by row: what a batch of three and a single event come to. */
const ROWS: readonly [keyof typeof replies, Verdict['kind'], Verdict['kind']][] = [
  ['invalid', 'bisect', 'rejected'],
  ['unprocessable', 'bisect', 'rejected'],
  ['firstInvalid', 'partly', 'partly'],
  ['unauthorized', 'stop', 'stop'],
  ['forbidden', 'stop', 'stop'],
  ['noPixel', 'stop', 'stop'],
  ['throttled', 'retry', 'retry'],
  ['reset', 'retry', 'retry'],
  ['server', 'retry', 'retry'],
  ['unavailable', 'retry', 'retry'],
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

  it.each(Object.entries(replies))('repeats nothing of the answer to %s', (_name, reply) => {
    const verdict = judge(reply);
    const reasons =
      'reason' in verdict ? [verdict.reason] : verdict.kind === 'partly' ? [...verdict.rejected.values()] : [];
    expect(reasons.length).toBeGreaterThan(0);
    for (const reason of reasons) expect(showReason(reason)).toMatch(/^[A-Za-z0-9_ .:;={}-]+$/);
    expect(JSON.stringify(reasons)).not.toContain('kari');
  });

  it('drops the events that are named and sends the rest again', () => {
    const refused = (...indices: number[]) => new Map(indices.map((i) => [i, answered('vendor.refused', 400)]));
    // The example of section 9, word for word.
    const example = '{"error":{"code":400,"message":"...","fields":[{"field":"events[0].event_at","message":"..."}]}}';
    expect(judge({ status: 400, body: example })).toEqual({ kind: 'partly', rejected: refused(0), rest: 'resend' });
    expect(judge(indexReply(2, 0, 2))).toEqual({ kind: 'partly', rejected: refused(0, 2), rest: 'resend' });
    expect(judge(errorReply(400, ['data.events[1].user', 'test_id']))).toMatchObject({ rejected: refused(1) });
  });

  it('halves where nothing is named, and where an index cannot be right', () => {
    expect(judge(errorReply(400, ['data', 'pixel_id', 'myevents[1]'])).kind).toBe('bisect');
    expect(judge(indexReply(0, 3)).kind).toBe('bisect');
    expect(judge(indexReply(1), 1).kind).toBe('rejected');
    expect(judge({ status: 400, body: 'events[0]' }).kind).toBe('bisect');
  });

  it('waits as Retry-After says, else as X-RateLimit-Reset does', () => {
    expect(judge(replies.throttled)).toMatchObject({ kind: 'retry', afterMs: 17_000 });
    expect(judge(replies.reset)).toMatchObject({ kind: 'retry', afterMs: 23_000 });
    const both = errorReply(429, [], { 'retry-after': '5', 'x-ratelimit-reset': '23' });
    expect(judge(both)).toMatchObject({ afterMs: 5000 });
    // A point in time, or nothing that counts seconds.
    for (const reset of ['1795169700', '0', '-1', 'soon', ''])
      expect(judge(errorReply(429, [], { 'x-ratelimit-reset': reset }))).not.toHaveProperty('afterMs');
  });

  it('says which of pixel and token is wrong', () => {
    expect(judge(replies.unauthorized)).toMatchObject({ reason: { code: 'vendor.credentials' } });
    expect(judge(replies.noPixel)).toMatchObject({ reason: { code: 'vendor.settings' } });
  });

  it('goes by the status of a bare answer (R56)', () => {
    expect([408, 425, 429, 500, 502, 503, 504].map((status) => judge({ status }).kind)).toEqual(Array(7).fill('retry'));
    expect([400, 405, 410, 413, 422].map((status) => judge({ status }, 1).kind)).toEqual(Array(5).fill('rejected'));
    expect([200, 201, 202, 204].map((status) => judge({ status }).kind)).toEqual(Array(4).fill('delivered'));
  });
});

it('takes a page in the place of an answer for none', () => {
  expect(judge({ status: 200, body: '<!doctype html>' })).toEqual({
    kind: 'retry',
    reason: answered('vendor.unreadable', 200),
  });
});

it('never says of more events than there were, whatever comes', () => {
  const field = fc.record({ field: fc.oneof(fc.constantFrom('events[0].x', 'events[4]', 'x'), fc.string()) });
  fc.assert(
    fc.property(
      fc.constantFrom(400, 422),
      fc.oneof(fc.array(fc.oneof(field, fc.jsonValue())), fc.jsonValue()),
      fc.integer({ min: 1, max: 5 }),
      (status, fields, count) => {
        const verdict = judge({ status, body: JSON.stringify({ error: { fields } }) }, count);
        if (verdict.kind === 'bisect') expect(count).toBeGreaterThan(1);
        if (verdict.kind !== 'partly') return;
        expect(verdict.rejected.size).toBeGreaterThan(0);
        for (const index of verdict.rejected.keys()) expect(index).toBeLessThan(count);
      },
    ),
  );
});
