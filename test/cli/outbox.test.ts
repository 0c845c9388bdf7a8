import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ask } from '../support/ask.ts';
import { metricsOf, until } from '../support/metrics.ts';
import { outbox } from '../support/outbox-command.ts';
import { serve, type Served } from '../support/serve.ts';
import { fine, startSink, type Sink } from '../torture/support/sink.ts';
import { unbalanced } from '../torture/support/summary.ts';
import { configOf, cookiesOf, eventId, keyOf, purchases } from '../torture/support/world.ts';

const ROUTE = keyOf('meta');
const VISITOR = 77;
const REFUSED = [7_000_001, 7_000_002, 7_000_003];

let sink: Sink;
let gateway: Served;
const data = (...args: string[]) => [...args, '--data', gateway.data];
const dead = async () => JSON.parse((await outbox(...data('show', '--json'))).out) as { id: number; marked: boolean }[];

/** Meta refuses everything with the visitor's own words in the message, as vendors do. */
const refusing = () =>
  sink.answer('meta', () => ({
    status: 400,
    body: `{"error":{"message":"Invalid parameter visitor${VISITOR}@example.no","type":"OAuthException","code":100}}`,
  }));

beforeAll(async () => {
  sink = await startSink();
  gateway = await serve({ config: configOf(['meta', 'linkedin']), sink: sink.url });
  refusing();
  for (const n of REFUSED) expect((await ask(gateway.url, purchases([n], VISITOR))).status).toBe(204);
  await until('three dead letters', async () => (await dead()).length === 3);
});
afterAll(async () => {
  await gateway.stop();
  await sink.close();
});

describe('portvakt outbox', () => {
  it('lists sizes and ages by route', async () => {
    const { code, out } = await outbox(...data('list'));
    expect(code).toBe(0);
    const line = out.split('\n').find((text) => text.startsWith(ROUTE)) ?? '';
    expect(line.split(/ {2,}/).slice(0, 6)).toEqual([ROUTE, '0', '0', '0 kB', '-', '3']);
    expect(out).toMatch(/on disk: \d+\.\d (kB|MB)/);
    const { queues } = JSON.parse((await outbox(...data('list', '--json'))).out) as {
      queues: { route: string; dead: number; waiting: number }[];
    };
    expect(queues).toContainEqual(expect.objectContaining({ route: ROUTE, dead: 3, waiting: 0 }));
  });

  it('shows dead letters with the reason, and nothing of a person in any form', async () => {
    const { code, out } = await outbox(...data('show'));
    expect(code).toBe(0);
    const rows = out.split('\n').filter((line) => line.includes(ROUTE));
    expect(rows).toHaveLength(3);
    for (const row of rows) expect(row).toContain('100');
    const [one] = await dead();
    const detail = await outbox(...data('show', String(one?.id)));
    expect(detail.out).toMatch(/^consent {3}ad_storage, analytics_storage/m);
    const everything = [
      out,
      detail.out,
      (await outbox(...data('show', '--json'))).out,
      (await outbox(...data('list'))).out,
    ];
    const personal = [
      `visitor${VISITOR}`,
      '@',
      eventId(REFUSED[0] ?? 0),
      ...cookiesOf(VISITOR).match(/\d{9,}/g)!,
      '203.0.113',
    ];
    for (const text of everything) for (const word of personal) expect(text).not.toContain(word);
  });

  it('asks which dead letters are meant before it changes any', async () => {
    for (const action of ['retry', 'purge']) {
      for (const args of [[], ['--all', '--route', ROUTE]]) {
        const { code, err } = await outbox(...data(action, ...args));
        expect(code).toBe(2);
        expect(err).toContain('name the dead letters');
      }
    }
    expect(await dead()).toHaveLength(3);
  });

  it('retries one: it goes out again once its vendor takes it, and ends once', async () => {
    sink.answer('meta', (_, ids) => fine('meta', ids));
    const [first] = await dead();
    const { code, out } = await outbox(...data('retry', String(first?.id)));
    expect({ code, out }).toEqual({ code: 0, out: '1 dead letter: goes back to the queue' });
    await until('it is delivered', () => sink.accepted('meta').size === 1);
    await until('it has left the dead letters', async () => (await dead()).length === 2);
    await until(
      'it has left the queue',
      async () => (await metricsOf(gateway.adminUrl)).sum('portvakt_outbox_waiting') === 0,
    );
    expect(unbalanced(await metricsOf(gateway.adminUrl), ['meta', 'linkedin'])).toEqual([]);
  });

  it('purges by route, for good', async () => {
    expect((await outbox(...data('purge', '--route', '127.0.0.1/linkedin'))).out).toContain('nothing to do');
    const { code, out } = await outbox(...data('purge', '--route', ROUTE, '--json'));
    expect({ code, out }).toEqual({ code: 0, out: '{"count":2}' });
    expect(await dead()).toEqual([]);
    expect((await outbox(...data('show'))).out).toBe('no dead letters');
    expect(sink.accepted('meta').size).toBe(1);
  });

  it('has something to say to every mistake', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'outbox-'));
    expect((await outbox('list', '--data', empty)).code).toBe(0);
    expect((await outbox('list', '--data', join(empty, 'none'))).err).toContain('--data');
    expect((await outbox(...data('empty'))).err).toContain('not empty');
    expect((await outbox(...data('show', 'x'))).err).toContain('is a number');
    // A dead letter that is not there is a finding.
    expect((await outbox(...data('show', '12'))).code).toBe(1);
    expect((await outbox(...data('retry', '12'))).code).toBe(1);
    expect((await outbox(...data('purge', '12'))).code).toBe(1);
  });

  it('asks a gateway elsewhere with a token, by nothing that others can read', async () => {
    const refusals: readonly (readonly [token: string, url: string, says: string])[] = [
      ['', 'https://shop.example.no', 'PORTVAKT_ADMIN_TOKEN'],
      ['t'.repeat(64), 'http://shop.example.no', 'https'],
      ['t'.repeat(64), 'shop.example.no', 'https://shop.example.no'],
      ['t'.repeat(64), 'http://127.0.0.1:9', 'no answer from'],
      ['t'.repeat(64), gateway.url, 'is it a gateway built with --target workers?'],
    ];
    for (const [token, url, says] of refusals) {
      vi.stubEnv('PORTVAKT_ADMIN_TOKEN', token);
      const { code, err } = await outbox('list', '--url', url);
      expect([code, err]).toEqual([2, expect.stringContaining(says)]);
      expect(err).not.toContain('tttt');
    }
    vi.unstubAllEnvs();
    expect((await outbox(...data('list', '--url', gateway.url))).err).toContain('not both');
  });
});
