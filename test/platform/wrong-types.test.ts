import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Runner } from '../../src/runtimes/node/delivery/delivery-runner.ts';
import type { RunnerOptions } from '../../src/runtimes/node/delivery/runner-options.ts';
import { recordFrom } from '../../src/outbox/sql/stored-record.ts';
import { noSecrets, outboxRecord, testGateway } from '../support/delivery.ts';
import { until } from '../support/metrics.ts';
import { temporary } from '../support/serve.ts';

// One flipped bit in the head of a record turns a text into a number or bytes, or gives a number larger than any that
// was written. SQLite's own check of the file accepts this.

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

/** Stores two records, changes something behind the outbox's back, and delivers what is left. */
async function deliveredAfter(change: (file: string) => void): Promise<{ sent: string[]; damaged: number }> {
  const first = new Runner(gateway, optionsOf({}));
  for (const element of ['spoilt', 'whole'])
    await new Promise((resolve) =>
      first.append({ records: [outboxRecord('a', element, { subjects: ['visitor'] })], withdrawals: [] }, resolve),
    );
  await first.stop(0);
  change(join(dir, 'outbox.sqlite'));
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

describe('a record with a value of another type costs itself only, and is counted', () => {
  for (const change of [
    // A column of texts makes texts of numbers, so bytes stand for all that is none.
    'head = CAST(head AS BLOB)',
    'body = CAST(body AS BLOB)',
    "body = x'00'",
    'sum = 9223372036854775807',
    'sum = CAST(sum AS BLOB)',
  ]) {
    it(change, async () => {
      const update = (file: string): void => {
        const db = new DatabaseSync(file);
        db.exec(`UPDATE records SET ${change} WHERE body LIKE '%spoilt%'`);
        db.close();
      };
      expect(await deliveredAfter(update)).toEqual({ sent: ['whole'], damaged: 1 });
    });
  }
});

it('a site with another number in the index than in its table does not hide its records', async () => {
  const spoil = (file: string): void => {
    const db = new DatabaseSync(file);
    const found = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_sites_1'").get();
    const { rootpage } = found as { rootpage: number };
    db.close();
    const bytes = readFileSync(file);
    const page = (rootpage - 1) * 4_096;
    // The only record: size, size of its head, type of the key, and type 9, which is the number 1; 8 is the number 0.
    const type = page + bytes.readUInt16BE(page + 5) + 3;
    expect(bytes[type]).toBe(9);
    bytes[type] = 8;
    writeFileSync(file, bytes);
  };
  expect(await deliveredAfter(spoil)).toEqual({ sent: ['spoilt', 'whole'], damaged: 1 });
});

it('a record whose text has become a number is none', () => {
  expect(recordFrom([1, '[]', 7 as unknown as string, 0])).toBeUndefined();
});
