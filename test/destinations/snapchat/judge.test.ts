import { describe, expect, it } from 'vitest';
import snapchat from '../../../destinations/snapchat/index.ts';
import type { Verdict } from '../../../src/core/destination.ts';
import { answered } from '../../../src/core/reason.ts';
import type { FakeReply } from '../../support/recorder.ts';
import { asRecorded, asReply } from '../../vendors/as-recorded.ts';
import { createSnapchat, replies } from '../../vendors/snapchat.ts';

const SETTINGS = { pixel_id: '1ec32188-754e-4be2-8e55-c949a984a39f', access_token: '${TOKEN}' };
const bound = snapchat.bind(snapchat.settings.parse(SETTINGS));
const judge = (reply: FakeReply, count = 3): Verdict => bound.judge(asReply(reply), count, '');

/** The table of `destinations/snapchat.md` 9, row by row: what a batch of three and a single event come to. */
const ROWS: readonly [keyof typeof replies, Verdict['kind'], Verdict['kind']][] = [
  ['invalid', 'bisect', 'rejected'],
  ['tooLarge', 'bisect', 'rejected'],
  ['unauthorized', 'stop', 'stop'],
  ['forbidden', 'stop', 'stop'],
  ['throttled', 'retry', 'retry'],
  ['server', 'retry', 'retry'],
  ['unavailable', 'retry', 'retry'],
  ['html', 'retry', 'retry'],
];

describe('answers (9)', () => {
  it('covers every answer of the stand-in', () => {
    expect(ROWS.map(([name]) => name).toSorted()).toEqual(Object.keys(replies).toSorted());
  });

  it.each(ROWS)('%s: a batch is %s, one event %s', (name, batch, single) => {
    expect(judge(replies[name]).kind).toBe(batch);
    expect(judge(replies[name], 1).kind).toBe(single);
    expect(JSON.stringify(judge(replies[name]))).not.toContain('kari');
  });

  it('a 2xx is a success, whatever its JSON says', () => {
    for (const body of ['', '{}', '{"status":"VALID"}', '{"status":"SUCCESS","reason":"x"}'])
      expect(judge({ status: 200, body })).toEqual({ kind: 'delivered' });
  });

  it('waits as Retry-After says, where there is one', () => {
    expect(judge(replies.unavailable)).toMatchObject({ afterMs: 5000 });
    expect(judge(replies.throttled)).toEqual({ kind: 'retry', reason: answered('vendor.busy', 429) });
  });

  it('goes by the status of a bare answer (R56)', () => {
    expect([408, 425, 429, 500, 502, 503, 504].map((status) => judge({ status }).kind)).toEqual(Array(7).fill('retry'));
    expect([400, 404, 405, 410, 413, 422].map((status) => judge({ status }, 1).kind)).toEqual(
      Array(6).fill('rejected'),
    );
  });

  it('gets the good ones through when one of many is poison', () => {
    const vendor = createSnapchat();
    vendor.poison.add('e-7');
    const dead: string[] = [];
    const element = (id: string) =>
      JSON.stringify({
        event_name: 'SAVE',
        event_time: 1795169760,
        event_id: id,
        action_source: 'WEB',
        event_source_url: 'https://shop.example/',
        user_data: { em: ['86e0b9e56c17cc4d12387e1949b85053fbe73bc3ce5a1188713a9d300cc6133d'] },
      });
    const send = (ids: readonly string[]): void => {
      const verdict = judge(vendor.answer(asRecorded(bound.request('', ids.map(element)))), ids.length);
      const half = Math.ceil(ids.length / 2);
      if (verdict.kind === 'rejected') dead.push(...ids);
      if (verdict.kind === 'bisect') for (const part of [ids.slice(0, half), ids.slice(half)]) send(part);
    };
    send(Array.from({ length: 20 }, (_, i) => `e-${i}`));
    expect(vendor.violations).toEqual([]);
    expect(dead).toEqual(['e-7']);
    expect(vendor.taken.size).toBe(19);
  });
});
