import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import pinterest from '../../../destinations/pinterest/index.ts';
import type { Verdict } from '../../../src/core/destination.ts';
import { answered, showReason } from '../../../src/core/reason.ts';
import type { FakeReply } from '../../support/recorder.ts';
import { asReply } from '../../vendors/as-recorded.ts';
import { errorReply, replies, rows } from '../../vendors/pinterest.ts';

const bound = pinterest.bind(pinterest.settings.parse({ ad_account_id: '549757463328', access_token: '${TOKEN}' }));
const judge = (reply: FakeReply, count = 3): Verdict => bound.judge(asReply(reply), count, '');
const ok = (body: unknown, count = 3) => judge({ status: 200, body: JSON.stringify(body) }, count);

/** The table of `destinations/pinterest.md` 9, row by row: what a batch of three and a single event come to. */
const ROWS: readonly [keyof typeof replies, Verdict['kind'], Verdict['kind']][] = [
  ['malformed', 'bisect', 'rejected'],
  ['unauthorized', 'stop', 'stop'],
  ['forbidden', 'stop', 'stop'],
  ['noAccount', 'stop', 'stop'],
  ['partlyUnnamed', 'bisect', 'rejected'],
  ['throttled', 'retry', 'retry'],
  ['rampedDown', 'retry', 'retry'],
  ['server', 'retry', 'retry'],
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

  it.each([...Object.values(replies), errorReply(422, 4197, { details: rows([true, false, true]) })])(
    'repeats nothing of the answer but codes',
    (reply) => {
      const verdict = judge(reply);
      const reasons =
        'reason' in verdict ? [verdict.reason] : verdict.kind === 'partly' ? [...verdict.rejected.values()] : [];
      expect(reasons.length).toBeGreaterThan(0);
      for (const reason of reasons) expect(showReason(reason)).toMatch(/^[A-Za-z0-9_ .:;={}-]+$/);
      expect(JSON.stringify(reasons)).not.toContain('kari');
    },
  );

  it('says what it means, with the number of the error', () => {
    expect(judge(replies.unauthorized)).toEqual({ kind: 'stop', reason: answered('vendor.credentials', 401, 2) });
    expect(judge(replies.noAccount)).toMatchObject({ reason: { code: 'vendor.settings' } });
    expect(judge(replies.throttled)).toEqual({
      kind: 'retry',
      reason: answered('vendor.busy', 429, 8),
      afterMs: 17_000,
    });
    expect(judge(replies.rampedDown)).toEqual({ kind: 'retry', reason: answered('vendor.unavailable', 503, 4197) });
  });

  it('goes by the status of a bare answer (R56)', () => {
    expect([408, 425, 429, 500, 502, 503, 504].map((status) => judge({ status }).kind)).toEqual(Array(7).fill('retry'));
    expect([400, 405, 410, 413, 422].map((status) => judge({ status }, 1).kind)).toEqual(Array(5).fill('rejected'));
    expect([400, 413, 422].map((status) => judge({ status }).kind)).toEqual(Array(3).fill('bisect'));
    expect(judge({ status: 200 })).toEqual({ kind: 'delivered' });
  });
});

describe('rows (9)', () => {
  const refused = (status: number, ...indices: number[]) =>
    new Map(indices.map((index) => [index, answered('vendor.refused', status, status === 422 ? 4197 : undefined)]));

  it('delivers what was processed, warned of or not', () => {
    // The example of section 9, word for word.
    const example =
      '{"num_events_received":2,"num_events_processed":2,"events":[ {"status":"processed","error_message":null,"warning_message":null},{"status":"processed","warning_message":"..."}]}';
    expect(judge({ status: 200, body: example }, 2)).toEqual({ kind: 'delivered' });
  });

  it('refuses what failed, by its index, in a 200 and in both forms of a 422', () => {
    const body = rows([false, true, false]);
    expect(ok(body)).toEqual({ kind: 'partly', rejected: refused(200, 1), rest: 'delivered' });
    const within = { kind: 'partly', rejected: refused(422, 1), rest: 'delivered' };
    expect(judge(errorReply(422, 4197, { details: body }))).toEqual(within);
    expect(judge(errorReply(422, 4197, { events: (body as { events: unknown }).events }))).toEqual(within);
    expect(ok(rows([true, true, true]))).toEqual({
      kind: 'partly',
      rejected: refused(200, 0, 1, 2),
      rest: 'delivered',
    });
  });

  it('sends again what has no verdict, without what has', () => {
    expect(ok(rows([true, false]))).toEqual({ kind: 'partly', rejected: refused(200, 0), rest: 'resend' });
    const odd = { events: [{ status: 'processed' }, { status: 'failed' }, { status: 'pending' }] };
    expect(ok(odd)).toEqual({ kind: 'partly', rejected: refused(200, 1), rest: 'resend' });
  });

  it('halves where no row is named, and where there are more rows than events', () => {
    expect(ok(rows([false, false])).kind).toBe('bisect');
    expect(ok({ num_events_received: 3, num_events_processed: 2 }).kind).toBe('bisect');
    expect(ok(rows([true, true, true, true])).kind).toBe('bisect');
    expect(ok({ events: 'none' }).kind).toBe('bisect');
    expect(ok({ num_events_received: 3, num_events_processed: 3 })).toEqual({ kind: 'delivered' });
  });

  it('reads the count of an answer that was cut off', () => {
    const cut = (processed: number) =>
      judge({ status: 200, body: `{"num_events_received":3,"num_events_processed":${processed},"events":[{"sta` });
    expect(cut(3)).toEqual({ kind: 'delivered' });
    expect(cut(2).kind).toBe('bisect');
    expect(judge({ status: 200, body: '<html>Welcome</html>' })).toEqual({
      kind: 'retry',
      reason: answered('vendor.unreadable', 200),
    });
  });

  it('never says of more events than there were, whatever comes', () => {
    const row = fc.oneof(fc.constantFrom({ status: 'failed' }, { status: 'processed' }), fc.jsonValue());
    fc.assert(
      fc.property(
        fc.constantFrom(200, 422),
        fc.oneof(fc.array(row), fc.jsonValue()),
        fc.integer({ min: 1, max: 5 }),
        (status, events, count) => {
          const verdict = judge({ status, body: JSON.stringify({ events, details: { events } }) }, count);
          if (verdict.kind === 'bisect') expect(count).toBeGreaterThan(1);
          if (verdict.kind !== 'partly') return;
          expect(verdict.rejected.size).toBeGreaterThan(0);
          for (const index of verdict.rejected.keys()) expect(index).toBeLessThan(count);
        },
      ),
    );
  });
});
