import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { ask, type Answer } from '../support/ask.ts';
import { metricsOf, until } from '../support/metrics.ts';
import { startRecorder, type FakeReply, type Recorded, type Recorder } from '../support/recorder.ts';
import { serve, type Served } from '../support/serve.ts';
import { VENDORS } from '../support/vendors.ts';

// Public reports on requests to vendors, and expectations in the tests of similar programs, through the front door; and
// hits of real sites with ids and hosts replaced. The right result and its source stand beside each case.

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly cookie?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface VendorCase {
  readonly id: string;
  readonly kind: string;
  readonly symptom: string;
  readonly source: string;
  readonly authority: string;
  readonly decision?: string;
  readonly config?: readonly (readonly [string, string])[];
  readonly requests: readonly Asked[];
  readonly expect: {
    /** One for each request; default 204. */
    readonly status?: readonly number[];
    readonly not_on_the_wire?: readonly string[];
    /**
     * Places in what the vendors got: route, number of the event, keys. Null: nothing is there. `#text`: its SHA-256.
     * `~text`: a regular expression. `@N`: the time N seconds from now, in whatever unit. `>place`: the same as there.
     * `=N`: an object of N keys.
     */
    readonly sent: Readonly<Record<string, string | number | boolean | null>>;
  };
}

const textOf = (file: string): string => readFileSync(join(import.meta.dirname, file), 'utf8');
const CASES = JSON.parse(textOf('vendors.json')) as readonly VendorCase[];
const HITS = JSON.parse(textOf('ga4-hits.json')) as readonly { id: string; request: Asked }[];

const KEY = 'ingestkey0123456789abcdef0123456789';
/** Without Floodlight: its requests go to Google Ads' host, and the cases were written before it. */
const REFERENCE = readFileSync(join(import.meta.dirname, '../fixtures/contract/gateway.yaml'), 'utf8')
  .replace(/^ {6}floodlight:\n(?: {8}.*\n)+/m, '')
  .replace('# ingest_keys: [${INGEST_KEY}]', () => 'ingest_keys: ["${INGEST_KEY}"]');
const AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36';
const CONSENT =
  'CookieConsent={stamp:%27c2FtcGxl==%27%2Cnecessary:true%2Cpreferences:true%2Cstatistics:true%2Cmarketing:true%2Cmethod:%27explicit%27%2Cver:1%2Cutc:{{ms:-86400000}}%2Cregion:%27no%27}';

function configured(changes: VendorCase['config'] = []): string {
  let text = REFERENCE;
  for (const [from, to] of changes) {
    expect(text.split(from), from).toHaveLength(2);
    text = text.replace(from, () => to);
  }
  return text;
}

const json = (status: number, body: unknown): FakeReply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const eventsIn = (
  body: string,
  key: string,
): readonly { event_id?: string; eventId?: string; transactionId?: string }[] =>
  (JSON.parse(body) as Record<string, []>)[key] ?? [];

/** Vendors that refuse one event of several, as their documentation says; how the events end. */
const REFUSALS: Readonly<Record<string, { host: string; answer: (request: Recorded) => FakeReply; route: string }>> = {
  'V-F01': {
    host: 'graph.facebook.com',
    route: 'meta',
    answer: ({ body }) => {
      const events = eventsIn(body, 'data');
      return events.some(({ event_id }) => event_id?.startsWith('f0') === true)
        ? json(400, { error: { code: 100, error_subcode: 2804003, is_transient: false } })
        : json(200, { events_received: events.length });
    },
  },
  'V-F03': {
    host: 'datamanager.googleapis.com',
    route: 'google_ads',
    answer: ({ body }) => {
      const events = eventsIn(body, 'events');
      const violation = { field: 'events.events[0].event_timestamp', reason: 'EVENT_TIME_INVALID' };
      return events.length < 3
        ? json(200, { requestId: 'r1' })
        : json(400, {
            error: {
              code: 400,
              status: 'INVALID_ARGUMENT',
              details: [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [violation] }],
            },
          });
    },
  },
  'V-F05': {
    host: 'capi.uet.microsoft.com',
    route: 'microsoft_ads',
    answer: ({ body }) =>
      json(200, {
        eventsReceived: eventsIn(body, 'data').length - 1,
        error: { code: 'x', details: [{ index: 1, errorCode: 'y', isWarning: false }] },
      }),
  },
};

let recorder: Recorder;
let gateways: ReadonlyMap<string, Served>;

beforeAll(async () => {
  recorder = await startRecorder(VENDORS);
  const texts = [...new Set(CASES.filter(({ id }) => id !== 'M23b').map(({ config }) => configured(config)))];
  const env = {
    INGEST_KEY: KEY,
    GA4_API_SECRET: 'ga4-secret',
    META_ACCESS_TOKEN: 'meta-token',
    LINKEDIN_ACCESS_TOKEN: 'linkedin-token',
    MICROSOFT_UET_TOKEN: 'microsoft-token',
  };
  const started = await Promise.all(
    texts.map(async (config) => [config, await serve({ config, sink: recorder.url, env })] as const),
  );
  gateways = new Map(started);
});
afterAll(async () => {
  await Promise.all([...(gateways?.values() ?? [])].map((gateway) => gateway.stop()));
  await recorder?.close();
});

/** Times of the case as times of now: `{{ms:N}}`, `{{s:N}}`, `{{iso:N}}` (seconds), `{{iso+1:N}}` (an hour east). */
function filled<T>(value: T, now: number): T {
  const text = JSON.stringify(value)
    .replaceAll(/"\{\{num:(ms|s):(-?\d+)\}\}"/g, (_, unit: string, by: string) => at(unit, Number(by), now))
    .replaceAll(/\{\{(ms|s|iso(?:\+1)?):(-?\d+)\}\}/g, (_, unit: string, by: string) => at(unit, Number(by), now));
  return JSON.parse(text) as T;
}

function at(unit: string, by: number, now: number): string {
  if (unit === 'ms') return String(now + by);
  if (unit === 's') return String(now / 1000 + by);
  const east = unit === 'iso' ? 0 : 3_600_000;
  const text = new Date(now + by * 1000 + east).toISOString();
  return east === 0 ? text : text.replace('.000Z', '+01:00');
}

async function send({ url, adminUrl }: Served, asked: Asked): Promise<Answer> {
  const stated = asked.body !== undefined && typeof asked.body !== 'string';
  const headers: Record<string, string> = stated
    ? { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
    : { origin: 'https://shop.example.no', 'user-agent': AGENT, cookie: asked.cookie ?? '' };
  const body = stated ? JSON.stringify(asked.body) : asked.body;
  const answer = await ask(url, {
    method: asked.method ?? 'POST',
    path: asked.path,
    headers: { host: 'shop.example.no', ...headers, ...asked.headers },
    ...(body === undefined || body === '' ? {} : { body }),
  });
  await until('everything is delivered', async () => (await metricsOf(adminUrl)).sum('portvakt_outbox_waiting') === 0);
  return answer;
}

/** What each route sent, event by event, in the order it arrived. */
function sentOf(requests: readonly Recorded[]): Record<string, unknown[]> {
  const sent: Record<string, unknown[]> = { ga4: [], google_ads: [], meta: [], linkedin: [], microsoft_ads: [] };
  for (const { host, path, query, body } of requests) {
    if (path === '/g/collect') {
      sent['ga4']?.push({ host, ...Object.fromEntries(new URLSearchParams(body === '' ? query : `${query}&${body}`)) });
    } else if (path === '/mp/collect') {
      const { events, ...common } = JSON.parse(body) as { events: object[] };
      for (const event of events) sent['ga4']?.push({ host, ...common, ...event });
    } else if (path === '/v1/events:ingest') sent['google_ads']?.push(...eventsIn(body, 'events'));
    else if (host === 'graph.facebook.com') sent['meta']?.push(...eventsIn(body, 'data'));
    else if (host === 'api.linkedin.com') sent['linkedin']?.push(...eventsIn(body, 'elements'));
    else if (host === 'capi.uet.microsoft.com') sent['microsoft_ads']?.push(...eventsIn(body, 'data'));
  }
  return sent;
}

function placed(sent: unknown, place: string): unknown {
  let here = sent;
  for (const part of place.split('/')) here = (here as Record<string, unknown> | undefined | null)?.[part];
  return here;
}

/** A time in any vendor's unit, as seconds. */
function seconds(time: unknown): number {
  if (typeof time === 'string' && Number.isNaN(Number(time))) return Date.parse(time) / 1000;
  let number = Number(time);
  while (number > 1e11) number /= 1000;
  return number;
}

function check(
  sent: Record<string, unknown[]>,
  place: string,
  wanted: string | number | boolean | null,
  now: number,
): void {
  const found = placed(sent, place);
  if (wanted === null) expect(found, place).toBeUndefined();
  else if (typeof wanted !== 'string') expect(found, place).toBe(wanted);
  else if (wanted.startsWith('#'))
    expect(found, place).toBe(createHash('sha256').update(wanted.slice(1)).digest('hex'));
  else if (wanted.startsWith('~')) expect(found, place).toMatch(new RegExp(wanted.slice(1)));
  else if (wanted.startsWith('>')) expect(found, place).toBe(placed(sent, wanted.slice(1)));
  else if (wanted.startsWith('=')) expect(Object.keys(found as object), place).toHaveLength(Number(wanted.slice(1)));
  else if (wanted.startsWith('@')) {
    expect(Math.abs(seconds(found) - now / 1000 - Number(wanted.slice(1))), place).toBeLessThan(60);
  } else expect(String(found), place).toBe(wanted);
}

async function holds(one: VendorCase): Promise<void> {
  const gateway = gateways.get(configured(one.config)) as Served;
  const now = Math.floor(Date.now() / 1000) * 1000;
  const { requests, expect: wanted } = filled(one, now);
  const refusal = REFUSALS[one.id];
  const restore = refusal === undefined ? undefined : recorder.script(refusal.host, refusal.answer);
  const before = await metricsOf(gateway.adminUrl);
  recorder.clear();
  const answers: Answer[] = [];
  try {
    for (const request of requests) answers.push(await send(gateway, request));
  } finally {
    restore?.();
  }
  expect(answers.map(({ status }) => status)).toEqual(wanted.status ?? requests.map(() => 204));
  const sent = sentOf(recorder.requests);
  for (const [place, value] of Object.entries(wanted.sent)) check(sent, place, value, now);
  const wire = recorder.requests
    .map(({ query, body }) => decodeURIComponent(query.replaceAll('+', ' ')) + body)
    .join('\n');
  for (const text of wanted.not_on_the_wire ?? []) expect(wire).not.toContain(text);
  if (refusal === undefined) return;
  const after = await metricsOf(gateway.adminUrl);
  const ended = (outcome: string) => {
    const labels = { route: `metrics.example.no/${refusal.route}`, outcome };
    return after.sum('portvakt_outcomes_total', labels) - before.sum('portvakt_outcomes_total', labels);
  };
  // What Google has taken counts as delivered when it has said what it made of it.
  const [taken, takenBefore] = [after, before].map((metrics) =>
    metrics.sum('portvakt_outbox_awaiting', { route: `metrics.example.no/${refusal.route}` }),
  );
  expect([ended('delivered') + (taken ?? 0) - (takenBefore ?? 0), ended('dead')]).toEqual([2, 1]);
}

describe.each([...Map.groupBy(CASES, ({ kind }) => kind)])('%s', (_, cases) => {
  for (const one of cases) {
    if (one.id === 'M23b') continue;
    it(`${one.id}: ${one.symptom}`, () => holds(one), 30_000);
  }
});

it('M23b: Meta beside `user_agent: drop` refuses to start, and says what to write', () => {
  const loaded = loadConfig(configured([['user_agent: family', 'user_agent: drop']]), 'gateway.yaml', Date.now());
  if (!('findings' in loaded)) throw new Error('it was taken');
  const finding = loaded.findings.find(({ kind }) => kind === 'error');
  expect(finding).toMatchObject({ line: expect.any(Number), message: expect.stringContaining('client_user_agent') });
  expect(finding?.instead).toContain('family');
});

/** Denied by the hit itself: `gcs` with a 0 for analytics, or `p` or another letter of denial as second signal of `gcd`. */
const DENIED = /[?&]gcs=G1[0-9-]0/;

describe('hits of real sites', () => {
  it.each(HITS.map(({ id, request }) => [id, request] as const))(
    '%s is answered 204 and reaches GA4 under full consent, unless it denies that itself',
    async (_, request) => {
      const gateway = gateways.get(configured()) as Served;
      recorder.clear();
      const now = Math.floor(Date.now() / 1000) * 1000;
      const { cookie, ...rest } = filled({ ...request, cookie: CONSENT }, now);
      const answer = await send(gateway, { ...rest, cookie });
      expect(answer.status).toBe(204);
      const sent = sentOf(recorder.requests)['ga4'] ?? [];
      const lines =
        typeof request.body === 'string' && request.body !== ''
          ? request.body.split(/\r?\n/).filter(Boolean).length
          : 1;
      expect(sent.length).toBe(DENIED.test(request.path) ? 0 : lines);
    },
    30_000,
  );
});
