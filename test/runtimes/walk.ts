import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSuite } from '../conformance/read.ts';
import { runCases } from '../conformance/runner.ts';
import { ask, type Ask } from '../support/ask.ts';
import { cookiebot } from '../support/hits.ts';
import { until } from '../support/metrics.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { temporary } from '../support/serve.ts';
import { VENDORS, violations } from '../support/vendors.ts';
import { newTally, pause, startLoad } from '../torture/support/load.ts';
import { startSink } from '../torture/support/sink.ts';
import { compare, wrongAnswers } from '../torture/support/summary.ts';
import { configOf, cookiesOf, eventId, HOST, purchases, withdrawal } from '../torture/support/world.ts';
import { sendRaw, type RawAnswer } from './raw.ts';
import type { Running, Start } from './runtime.ts';

/** Promises that hold on every runtime; the same tests run on each of them. */
export function walk(start: Start): void {
  describe.each(['block', 'limited'])('the conformance suite: %s', (config) => {
    it('conforms', async () => {
      const recorder = await startRecorder(VENDORS);
      const text = readFileSync(join(import.meta.dirname, `../conformance/configs/${config}.yaml`), 'utf8');
      const gateway = await start({ config: text, sink: recorder.url });
      violations();
      try {
        const suite = readSuite().filter((one) => one.config === config);
        const results = await runCases(suite, { url: gateway.url, recorder });
        expect(results.filter(({ problems }) => problems.length > 0)).toEqual([]);
        expect(results).toHaveLength(suite.length);
        expect(violations()).toEqual([]);
        expect(errorsIn(gateway.log())).toEqual([]);
      } finally {
        await gateway.stop();
        await recorder.close();
      }
    });
  });

  describe('what a runtime does with a request before it is read', () => {
    requests(start);
  });
  describe('the outbox', () => {
    outbox(start);
  });
}

const ORIGIN = 'https://shop.example.no';
const GA4 = HOST.ga4;
const SHOP = `sites:
  - hosts: [shop.example.no]
    origins: [${ORIGIN}]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${GA4_API_SECRET}", region: eu }
      meta:
        pixel_id: "123456789012345"
        access_token: "\${META_ACCESS_TOKEN}"
        events: [page_view, purchase, { event: generate_lead, when: { value: ">= 100" }, as: SubmitApplication }]
      linkedin:
        access_token: "\${LINKEDIN_ACCESS_TOKEN}"
        events: [{ event: generate_lead, conversion: "104012" }]
`;
const GRANTED = cookiebot({ preferences: true, statistics: true, marketing: true }, Date.now() - 3_600_000);
const REFUSED = cookiebot({}, Date.now() - 3_600_000);

function requests(start: Start): void {
  let recorder: Recorder;
  let gateway: Running;
  beforeAll(async () => {
    recorder = await startRecorder(VENDORS);
    gateway = await start({ config: SHOP, sink: recorder.url });
  });
  afterAll(async () => {
    await gateway.stop();
    await recorder.close();
  });

  let count = 0;
  /** A page view with a title of its own, by a request line and headers as they stand. */
  const view = async (
    how: { query?: string; host?: string; headers?: readonly string[]; body?: string } = {},
  ): Promise<{ answer: RawAnswer | undefined; sent: () => Promise<URLSearchParams> }> => {
    const title = `view-${++count}`;
    const id = `777${String(count).padStart(5, '0')}.${Math.floor(Date.now() / 1000) - 60}`;
    const query = `v=2&tid=G-TEST000001&en=page_view&dt=${title}&cid=${id}${how.query ?? ''}`;
    const answer = await sendRaw(
      gateway.url,
      [
        `POST /g/collect?${query} HTTP/1.1`,
        `Host: ${how.host ?? 'shop.example.no'}`,
        `Origin: ${ORIGIN}`,
        ...(how.headers ?? [`Cookie: ${GRANTED}`]),
      ],
      how.body ?? '',
    );
    const found = () => recorder.to(GA4).find((one) => one.query.includes(title) || one.body.includes(title));
    const sent = async (): Promise<URLSearchParams> => {
      await until(`${title} arrives`, () => found() !== undefined);
      return new URLSearchParams(`${found()?.query}&${found()?.body}`);
    };
    return { answer, sent };
  };

  it('two Cookie lines are read as one', async () => {
    // Which line the consent is in must not matter.
    for (const headers of [
      ['Cookie: theme=dark', `Cookie: ${GRANTED}`],
      [`Cookie: ${GRANTED}`, 'Cookie: theme=dark; list=a, b'],
    ]) {
      const { answer, sent } = await view({ headers });
      expect(answer?.status).toBe(204);
      expect((await sent()).get('gcs')).toBe('G111');
    }
  });

  it('a refusal in the second Cookie line is one', async () => {
    const { answer } = await view({ headers: ['Cookie: theme=dark', `Cookie: ${REFUSED}`] });
    expect(answer?.status).toBe(204);
    const { sent } = await view();
    await sent();
    expect(recorder.to(GA4).filter(({ query }) => query.includes(`view-${count - 1}`))).toEqual([]);
  });

  it('a comma in a cookie does not part it', async () => {
    const { sent } = await view({ headers: [`Cookie: list=a, b=c,d; ${GRANTED}`] });
    expect((await sent()).get('gcs')).toBe('G111');
  });

  it('bytes of a header that are no ASCII harm nothing beside them', async () => {
    // UTF-8 as shops write it into cookies, Latin-1, and bytes that are neither.
    for (const odd of ['kurv=bl\xc3\xa5b\xc3\xa6r', 'kurv=bl\xe5b\xe6r', 'kurv=\xff\xfe\x80']) {
      const { answer, sent } = await view({ headers: [`Cookie: ${odd}; ${GRANTED}`] });
      expect(answer?.status).toBe(204);
      expect((await sent()).get('gcs')).toBe('G111');
    }
  });

  it('characters of the query that a browser leaves as they are arrive as they mean', async () => {
    const { answer, sent } = await view({ query: "&ep.odd='a^b`c|d{e}f%22&ep.plus=a+b%2Bc" });
    expect(answer?.status).toBe(204);
    const got = await sent();
    expect([got.get('ep.odd'), got.get('ep.plus')]).toEqual(['\'a^b`c|d{e}f"', 'a b+c']);
  });

  it('a rule says what each vendor calls an event', async () => {
    const events = [{ name: 'generate_lead', params: { value: 200 }, user: { email: 'kari@example.no' } }];
    const headers = { host: 'shop.example.no', origin: ORIGIN, 'content-type': 'application/json', cookie: GRANTED };
    const answer = await ask(gateway.url, { path: '/v1/events', headers, body: JSON.stringify({ events }) });
    expect(answer.status).toBe(204);
    const told = (route: 'meta' | 'linkedin', word: string) => () =>
      recorder.to(HOST[route]).some(({ body }) => body.includes(word));
    await until('Meta has the name', told('meta', '"event_name":"SubmitApplication"'));
    await until('LinkedIn has the conversion', told('linkedin', 'urn:lla:llaPartnerConversion:104012'));
  });

  it('a host in capitals and with its port is the same host', async () => {
    const { answer, sent } = await view({ host: 'Shop.Example.NO:443' });
    expect(answer?.status).toBe(204);
    await sent();
  });

  it('a host that nobody has is refused', async () => {
    expect((await view({ host: 'shop.example.com' })).answer?.status).toBe(421);
  });

  it('a path that is written otherwise is another path', async () => {
    for (const path of ['/g/%63ollect', '/G/collect', '/g//collect'])
      expect((await sendRaw(gateway.url, [`GET ${path}?v=2 HTTP/1.1`, 'Host: shop.example.no']))?.status).toBe(404);
  });

  it('30 KiB of headers are read, and more than 32 KiB are refused with nothing sent', async () => {
    const filling = (bytes: number) => [
      `Cookie: ${GRANTED}`,
      ...Array.from({ length: bytes / 1024 }, (_, i) => `X-Filling-${i}: ${'x'.repeat(1000)}`),
    ];
    const { answer, sent } = await view({ headers: filling(29 * 1024) });
    expect(answer?.status).toBe(204);
    expect((await sent()).get('gcs')).toBe('G111');
    // A runtime may cut the connection of such a request in place of an answer.
    const refused = await view({ headers: filling(36 * 1024) });
    expect([431, undefined]).toContain(refused.answer?.status);
    await (await view()).sent();
    expect(recorder.to(GA4).filter(({ query }) => query.includes(`view-${count - 1}`))).toEqual([]);
  });

  it('a body of 64 KiB is read, and a longer one is 413 and can be read by the page', async () => {
    const events = (bytes: number): Ask => {
      const one = { name: 'page_view', params: { filling: '' } };
      const body = JSON.stringify({ events: [one] });
      return {
        path: '/v1/events',
        headers: { host: 'shop.example.no', origin: ORIGIN, 'content-type': 'application/json', cookie: GRANTED },
        body: `${body}${' '.repeat(bytes - body.length)}`,
      };
    };
    expect((await ask(gateway.url, events(64 * 1024))).status).toBe(204);
    const { status, headers } = await ask(gateway.url, events(64 * 1024 + 1));
    expect(status).toBe(413);
    expect(headers['access-control-allow-origin']).toBe(ORIGIN);
    // A client that is cut off in the middle of its own sending sees no answer: it must not come to that.
    const much = await ask(gateway.url, events(900 * 1024)).catch(() => undefined);
    expect([413, undefined]).toContain(much?.status);
  });

  it('a preflight is answered, other methods are not', async () => {
    const preflight = await ask(gateway.url, {
      method: 'OPTIONS',
      path: '/v1/events',
      headers: { host: 'shop.example.no', origin: ORIGIN, 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, preflight.headers['access-control-allow-credentials']]).toEqual([204, 'true']);
    expect(
      (await ask(gateway.url, { method: 'PUT', path: '/v1/events', headers: { host: 'shop.example.no' } })).status,
    ).toBe(405);
  });

  it('each cookie of the answer is a line of its own', async () => {
    // Each is expired at the host and above it, as scripts may have set them.
    const governed = `_fbp=fb.1.${Date.now() - 1000}.123; _ga=GA1.1.5.${Math.floor(Date.now() / 1000) - 60}`;
    const { answer } = await view({ headers: [`Cookie: ${REFUSED}; ${governed}`] });
    const lines = answer?.setCookies ?? [];
    expect([...new Set(lines.map((line) => line.slice(0, line.indexOf('='))))].sort()).toEqual(['_fbp', '_ga']);
    expect(lines.filter((line) => line.split(/max-age=/i).length !== 2)).toEqual([]);
  });
}

function outbox(start: Start): void {
  it('a visitor who withdraws while a vendor is down gets nothing sent there any more, others do', async () => {
    const sink = await startSink();
    const gateway = await start({ config: configOf(['ga4', 'meta']), sink: sink.url });
    try {
      sink.answer('meta', () => ({ status: 503 }));
      for (const visitor of [1, 2]) expect((await ask(gateway.url, purchases([visitor], visitor))).status).toBe(204);
      await until('both were tried', () => sink.requests('meta') > 0 && sink.accepted('ga4').size === 2);
      const answer = await ask(gateway.url, withdrawal(1));
      expect(answer.status).toBe(204);
      expect(answer.setCookies.some((line) => /^_fbp=;.*max-age=0/i.test(line))).toBe(true);
      sink.answer('meta', undefined);
      await until('the other visitor is sent', () => sink.accepted('meta').has(eventId(2)), 40_000);
      await pause(500);
      expect([...sink.accepted('meta').keys()]).toEqual([eventId(2)]);
    } finally {
      await gateway.stop();
      await sink.close();
    }
  });

  it('what comes twice is sent once, at once and after a restart', async () => {
    const sink = await startSink();
    const data = temporary();
    const config = configOf(['ga4', 'meta']);
    let gateway = await start({ config, sink: sink.url, data });
    const twice = async (n: number): Promise<void> => {
      const [one, two] = await Promise.all([0, 1].map(() => ask(gateway.url, purchases([n]))));
      expect([one?.status, two?.status]).toEqual([204, 204]);
      await until(`${n} is sent`, () => sink.accepted('ga4').has(eventId(n)) && sink.accepted('meta').has(eventId(n)));
    };
    try {
      await twice(11);
      // Ends are written a moment later. A runtime without an orderly end would send these events again.
      await pause(1_000);
      await gateway.stop();
      gateway = await start({ config, sink: sink.url, data });
      expect((await ask(gateway.url, purchases([11]))).status).toBe(204);
      await twice(12);
      await pause(300);
      for (const route of ['ga4', 'meta'] as const)
        expect([...sink.accepted(route)].map(([id, times]) => [id, times.length])).toEqual([
          [eventId(11), 1],
          [eventId(12), 1],
        ]);
    } finally {
      await gateway.stop();
      await sink.close();
    }
  });

  it(
    'nothing that was answered 204 is lost when it is killed under load',
    async () => {
      const ROUTES = ['ga4', 'meta'] as const;
      const sink = await startSink();
      const data = temporary();
      const config = configOf(ROUTES);
      const tally = newTally();
      for (let round = 0; round < KILLS; round++) {
        const gateway = await start({ config, sink: sink.url, data });
        const load = startLoad({ url: gateway.url, clients: 8, pauseMs: 2 }, tally);
        const had = tally.acknowledged.size;
        await until('events are taken', () => tally.acknowledged.size >= had + 20, 60_000);
        await pause(Math.random() * 300);
        await gateway.kill();
        await load.stop();
      }
      const last = await start({ config, sink: sink.url, data });
      // Nothing comes in any more: what is left is sent because the gateway looks for itself.
      await until(
        'everything is sent',
        () => compare(tally.acknowledged, sink, ROUTES).missing.length === 0,
        60_000,
      ).catch(() => {});
      expect(compare(tally.acknowledged, sink, ROUTES).missing).toEqual([]);
      expect(tally.acknowledged.size).toBeGreaterThanOrEqual(KILLS * 20);
      expect(wrongAnswers(tally)).toEqual([]);
      await last.stop();
      await sink.close();
    },
    60_000 + KILLS * ROUND_MS,
  );

  it('keeps nothing of a visitor who refused', async () => {
    const sink = await startSink();
    const gateway = await start({ config: configOf(['ga4', 'meta']), sink: sink.url });
    const refusing = {
      ...purchases([21]),
      headers: { ...purchases([21]).headers, cookie: cookiesOf(21, { statistics: false, marketing: false }) },
    };
    expect((await ask(gateway.url, refusing)).status).toBe(204);
    expect((await ask(gateway.url, purchases([22]))).status).toBe(204);
    await until('the other one is sent', () => sink.accepted('meta').has(eventId(22)));
    expect([sink.accepted('ga4').has(eventId(21)), sink.accepted('meta').has(eventId(21))]).toEqual([false, false]);
    await gateway.stop();
    await sink.close();
  });
}

/** Lines of a log that tell of a fault. */
function errorsIn(log: string): readonly string[] {
  return log.split('\n').filter((line) => line.includes('"level":"error"'));
}

/** Rounds of the test that kills; `KILLS=20 npx vitest run test/runtimes -t 'killed under load'` is the long form. */
const KILLS = Number(process.env['KILLS'] ?? 3);
/** Milliseconds for one round, on a machine with other things to do. */
const ROUND_MS = 30_000;
