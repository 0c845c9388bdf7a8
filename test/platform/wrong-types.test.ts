import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Runner, type RunnerOptions } from '../../src/platform/node/delivery-runner.ts';
import { checksum, type StoredRow } from '../../src/platform/node/stored-row.ts';
import { noSecrets, outboxRow, testGateway } from '../support/delivery.ts';
import { until } from '../support/metrics.ts';
import { temporary } from '../support/serve.ts';

// One bit in the head of a record makes a number or bytes of a text, or a number larger than any that was written.
// SQLite's own check of the file does not mind.

let dir: string;
beforeEach(() => {
  dir = temporary();
});
afterEach(() => rmSync(dir, { recursive: true }));

const gateway = testGateway([{ name: 'a' }]);
const optionsOf = (more: Partial<RunnerOptions>): RunnerOptions => ({
  dir,
  name: 'outbox',
  send: () => new Promise(() => {}),
  secrets: noSecrets,
  log: () => {},
  changed: () => {},
  ...more,
});

/** Stores two rows, changes the first one behind the outbox's back, and delivers what is left. */
async function deliveredAfter(change: string): Promise<{ sent: string[]; damaged: number }> {
  const first = new Runner(gateway, optionsOf({}));
  for (const element of ['spoilt', 'whole'])
    await new Promise((resolve) =>
      first.append({ rows: [outboxRow('a', element, { subjects: ['visitor'] })], withdrawals: [] }, resolve),
    );
  await first.stop(0);
  const db = new DatabaseSync(join(dir, 'outbox.sqlite'));
  db.exec(`UPDATE rows SET ${change} WHERE element = 'spoilt'`);
  db.close();
  const sent: string[] = [];
  const send: RunnerOptions['send'] = async ({ body }) => {
    sent.push(body ?? '');
    return { status: 204, at: Date.now(), headers: {}, body: '' };
  };
  const second = new Runner(gateway, optionsOf({ send }));
  await until('all is delivered or set aside', () => second.ready && second.pending === 0);
  const { damaged } = second.report();
  await second.stop(0);
  return { sent, damaged };
}

describe('a row with a value of another type costs itself only, and is counted', () => {
  for (const change of [
    'subjects = CAST(subjects AS BLOB)',
    // A column of texts makes texts of numbers, so bytes stand for all that is none.
    'element = CAST(element AS BLOB)',
    "route = x'00'",
    'accepted = 9223372036854775807',
    'signals = -9223372036854775807',
  ]) {
    it(change, async () => {
      expect(await deliveredAfter(change)).toEqual({ sent: ['whole'], damaged: 1 });
    });
  }
});

it('a checksum can be made of a row whose text has become a number', () => {
  const row = { ...outboxRow('a', 'some text'), event: 'e', subjects: '' };
  const spoilt = { ...row, element: 7 } as unknown as StoredRow;
  expect(checksum(1, spoilt)).not.toBe(checksum(1, row));
});
