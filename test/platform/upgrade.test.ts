import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readBody } from '../../src/delivery/event-body.ts';
import { startDelivery, type Delivery } from '../../src/runtimes/node/delivery/delivery.ts';
import { deadInfos, EarlierVersion, purgeDead, queueInfos, retryDead } from '../../src/outbox/sql/outbox-inspect.ts';
import { salvage } from '../../src/outbox/sql/outbox-salvage.ts';
import { outboxRecord } from '../support/delivery.ts';
import { until } from '../support/metrics.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { temporary } from '../support/serve.ts';

// An outbox that an earlier version has left, opened by this one.

/** Version 1, as it made its file. */
const COLUMNS = `
  id INTEGER PRIMARY KEY, route TEXT NOT NULL, event TEXT NOT NULL, accepted INTEGER NOT NULL, expires INTEGER NOT NULL,
  policy TEXT NOT NULL, signals INTEGER NOT NULL, fields TEXT NOT NULL, subjects TEXT NOT NULL, envelope TEXT NOT NULL,
  element TEXT NOT NULL, sum INTEGER NOT NULL`;
const VERSION_1 = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE routes (n INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, indexed INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE rows (${COLUMNS});
  CREATE TABLE dead (${COLUMNS}, died INTEGER NOT NULL, reason TEXT NOT NULL, retry INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE row_subjects (subject INTEGER, row INTEGER, PRIMARY KEY (subject, row)) WITHOUT ROWID;
  CREATE TABLE dedupe (key INTEGER PRIMARY KEY, at INTEGER NOT NULL);
  CREATE INDEX dedupe_at ON dedupe (at);
  PRAGMA user_version = 1`;
const SPAN = 2 ** 40;

let dir: string;
let sink: Recorder;
let delivery: Delivery | undefined;
beforeEach(async () => {
  dir = temporary();
  sink = await startRecorder();
});
afterEach(async () => {
  await delivery?.stop();
  delivery = undefined;
  await sink.close();
  rmSync(dir, { recursive: true });
});

function rowOf(n: number): (string | number)[] {
  const now = Date.now();
  const texts = [SPAN + n, 'shop/a', `E-${n}`, now, now + 86_400_000, 'policy-1', 127, '7', '7,8', 'e'];
  const element = `element ${n}`;
  return [...texts, element, crc32(element, crc32(`${texts.join('\n')}\n`))];
}

/** Two rows and a dead letter, in the log still, as a killed process leaves them. */
function leave(file: string): void {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0');
  db.exec(VERSION_1);
  db.prepare("INSERT INTO routes VALUES (1, 'shop/a', 0)").run();
  const places = '?, '.repeat(11);
  for (const n of [1, 2]) db.prepare(`INSERT INTO rows VALUES (${places}?)`).run(...rowOf(n));
  db.prepare(`INSERT INTO dead VALUES (${places}?, ?, 'refused', 0)`).run(...rowOf(3), Date.now());
  db.prepare('INSERT INTO dedupe VALUES (1, 2)').run();
  for (const suffix of ['', '-wal']) cpSync(file + suffix, file.replace('.tmp', '') + suffix);
  db.close();
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
}

const open = () =>
  startDelivery({
    source: { module: new URL('./fixtures-gateway.ts', import.meta.url).href, input: { routes: [{ name: 'a' }] } },
    dir,
    sink: sink.url,
    version: '0',
    log: () => {},
  });
const arrived = () => sink.requests.map(({ body }) => body).toSorted();

it('is upgraded where it lies: what waits is delivered, and a dead letter can be tried again', async () => {
  leave(join(dir, 'outbox.tmp.sqlite'));
  // Who only looks changes nothing: the earlier version may still be running.
  expect(queueInfos(dir, Date.now()).map(({ waiting, dead }) => [waiting, dead])).toEqual([[2, 1]]);
  for (const look of [deadInfos, retryDead, purgeDead]) expect(() => look(dir)).toThrow(EarlierVersion);
  expect(queueInfos(dir, Date.now()).map(({ waiting, dead }) => [waiting, dead])).toEqual([[2, 1]]);
  delivery = await open();
  await sink.waitFor(2);
  expect(arrived()).toEqual(['element 1', 'element 2']);
  expect(deadInfos(dir)).toHaveLength(1);
  retryDead(dir);
  await sink.waitFor(3);
  expect(arrived()[2]).toBe('element 3');
  const again = outboxRecord('a', 'new', { mark: 'order 1', lasting: true });
  expect(await delivery.append([again], [])).toEqual(['stored']);
  expect(await delivery.append([again], [])).toEqual(['duplicate']);
  await until('all is delivered', () => delivery?.pending === 0);
  await delivery.stop();
  delivery = undefined;
  const db = new DatabaseSync(join(dir, 'outbox.sqlite'));
  expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: 3 });
  db.close();
});

it('gives up its rows when it is damaged, whatever version it is of', () => {
  leave(join(dir, 'outbox.tmp.sqlite'));
  const { records, dead } = salvage(join(dir, 'outbox.sqlite'), Date.now());
  expect([...records.values()].map(({ routes, body }) => [routes[0]?.mark, readBody(body)])).toEqual([
    [0, { envelope: 'e', element: 'element 1' }],
    [0, { envelope: 'e', element: 'element 2' }],
  ]);
  expect([...dead.values()].map(({ record }) => readBody(record.body))).toEqual([
    { envelope: 'e', element: 'element 3' },
  ]);
});
