import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { destinations } from '../../destinations/index.ts';
import { destinationPage } from '../../src/config/pages/destination-page.ts';
import { waysInPage } from '../../src/config/pages/ways-in-page.ts';
import { createApp } from '../../src/http/app.ts';
import { Counters } from '../../src/ledger/counters.ts';
import type { Ports } from '../../src/http/ports.ts';
import { createRateLimit } from '../../src/http/rate-limit.ts';
import { webHit } from '../../src/http/web-hit.ts';
import { PROTOCOLS } from '../../src/protocols/index.ts';
import { ask, type Answer, type Ask } from '../support/ask.ts';
import { cookiebot, gatewayOf } from '../support/hits.ts';
import { metricsOf, until } from '../support/metrics.ts';
import { watch, type Watched } from '../support/preview.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, type Served } from '../support/serve.ts';

// An invented way in, made of a folder (`test/fixtures/protocol/pulse`) and its line in the list. With nothing else
// edited it is served by both listeners, explained, tried in cases, told apart in metrics, preview and decision log,
// and shown in the docs (CONTRIBUTING.md, "Adding a protocol").

vi.mock('../../src/protocols/index.ts', async (ours: () => Promise<typeof import('../../src/protocols/index.ts')>) => {
  const { pulse } = await import('../fixtures/protocol/pulse/index.ts');
  const list = await ours();
  return { ...list, PROTOCOLS: [...list.PROTOCOLS, pulse] };
});

const root = join(import.meta.dirname, '../..');
const MAIN = join(root, 'test/fixtures/protocol/main.ts');
const HOST = 'shop.example.no';
const ORIGIN = `https://${HOST}`;
const KEY = 'ingest-key-of-the-test-0123456789';
const CONFIG = `
sites:
  - hosts: [${HOST}]
    origins: [${ORIGIN}]
    ingest_keys: ["\${INGEST_KEY}"]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${GA4_API_SECRET}", without_consent: limited }
      meta: { pixel_id: "123456789012345", access_token: "\${META_TOKEN}" }
`;
const SECRETS = { INGEST_KEY: KEY, GA4_API_SECRET: 'secret', META_TOKEN: 'secret' };
const CID = `482310557.${Math.floor(Date.now() / 1000) - 86_400}`;
const granted = (): string => cookiebot({ preferences: true, statistics: true, marketing: true }, Date.now() - 60_000);

type Send = (asked: Ask) => Promise<Pick<Answer, 'status' | 'headers' | 'body'>>;

const page = (body: string, more: Record<string, string> = {}, path = '/pulse'): Ask => ({
  path,
  headers: { host: HOST, origin: ORIGIN, 'content-type': 'application/x-pulse', cookie: granted(), ...more },
  body,
});
const backEnd = (body: string, key = KEY): Ask => ({
  path: `/pulse?key=${key}`,
  headers: { host: HOST, 'content-type': 'application/x-pulse' },
  body,
});

/** What both doors say to the same requests. */
function table(send: () => Send): void {
  it.each([
    ['a page', page(`pulse_one id-1 ${CID}`), 200, '{"pulse":"kept"}'],
    ['a page at the other path', page(`pulse_two id-2 ${CID}`, {}, '/p'), 200, '{"pulse":"kept"}'],
    ['a beacon of a page', page(`pulse_three id-3 ${CID}`, { 'content-type': 'text/plain' }), 200, '{"pulse":"kept"}'],
    ['a back end', backEnd(`pulse_four id-4 ${CID} ${encodeURIComponent(granted())}`), 200, '{"pulse":"kept"}'],
    ['a back end without a key', { ...backEnd('scroll id-5'), path: '/pulse' }, 403, /key=/],
    ['a back end with another key', backEnd('scroll id-5', 'guess'), 403, /key=/],
    ['a page of another origin', page('scroll', { origin: 'https://evil.example' }), 403, /origins/],
    ['another host', page('scroll', { host: 'other.example' }), 421, /hosts/],
    ['another type', page('scroll', { 'content-type': 'application/json' }), 415, /Pulses are application\/x-pulse/],
    ['nothing', page(''), 400, /Between 1 and 25/],
    ['too much', page('x'.repeat(65_537)), 413, /64 KiB/],
    ['an event that is none', page(`9 id-6 ${CID}`), 200, '{"pulse":"kept"}'],
    ['a look', page(`pulse_seven id-7 ${CID}\n9`, {}, '/pulse/check'), 200, /"seen","mistakes":\["a line begins/],
    ['a look at nothing', page('', {}, '/pulse/check'), 400, /Between 1 and 25/],
    [
      'settings',
      { method: 'GET', path: '/pulse/settings', headers: { host: HOST, origin: ORIGIN } },
      200,
      '{"every":60}',
    ],
    [
      'settings of nobody',
      { method: 'GET', path: '/pulse/settings', headers: { host: 'other.example' } },
      421,
      /hosts/,
    ],
  ] as const)('%s', async (_name, asked, status, body) => {
    const answer = await send()(asked);
    expect(answer.status).toBe(status);
    if (typeof body === 'string') expect(answer.body).toBe(body);
    else expect(answer.body).toMatch(body);
    expect(answer.headers['content-type']).toBe(status === 200 ? 'application/json' : 'application/problem+json');
    expect(answer.headers['cache-control']).toBe('no-store');
    const listed = (asked.headers as Record<string, string>)['origin'] === ORIGIN && status !== 421;
    expect(answer.headers['access-control-allow-origin']).toBe(listed ? ORIGIN : undefined);
  });

  it.each([
    ['GET', '/pulse', 405, 'POST'],
    ['HEAD', '/pulse/settings', 405, 'GET'],
    ['OPTIONS', '/pulse', 204, undefined],
    ['OPTIONS', '/pulse/check', 405, 'POST'],
    ['GET', '/pulses', 404, undefined],
  ])('%s %s: %i', async (method, path, status, allow) => {
    const answer = await send()({ method, path, headers: { host: HOST, origin: ORIGIN } });
    expect(answer.status).toBe(status);
    expect(answer.headers['allow']).toBe(allow);
    expect(answer.headers['access-control-allow-origin']).toBe(ORIGIN);
    if (status === 404) expect(answer.body).toContain('pulses go to POST /pulse');
  });
}

describe('served, on Node', () => {
  let recorder: Recorder;
  let gateway: Served;
  let watched: Watched;
  beforeAll(async () => {
    recorder = await startRecorder();
    gateway = await serve({ config: CONFIG, sink: recorder.url, env: SECRETS, main: MAIN });
    watched = await watch(`${gateway.adminUrl}/preview/stream`);
  }, 60_000);
  afterAll(async () => {
    watched.close();
    await gateway.stop();
    await recorder.close();
  });

  table(() => (asked) => ask(gateway.url, asked));

  it('goes to the vendors', async () => {
    await until('the last of the four', () =>
      recorder.requests.some(({ query, body }) => `${query}${body}`.includes('pulse_four')),
    );
    const sent = recorder.requests.map(({ query, body }) => `${query} ${body}`).join('\n');
    for (const name of ['pulse_one', 'pulse_two', 'pulse_three', 'pulse_four']) expect(sent).toContain(name);
    // What was only looked at is not sent.
    expect(sent).not.toContain('pulse_seven');
  });

  it('has its own series in the metrics, from the start', async () => {
    const metrics = await metricsOf(gateway.adminUrl);
    const events = metrics.of('portvakt_events_total').map(({ labels, value }) => [labels['source'], value]);
    const none = PROTOCOLS.map(({ name }) => [name, 0] as const);
    expect(Object.fromEntries(events)).toEqual({ ...Object.fromEntries(none), pulse: 5 });
    expect(metrics.sum('portvakt_refused_total', { reason: 'refused.key' })).toBe(2);
  });

  it('is shown under its own name', () => {
    const sources = watched.traces().map(({ source }) => source);
    expect(new Set(sources)).toEqual(new Set(['pulse']));
  });

  it('tells why the limited form is not for it, and is a line of its own in the decision log', async () => {
    const silent = { host: HOST, origin: ORIGIN, 'content-type': 'application/x-pulse' };
    expect((await ask(gateway.url, { path: '/pulse', headers: silent, body: 'scroll id-8' })).status).toBe(200);
    const hit = `/g/collect?v=2&tid=G-TEST000001&cid=${CID}&en=scroll&dl=${encodeURIComponent(`${ORIGIN}/`)}`;
    const tag = { host: HOST, origin: ORIGIN };
    expect((await ask(gateway.url, { path: hit, headers: tag })).status).toBe(204);
    await gateway.stop();
    const folder = join(gateway.data, 'decisions');
    const lines = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), 'utf8').trim().split('\n'));
    const found = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const of = (source: string, reason: string | null) =>
      found.filter((line) => line['source'] === source && line['reason'] === reason && line['route'] === `${HOST}/ga4`);
    expect(of('pulse', 'blocked.limited_source')).toMatchObject([{ outcome: 'blocked', count: 1 }]);
    expect(of('pulse', null)).toMatchObject([{ outcome: 'stored', count: 4 }]);
    expect(of('ga4-collect', null)).toMatchObject([{ outcome: 'stored', verdict: 'limited', count: 1 }]);
    expect(found.map(({ source }) => source)).not.toContain('json');
  });
});

describe('served, where there is nothing but a Request', () => {
  const gateway = gatewayOf(CONFIG, undefined, KEY);
  let overloaded = false;
  const append = vi.fn<Ports['outbox']['append']>((rows) => Promise.resolve(rows.map(() => 'stored')));
  const counters = new Counters();
  const app = createApp({
    gateway: () => gateway,
    outbox: { append, pending: 0, shared: false, ready: true },
    stopped: () => 0,
    overloaded: () => overloaded,
    toHit: (c) => webHit(c.req.raw),
    counters,
    rateLimit: createRateLimit(() => new Uint8Array(32)),
    watcher: () => undefined,
  });
  const send: Send = async ({ method = 'POST', path, headers = {}, body }) => {
    const answer = await app.request(`http://${HOST}${path}`, { method, headers, ...(body && { body }) });
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
  };

  table(() => send);

  it('counts under its own name, and stores nothing of a look', () => {
    expect([...counters.events.entries()]).toEqual([[[HOST, 'pulse'], 5]]);
    const stored = append.mock.calls.flatMap(([records]) =>
      records.flatMap(({ routes }) => routes.map(({ route }) => route)),
    );
    // Four events; Meta has nothing to match them on.
    expect(stored).toEqual(Array(4).fill(`${HOST}/ga4`));
  });

  it('says 429 where the others say 503, with the time to wait, and a back end still withdraws', async () => {
    overloaded = true;
    append.mockClear();
    const refusal = encodeURIComponent(cookiebot({}, Date.now() - 60_000));
    const answers = [await send(page(`scroll id-9 ${CID}`)), await send(backEnd(`scroll id-10 ${CID} ${refusal}`))];
    overloaded = false;
    expect(answers.map(({ status }) => status)).toEqual([429, 200]);
    expect(answers[0]?.headers['retry-after']).toBe('1');
    const [rows, withdrawals] = append.mock.calls[0] ?? [];
    expect(rows).toEqual([]);
    expect(withdrawals?.length).toBeGreaterThan(0);
  });
});

describe('on the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portvakt-'));
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [MAIN, ...args], { cwd: folder, encoding: 'utf8' });
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return name;
  };
  const config = write('gateway.yaml', CONFIG);
  const request = (path: string, type = 'application/x-pulse') =>
    `POST ${path} HTTP/1.1\nHost: ${HOST}\nOrigin: ${ORIGIN}\nContent-Type: ${type}\n\npulse_one id-1 ${CID}`;

  it.each([
    ['/pulse', 'application/x-pulse', /read as pulse\)[\s\S]*\(blocked\.limited_source\)/],
    ['/pulse/check', 'application/x-pulse', /this path only looks at events/],
    ['/pulse', 'application/json', /refused: 415/],
    ['/pulse/settings', 'application/x-pulse', /refused: 405/],
    ['/pulsar', 'application/x-pulse', /refused: 404 [\s\S]*pulses go to POST \/pulse/],
  ])('explains %s of %s', (path, type, expected) => {
    expect(run('explain', config, write('request.txt', request(path, type))).stdout).toMatch(expected);
  });

  it('runs cases that are written for it', () => {
    const cases = write(
      'gateway.test.yaml',
      `
config: gateway.yaml
cases:
  - name: a pulse after everything was allowed goes to both
    request: { said: everything, pulses: [scroll] }
    expect: { to: { ga4: { outcome: planned, contains: scroll }, meta: { verdict: full } } }
  - name: a pulse of a back end after nothing was allowed goes nowhere
    request: { said: nothing, backend: true, pulses: [scroll] }
    expect: { nothing_to: anybody }
`,
    );
    expect(run('test', cases).stdout).toContain('2 of 2 cases hold');
    write(
      'gateway.test.yaml',
      'config: gateway.yaml\ncases:\n  - name: a\n    request: { pulses: [9] }\n    expect: {}\n',
    );
    expect(run('test', cases).status).toBe(2);
  });
});

describe('in the docs', () => {
  it('has its paths, methods and types on the page of the ways in', () => {
    const text = waysInPage();
    expect(text).toContain('## Pulses');
    expect(text).toContain('their source is `pulse`');
    expect(text).toContain(
      '| `/pulse`, `/p` | `POST` | `application/x-pulse`, `text/plain` | `text/plain` | yes | events are decided',
    );
    expect(text).toContain('| `/pulse/check` | `POST` |');
    expect(text).toContain('| always 200; the request is not read |');
    expect(text).toContain('under `request.pulses`');
  });

  it('is what a destination calls it whose limited form is for it', () => {
    const ga4 = destinations['ga4'];
    if (ga4?.limited === undefined) throw new Error('GA4 has no limited form');
    const only = { ...ga4, limited: { ...ga4.limited, sources: ['pulse'] } };
    expect(destinationPage(only, undefined)).toContain('exists for pulses only.');
  });
});

describe('nobody else knows', () => {
  const files = (folder: string): string[] =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  /** What has the word in another meaning. */
  const OTHERWISE: Readonly<Record<string, string>> = {
    "src/delivery/egress/index.ts: 'json'": 'the form of a body that a vendor takes',
    "src/runtimes/workers/version.ts: 'json'": 'how a file is imported',
    'src/core/data-manager/ingest.ts: /v1/events': "a path of Google's, which begins like ours",
    "src/config/compile/compile-consent.ts: 'segment'": 'the key `consent.segment`',
    "src/config/custom-schema.ts: 'json'": 'how a cookie of a platform is written',
    'src/config/custom-schema.ts: `json`': 'how a cookie of a platform is written',
    "src/config/compile/compile-custom.ts: 'json'": 'how a cookie of a platform is written',
    "src/config/lint/lint-custom.ts: 'json'": 'how a cookie of a platform is written',
    'src/config/lint/lint-custom.ts: `json`': 'how a cookie of a platform is written',
    "src/config/lint/lint-senders.ts: 'segment'": 'the key `consent.segment`',
  };
  const ours = PROTOCOLS.filter(({ name }) => (name as string) !== 'pulse');

  it('a path or a name of a protocol, outside its folder', () => {
    // Paths with a fixed answer are short and common words: `/a`.
    const words = ours.flatMap(({ name, doors }) => [
      ...doors.flatMap(({ paths, does }) => (typeof does === 'object' ? [] : paths)),
      `'${name}'`,
      `"${name}"`,
      `\`${name}\``,
    ]);
    expect(words).toContain('/v1/events');
    const found = files('src')
      .filter((file) => !/^src\/protocols\/\w+\//.test(file))
      .flatMap((file) => {
        const text = readFileSync(join(root, file), 'utf8');
        return words.filter((word) => text.includes(word)).map((word) => `${file}: ${word}`);
      });
    expect(found.filter((one) => !(one in OTHERWISE))).toEqual([]);
    expect(Object.keys(OTHERWISE).filter((one) => !found.includes(one))).toEqual([]);
  });

  it('more than a beginning of a path, where what comes there is read', () => {
    const doors = PROTOCOLS.flatMap((protocol) => protocol.doors);
    const open = doors.filter(({ below, does }) => below !== undefined && typeof does !== 'object');
    expect(open).toEqual([]);
    // None of them hides a path that something is read at.
    const begins = doors.flatMap(({ below = [] }) => below);
    const read = doors.flatMap(({ paths, does }) => (typeof does === 'object' ? [] : paths));
    expect(begins.length).toBeGreaterThan(3);
    expect(read.filter((path) => begins.some((start) => path.startsWith(start)))).toEqual([]);
  });

  it('a path that two of them have', () => {
    const paths = PROTOCOLS.flatMap(({ doors }) => doors.flatMap((door) => door.paths));
    expect(new Set(paths).size).toBe(paths.length);
    expect(new Set(PROTOCOLS.map(({ name }) => name)).size).toBe(PROTOCOLS.length);
    expect(new Set(PROTOCOLS.map(({ caseForm: { key } }) => key)).size).toBe(PROTOCOLS.length);
  });

  it('a source that a destination names and nobody has', () => {
    const named = Object.values(destinations).flatMap(({ limited, examples }) => [
      ...(limited?.sources ?? []),
      ...examples.flatMap(({ source }) => source ?? []),
    ]);
    expect(named.length).toBeGreaterThan(0);
    for (const name of named) expect(ours.map((protocol): string => protocol.name)).toContain(name);
  });
});

describe('the recipe in CONTRIBUTING.md', () => {
  const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
  const recipe = /\n## Adding a protocol\n([\s\S]*?)(?=\n## |$)/.exec(text)?.[1] ?? '';

  it('names the files that the fixture has, and no other', () => {
    const named = [...recipe.matchAll(/src\/protocols\/acme\/([\w-]+\.ts)/g)].map(([, file]) => file);
    const fixture = readdirSync(join(root, 'test/fixtures/protocol/pulse'));
    expect(new Set(named)).toEqual(new Set(fixture));
  });

  it('names files that are there', () => {
    const paths = [...recipe.matchAll(/\]\(([^)#]+)\)/g)].map(([, path = '']) => path);
    expect(paths.length).toBeGreaterThan(3);
    for (const path of paths) expect(existsSync(join(root, path))).toBe(true);
  });
});
