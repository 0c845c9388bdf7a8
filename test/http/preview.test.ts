import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../support/ask.ts';
import { cookiebot } from '../support/hits.ts';
import { until } from '../support/metrics.ts';
import { watch, type Watched } from '../support/preview.ts';
import { startRecorder, type FakeReply, type Recorded, type Recorder } from '../support/recorder.ts';
import { serve, type Served } from '../support/serve.ts';

// The end of each event: the preview shows it for each route, and shows which routes wait for a person.

const ORIGIN = 'https://shop.example.no';
const META = 'graph.facebook.com';
const CONFIG = `
sites:
  - hosts: [shop.example.no]
    origins: [${ORIGIN}]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001 }
      meta: { pixel_id: "1234567890", access_token: "\${META_TOKEN}" }
`;
const seconds = Math.floor(Date.now() / 1000);
const consent = (given: boolean, ago: number) =>
  cookiebot({ preferences: given, statistics: given, marketing: given }, Date.now() - ago);

/** Answers of Meta (`destinations/meta.md` 9). */
const fault = (status: number, code: number): FakeReply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ error: { message: 'about kari@example.no', type: 'OAuthException', code } }),
});
/** All of a request is taken; events that wait go together, so it says how many there were. */
const TAKEN = ({ body }: Recorded): FakeReply => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    events_received: (JSON.parse(body) as { data: unknown[] }).data.length,
    messages: [],
  }),
});

let visitors = 0;
/** A page view of a visitor of its own. */
function hit(gateway: Served, visitor = ++visitors, cookie = consent(true, 60_000), name = 'page_view') {
  const cid = `${100_000 + visitor}.${seconds - 3600}`;
  const query = `v=2&tid=G-TEST000001&cid=${cid}&_p=${visitor}&en=${name}&dl=${encodeURIComponent(`${ORIGIN}/${visitor}`)}`;
  const headers = {
    host: 'shop.example.no',
    origin: ORIGIN,
    connection: 'close',
    cookie: `${cookie}; _ga=GA1.1.${cid}; _fbp=fb.1.${seconds - 3600}000.${100_000 + visitor}`,
    'user-agent':
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  };
  return ask(gateway.url, { path: `/g/collect?${query}`, headers });
}

/** The ends of deliveries to Meta so far, as `state: words`. */
function endsOf(watched: Watched, route = 'shop.example.no/meta'): string[] {
  const marks = new Set(
    watched
      .traces()
      .flatMap(({ site, routes }) => routes.filter(({ route: name }) => `${site}/${name}` === route))
      .map(({ mark }) => mark),
  );
  return watched
    .ends()
    .filter(({ mark }) => marks.has(mark))
    .map(({ state, words }) => `${state}: ${words}`);
}

describe('the preview of one process', () => {
  let recorder: Recorder;
  let gateway: Served;
  let watched: Watched;
  let answer: (request: Recorded) => FakeReply = TAKEN;
  const start = async () => {
    recorder = await startRecorder();
    recorder.script(META, (request) => answer(request));
    gateway = await serve({ config: CONFIG, sink: recorder.url });
    watched = await watch(`${gateway.adminUrl}/preview/stream`);
  };
  beforeAll(start);
  afterAll(async () => {
    watched.close();
    await gateway.stop();
    await recorder.close();
  });
  const ends = (state: string) => endsOf(watched).filter((end) => end.startsWith(`${state}: `));

  it('shows what was delivered', async () => {
    expect((await hit(gateway)).status).toBe(204);
    await until('delivered to both', () => watched.ends().filter(({ state }) => state === 'delivered').length === 2);
    expect(ends('delivered')).toHaveLength(1);
    expect(endsOf(watched, 'shop.example.no/ga4')).toEqual(ends('delivered'));
  });

  it("shows what is tried again, with the vendor's status and code, and that it was delivered then", async () => {
    let asked = 0;
    answer = (request) => (++asked === 1 ? fault(500, 2) : TAKEN(request));
    await hit(gateway);
    await until('retried', () => ends('retried').length === 1);
    expect(ends('retried')[0]).toMatch(/\[vendor\.unavailable\{status=500; code=2\}\]$/);
    await until('delivered', () => ends('delivered').length === 2, 30_000);
  });

  it('shows what the vendor refused for good', async () => {
    answer = () => fault(400, 100);
    await hit(gateway);
    await until('dead', () => ends('dead').length === 1);
    expect(ends('dead')[0]).toMatch(/\[vendor\.refused\{status=400; code=100\}\]$/);
    answer = TAKEN;
  });

  it('shows what was withdrawn while it waited', async () => {
    answer = () => fault(500, 2);
    const visitor = ++visitors;
    await hit(gateway, visitor);
    await until('retried', () => ends('retried').length >= 2, 30_000);
    await hit(gateway, visitor, consent(false, 1_000));
    await until('withdrawn', () => ends('withdrawn').length === 1, 30_000);
    answer = TAKEN;
  });

  it('shows that a route is stopped and why, beside each event, above all, and to who comes later', async () => {
    await until(
      'the route works',
      async () => {
        await hit(gateway);
        return ends('delivered').length > 2;
      },
      60_000,
    );
    expect(watched.stopped()).toEqual({});
    answer = () => fault(401, 190);
    await hit(gateway);
    await until('stopped', () => ends('stopped').length > 0);
    expect(ends('stopped')[0]).toMatch(/\[vendor\.credentials\{status=401; code=190\}\]$/);
    await until('said above', () => watched.stopped()?.['shop.example.no/meta'] !== undefined);
    expect(Object.keys(watched.stopped() ?? {})).toEqual(['shop.example.no/meta']);
    expect(watched.stopped()?.['shop.example.no/meta']).toBe(ends('stopped')[0]?.slice('stopped: '.length));
    const later = await watch(`${gateway.adminUrl}/preview/stream`);
    await until('told at once', () => later.stopped() !== undefined);
    expect(later.stopped()).toEqual(watched.stopped());
    later.close();
  });

  it('nobody outside learns which: a number at /readyz, names on the admin listener', async () => {
    const outside = await ask(gateway.url, { method: 'GET', path: '/readyz' });
    expect(outside.status).toBe(200);
    expect(JSON.parse(outside.body)).toEqual({ ready: true, stopped_routes: 1 });
    const inside = await ask(gateway.adminUrl, { method: 'GET', path: '/stopped' });
    expect(inside.status).toBe(200);
    expect(JSON.parse(inside.body)).toEqual({ stopped: watched.stopped() });
  });

  it("repeats nothing of the vendor's words", () => {
    expect(watched.text()).not.toContain('kari');
  });
});

describe('the preview of several processes', () => {
  let recorder: Recorder;
  let gateway: Served;
  let answer: (request: Recorded) => FakeReply = TAKEN;
  beforeAll(async () => {
    recorder = await startRecorder();
    recorder.script(META, (request) => answer(request));
    gateway = await serve({ config: CONFIG, sink: recorder.url, args: ['--processes', '2'] });
  });
  afterAll(async () => {
    await gateway.stop();
    await recorder.close();
  });
  const many = (n: number, name?: string) =>
    Promise.all(Array.from({ length: n }, () => hit(gateway, undefined, undefined, name)));

  it('shows what each of them takes and delivers', async () => {
    const watched = await watch(`${gateway.adminUrl}/preview/stream`);
    const shown = (name: string) => watched.traces().filter(({ event }) => event === name);
    // It takes a moment until all processes show a new preview. What came before that is not shown by all of them.
    let round = 0;
    await until('both have heard', async () => {
      const name = `round_${++round}`;
      await many(8, name);
      await new Promise((resolve) => setTimeout(resolve, 250));
      return shown(name).length === 8;
    });
    await many(20);
    await until('all are shown', () => shown('page_view').length === 20);
    await until('all are delivered', () => {
      const marks = new Set(watched.ends().map(({ mark }) => mark));
      return shown('page_view')
        .flatMap(({ routes }) => routes)
        .every(({ mark }) => marks.has(mark));
    });
    watched.close();
  });

  it('names a route that is stopped in any of them once, until it is in none', async () => {
    answer = () => fault(401, 190);
    const stopped = async () =>
      (JSON.parse((await ask(gateway.adminUrl, { method: 'GET', path: '/stopped' })).body) as { stopped: object })
        .stopped;
    expect(await stopped()).toEqual({});
    // One event: only one of the two processes has it.
    await hit(gateway);
    await until('one has said so', async () => Object.keys(await stopped()).length === 1);
    expect(Object.keys(await stopped())).toEqual(['shop.example.no/meta']);
    const watched = await watch(`${gateway.adminUrl}/preview/stream`);
    await until('told at once', () => watched.stopped() !== undefined);
    expect(watched.stopped()).toEqual(await stopped());
    await many(20);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(Object.keys(await stopped())).toEqual(['shop.example.no/meta']);
    answer = TAKEN;
    gateway.child.kill('SIGHUP');
    await until('mended', async () => Object.keys(await stopped()).length === 0);
    await until('told', () => Object.keys(watched.stopped() ?? { x: 1 }).length === 0);
    watched.close();
  });
});
