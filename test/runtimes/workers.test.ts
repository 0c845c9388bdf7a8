import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { placeholderCredentials } from '../../src/runtimes/node/vendors/placeholder-account.ts';
import { ask, type Answer, type Ask } from '../support/ask.ts';
import { until } from '../support/metrics.ts';
import { outbox } from '../support/outbox-command.ts';
import { startRecorder } from '../support/recorder.ts';
import { temporary } from '../support/serve.ts';
import { startSink, type Sink } from '../torture/support/sink.ts';
import { configOf, cookiesOf, eventId, purchases } from '../torture/support/world.ts';
import { miniflareFolder, missing } from './engines.ts';
import { sendRaw } from './raw.ts';
import type { Running } from './runtime.ts';
import { walk } from './walk.ts';
import { built, startBuilt, workerdStart } from './workerd.ts';

// The built worker on workerd, the engine of Cloudflare Workers. Nothing here has run at Cloudflare itself.

describe.skipIf(missing(miniflareFolder, 'workerd'))('workers', () => {
  walk(workerdStart);
  describe('only there', () => {
    onlyThere();
  });
});

const CRM = `sites:
  - hosts: [127.0.0.1]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      crm:
        type: http
        host: crm.example.com
        path: /leads
        needs: [ad_storage, ad_user_data]
        recipient: { name: Example AS, country: NO, purpose: sales }
        events: [generate_lead]
        user_data: { email: plain }
`;

function onlyThere(): void {
  let sink: Sink;
  let gateway: Running;
  let token = '';
  beforeAll(async () => {
    sink = await startSink();
    const dir = await built(configOf(['ga4', 'meta', 'linkedin']));
    token = /^PORTVAKT_ADMIN_TOKEN=(.*)$/m.exec(readFileSync(join(dir, '.secrets.env'), 'utf8'))?.[1] ?? '';
    const env = { GOOGLE_ADS_CREDENTIALS: placeholderCredentials() };
    gateway = await startBuilt({ dir, sink: sink.url, data: temporary(), env });
  });
  afterAll(async () => {
    await gateway.stop();
    await sink.close();
  });

  const admin = (path: string, method = 'GET', shown = token): Promise<Answer> =>
    ask(gateway.url, { method, path: `/g/admin/${path}`, headers: { authorization: `Bearer ${shown}` } });

  const HITS = 'portvakt_hits_total{site="127.0.0.1"}';
  /** The number of a series in the metrics; 0 where there is none. */
  const counted = async (series: string): Promise<number> => {
    const line = (await admin('metrics')).body.split('\n').find((one) => one.startsWith(`${series} `));
    return Number(line?.split(' ').at(-1) ?? 0);
  };

  it('tells an operator with the token, and nobody else', async () => {
    for (const path of ['metrics', 'outbox', 'outbox/dead']) {
      expect((await admin(path, 'GET', 'somebody else with a token of 32 c')).status).toBe(401);
      expect((await ask(gateway.url, { method: 'GET', path: `/g/admin/${path}` })).status).toBe(401);
      expect((await admin(path)).status).toBe(200);
    }
    expect((await admin('nothing')).status).toBe(404);
    expect((await admin('outbox/purge', 'POST')).status).toBe(400);
  });

  it('shows dead letters without what is in them, sends them again when asked, and deletes them', async () => {
    sink.answer('meta', () => ({ status: 400, body: '{"error":{"code":100,"message":"no"}}' }));
    for (const n of [1, 2]) expect((await ask(gateway.url, purchases([n]))).status).toBe(204);
    const dead = async () => JSON.parse((await admin('outbox/dead')).body) as { id: number; route: string }[];
    await until('both are buried', async () => (await dead()).length === 2);
    const letters = (await admin('outbox/dead')).body;
    expect(letters).toContain('127.0.0.1/meta');
    expect(letters).not.toMatch(/example\.no|n1z|n2z/);
    sink.answer('meta', undefined);
    const [first, second] = await dead();
    expect((await admin(`outbox/retry?site=127.0.0.1&id=${first?.id}`, 'POST')).body).toBe('{"count":1}');
    await until('one is sent', () => sink.accepted('meta').size === 1);
    expect((await admin(`outbox/purge?site=127.0.0.1&id=${second?.id}`, 'POST')).body).toBe('{"count":1}');
    expect(await dead()).toEqual([]);
    const { body } = await admin('metrics');
    expect(body).toContain('portvakt_reopened_total{route="127.0.0.1/meta"} 1');
    expect(body).toMatch(/portvakt_outcomes_total\{route="127.0.0.1\/ga4",outcome="delivered",reason="[^"]+"\} 2/);
  });

  it('`portvakt outbox --url` does the same as for a data directory', async () => {
    vi.stubEnv('PORTVAKT_ADMIN_TOKEN', token);
    const there = (...args: string[]) => outbox(...args, '--url', gateway.url);
    sink.answer('meta', () => ({ status: 400, body: '{"error":{"code":100,"message":"no"}}' }));
    for (const n of [11, 12, 13]) expect((await ask(gateway.url, purchases([n]))).status).toBe(204);
    const dead = async () => JSON.parse((await there('show', '--json')).out) as { id: number; route: string }[];
    await until('all are buried', async () => (await dead()).length === 3);
    const row = (await there('list')).out.split('\n').find((line) => line.startsWith('127.0.0.1/meta')) ?? '';
    expect(row.split(/ {2,}/)).toEqual(['127.0.0.1/meta', '0', '-', '-', '-', '3', '127.0.0.1']);
    const [first] = await dead();
    const { out } = await there('show', String(first?.id));
    expect(out).toMatch(new RegExp(`^id +${first?.id}\\nroute +127.0.0.1/meta$`, 'm'));
    expect((await there('retry')).err).toContain('name the dead letters');
    const before = sink.accepted('meta').size;
    sink.answer('meta', undefined);
    expect((await there('retry', String(first?.id))).out).toBe('1 dead letter: goes back to the queue');
    await until('one is sent', () => sink.accepted('meta').size === before + 1);
    expect(await there('purge', '9999')).toMatchObject({ code: 1 });
    expect((await there('purge', '--route', '127.0.0.1/linkedin')).out).toContain('nothing to do');
    expect((await there('purge', '--all')).out).toBe('2 dead letters: deleted for good');
    expect(await there('show')).toMatchObject({ code: 0, out: 'no dead letters' });
    vi.stubEnv('PORTVAKT_ADMIN_TOKEN', 'somebody else with a token of 32 c');
    expect(await there('list')).toMatchObject({ code: 2, err: expect.stringContaining('another token') as string });
    vi.unstubAllEnvs();
  });

  it('counts what came and what was decided, whether anything was stored or not', async () => {
    const REFUSED = 'portvakt_refused_total{site="127.0.0.1",reason="refused.origin"}';
    const BLOCKED = 'portvakt_outcomes_total{route="127.0.0.1/meta",outcome="blocked",reason="blocked.consent"}';
    // What the tests before have counted arrives by itself.
    await until('it is told', async () => (await counted(HITS)) >= 5);
    const [hits, refused, blocked] = [await counted(HITS), await counted(REFUSED), await counted(BLOCKED)];
    const headers = { ...purchases([71]).headers, cookie: cookiesOf(71, { statistics: false, marketing: false }) };
    expect((await ask(gateway.url, { ...purchases([71]), headers })).status).toBe(204);
    const elsewhere = { ...headers, origin: 'https://elsewhere.example.com' };
    expect((await ask(gateway.url, { ...purchases([72]), headers: elsewhere })).status).toBe(403);
    await until('both are told', async () => (await counted(HITS)) > hits && (await counted(REFUSED)) > refused);
    expect([await counted(HITS), await counted(REFUSED), await counted(BLOCKED)]).toEqual([
      hits + 1,
      refused + 1,
      blocked + 1,
    ]);
    expect(await counted('portvakt_answers_total{status="403"}')).toBe(1);
    expect(await counted('portvakt_rows_written_total{site="127.0.0.1"}')).toBeGreaterThan(0);
  });

  it('writes few rows a hit, as the engine counts them for the bill', async () => {
    const rows = (): Promise<number> => counted('portvakt_rows_written_total{site="127.0.0.1"}');
    const numbers = Array.from({ length: 20 }, (_, i) => 80 + i);
    const before = await rows();
    const answers = await Promise.all(numbers.map((n) => ask(gateway.url, purchases([n]))));
    expect(answers.map(({ status }) => status)).toEqual(numbers.map(() => 204));
    for (const route of ['ga4', 'meta', 'linkedin'] as const)
      await until(`${route} has them`, () => numbers.every((n) => sink.accepted(route).has(eventId(n))));
    // A vendor has an event before its end is written, and what a test before left may still be ending.
    const waiting = (route: string): Promise<number> => counted(`portvakt_outbox_waiting{route="127.0.0.1/${route}"}`);
    for (const route of ['ga4', 'meta', 'linkedin'])
      await until(`the ends for ${route} are written`, async () => (await waiting(route)) === 0);
    // Four where its ends are written together (`rows.test.ts`); on a busy machine some of them are not.
    expect(await rows()).toBeLessThanOrEqual(before + 5 * numbers.length);
    // A visitor who refused and of whom nothing was kept before costs none. The counts cost none, too.
    const [refused] = cookiesOf(79, { statistics: false, marketing: false }).split('; ');
    const { headers, path } = purchases([79]);
    const view = {
      path,
      headers: { ...headers, cookie: refused ?? '' },
      body: JSON.stringify({ events: [{ name: 'page_view' }] }),
    };
    const [then, hits] = [await rows(), await counted(HITS)];
    for (let i = 0; i < 5; i++) expect((await ask(gateway.url, view)).status).toBe(204);
    await until('they are told', async () => (await counted(HITS)) >= hits + 5);
    expect(await rows()).toBe(then);
  });

  it('a vendor that hangs does not hold up another', async () => {
    const hanging: (() => void)[] = [];
    sink.answer('linkedin', () => new Promise((resolve) => hanging.push(() => resolve({ status: 201 }))));
    // More than the six connections that one invocation has.
    for (let n = 100; n < 110; n++) expect((await ask(gateway.url, purchases([n]))).status).toBe(204);
    await until(
      'the others are sent',
      () => sink.accepted('ga4').has(eventId(109)) && sink.accepted('meta').has(eventId(109)),
    );
    expect(sink.accepted('linkedin').has(eventId(109))).toBe(false);
    sink.answer('linkedin', undefined);
    for (const go of hanging) go();
    await until('so are they in the end', () => sink.accepted('linkedin').has(eventId(109)), 40_000);
  });

  it('user data in the clear waits sealed, and is opened by the key of the secrets alone', async () => {
    const received: string[] = [];
    let down = true;
    const answer = ({ body }: { readonly body: string }) => {
      if (!down) received.push(body);
      return { status: down ? 503 : 204 };
    };
    const recorder = await startRecorder([{ hosts: ['crm.example.com'], answer }]);
    const dir = await built(CRM);
    const data = temporary();
    const lead = (n: number): Ask => {
      const user = { email: `lead${n}@example.no` };
      return { ...purchases([n]), body: JSON.stringify({ events: [{ name: 'generate_lead', id: eventId(n), user }] }) };
    };
    const begin = (): Promise<Running> => startBuilt({ dir, sink: recorder.url, data });
    let crm = await begin();
    expect((await ask(crm.url, lead(1))).status).toBe(204);
    await until('it was tried', () => recorder.requests.length > 0);
    await crm.stop();
    const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    const stored = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1')).join();
    expect(stored).toContain('crm');
    expect(stored).not.toContain('lead1');

    down = false;
    crm = await begin();
    expect((await ask(crm.url, lead(2))).status).toBe(204);
    await until('both are received', () => received.length === 2, 40_000);
    expect(received.join()).toMatch(/lead1@example\.no.*lead2@example\.no|lead2@example\.no.*lead1@example\.no/);
    await crm.stop();
    await recorder.close();
  }, 60_000);

  it('does not start without its key, and says how to give it', async () => {
    const dir = await built(CRM);
    const secrets = join(dir, '.secrets.env');
    writeFileSync(secrets, readFileSync(secrets, 'utf8').replace(/^PORTVAKT_ROOT_KEY=.*\n/m, ''));
    await expect(startBuilt({ dir, sink: sink.url, data: temporary() })).rejects.toThrow(
      /PORTVAKT_ROOT_KEY is missing.*--secrets-file \.secrets\.env/,
    );
  });

  it('refuses what no browser sends', async () => {
    for (const char of ['"', '<'])
      expect((await sendRaw(gateway.url, [`GET /g/collect?v=2&x=${char} HTTP/1.1`, 'Host: 127.0.0.1']))?.status).toBe(
        400,
      );
  });

  it('logs lines of JSON, and nothing of an event', () => {
    const lines = gateway
      .log()
      .split('\n')
      .filter((line) => line !== '');
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
    expect(gateway.log()).not.toMatch(/visitor\d|n1\d\dz|_ga|GA1\./);
  });
}
