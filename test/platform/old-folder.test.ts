import { chmodSync, cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { deadInfos, queueInfos, retryDead } from '../../src/outbox/sql/outbox-inspect.ts';
import { ask } from '../support/ask.ts';
import { cookiebot } from '../support/hits.ts';
import { until } from '../support/metrics.ts';
import { startRecorder, type FakeReply, type Recorded, type Recorder } from '../support/recorder.ts';
import { serve, temporary, type Served } from '../support/serve.ts';

// A data directory that version f3ebdb0 has left (test/fixtures/outbox-f3ebdb0/README.md), taken over by this one.

const LEFT = fileURLToPath(new URL('../fixtures/outbox-f3ebdb0', import.meta.url));
const GA4 = 'www.google-analytics.com';
const META = 'graph.facebook.com';
const ENV = { META_TOKEN: 'x', UET_TOKEN: 'x' };
const CONFIG = readFileSync(join(LEFT, 'gateway.yaml'), 'utf8');

let data: string;
let recorder: Recorder;
let gateway: Served | undefined;
beforeEach(async () => {
  data = temporary();
  cpSync(LEFT, data, { recursive: true });
  // As the gateway made them; a repository does not keep who may read a file.
  for (const name of readdirSync(data)) chmodSync(join(data, name), 0o600);
  moveClock(join(data, 'outbox.sqlite'));
  recorder = await startRecorder();
});
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  await recorder.close();
  rmSync(data, { recursive: true });
});

/** The elements that wait, by route, as they were written. */
let written: ReadonlyMap<string, readonly string[]>;

/** The rows as if they had been accepted a minute ago: they were to live for three days. */
function moveClock(file: string): void {
  const db = new DatabaseSync(file);
  const accepted = Date.now() - 60_000;
  const found = new Map<string, string[]>();
  for (const table of ['rows', 'dead']) {
    const columns = 'id, route, event, accepted, expires, policy, signals, fields, subjects, envelope';
    const update = db.prepare(`UPDATE ${table} SET accepted = ?, expires = ?, sum = ?, element = ? WHERE id = ?`);
    for (const row of db.prepare(`SELECT ${columns}, element FROM ${table} ORDER BY id`).all()) {
      const { element: before, ...rest } = row as Record<string, string | number>;
      // The form that identifies nobody has the second of the hit for a client id.
      const element = String(before).replace(/(gcs=G100.*&cid=\d+\.)\d+/, `$1${Math.floor(accepted / 1000)}`);
      const head = Object.values({ ...rest, accepted, expires: accepted + 3_600_000 }).join('\n');
      update.run(accepted, accepted + 3_600_000, crc32(element, crc32(`${head}\n`)), element, Number(rest['id']));
      const key = `${table} ${String(rest['route'])}`;
      found.set(key, [...(found.get(key) ?? []), element]);
    }
  }
  db.close();
  written = found;
}

const start = async (): Promise<Served> => {
  gateway = await serve({ config: CONFIG, sink: recorder.url, data, env: ENV });
  return gateway;
};
/** All of a request is taken (`destinations/meta.md` 9). */
const taken = ({ body }: Recorded): FakeReply => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ events_received: (JSON.parse(body) as { data: unknown[] }).data.length }),
});
const toMeta = (): unknown[] => recorder.to(META).flatMap(({ body }) => (JSON.parse(body) as { data: unknown[] }).data);
const waiting = (): number => queueInfos(data, Date.now()).reduce((sum, info) => sum + info.waiting, 0);

it('sends what waits as it was written, and the form of the earlier version is gone', async () => {
  recorder.script(META, taken);
  await start();
  await until('all is delivered', () => waiting() === 0, 30_000);
  const queries = recorder.to(GA4).map(({ query }) => query);
  expect(queries.toSorted()).toEqual((written.get('rows shop.example.no/ga4') ?? []).map(queryOf).toSorted());
  expect(queries).toHaveLength(4);
  expect(toMeta()).toEqual((written.get('rows shop.example.no/meta') ?? []).map((text) => JSON.parse(text)));
  // A dead letter waits for a person, as before.
  expect(deadInfos(data).map(({ route, reason }) => [route, reason])).toEqual([['shop.example.no/meta', 'code 100']]);
  expect(retryDead(data)).toBe(1);
  await until('it is tried again', () => toMeta().length === 3, 30_000);
  expect(toMeta().at(-1)).toEqual(JSON.parse(written.get('dead shop.example.no/meta')?.[0] ?? ''));
  await until('it is delivered', () => deadInfos(data).length === 0 && waiting() === 0);
  await gateway?.stop();
  gateway = undefined;
  const db = new DatabaseSync(join(data, 'outbox.sqlite'));
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as { name: string }[];
  db.close();
  expect(tables.map(({ name }) => name)).not.toContain('rows');
  const bytes = readdirSync(data)
    .filter((name) => name.includes('.sqlite'))
    .map((name) => readFileSync(join(data, name)).toString('latin1'))
    .join('');
  for (const text of ['kjop', 'T-2', '100002.']) expect(bytes).not.toContain(text);
});

it('ends what its visitor withdraws, and nothing of others', async () => {
  const down = (): FakeReply => ({ status: 503 });
  const up = [recorder.script(GA4, down), recorder.script(META, down)];
  const { url } = await start();
  await until('they were tried', () => recorder.to(GA4).length > 0 && recorder.to(META).length > 0);
  const [, cid = ''] = /&cid=(100002\.\d+)/.exec((written.get('rows shop.example.no/ga4') ?? []).join('\n')) ?? [];
  expect(cid).not.toBe('');
  const answer = await ask(url, {
    path: `/g/collect?v=2&tid=G-TEST000001&cid=${cid}&en=page_view&_p=9`,
    headers: {
      host: 'shop.example.no',
      origin: 'https://shop.example.no',
      connection: 'close',
      cookie: `${cookiebot({}, Date.now() - 1_000)}; _ga=GA1.1.${cid}`,
    },
  });
  expect(answer.status).toBe(204);
  recorder.clear();
  for (const restore of up) restore();
  recorder.script(META, taken);
  // Those of one visitor went out of both queues; the page view of the refusal is there in the form that names nobody.
  await until('all is delivered', () => waiting() === 0, 60_000);
  const orders = (texts: readonly string[]): string[] =>
    texts.flatMap((text) => [...(/T-(?:dead|\d)/.exec(text) ?? [])]).toSorted();
  expect(orders(recorder.to(GA4).map(({ query, body }) => query + body))).toEqual(['T-3', 'T-dead']);
  expect(orders(toMeta().map((event) => JSON.stringify(event)))).toEqual(['T-3']);
  expect(recorder.requests.map(({ query, body }) => query + body).join('\n')).not.toContain('100002.');
});

/** The query of a stored web hit: its first line (`destinations/ga4.md` 3). */
function queryOf(element: string): string {
  return element.split('\n')[0] ?? '';
}
