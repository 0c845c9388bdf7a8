import { spawnSync } from 'node:child_process';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { constantFrom, record, sample, type Arbitrary } from 'fast-check';
import { Counters } from '../../src/http/counters.ts';
import type { Answer } from '../../src/http/answer.ts';
import { collector } from '../../src/http/collect.ts';
import type { Ports } from '../../src/http/ports.ts';
import { startDelivery, type Delivery } from '../../src/platform/node/delivery.ts';
import { GATEWAY_SOURCE } from '../../src/platform/node/delivery-thread.ts';
import { retryDead } from '../../src/platform/node/outbox-inspect.ts';
import { readGateway } from '../../src/platform/node/read-gateway.ts';
import { DOORS, type Door } from '../../src/sources/doors.ts';
import { jsonHit } from '../support/hits.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { temporary } from '../support/serve.ts';
import type { Form, Summary } from './support/summary.ts';

/**
 * Withdrawal reaches everything (issue item: whoever the visitor is known as, wherever the event is, whatever is taken
 * back, whatever is wrong at that moment): nothing of that visitor is sent after the answer, everything of others is.
 */

export const KNOWN = [
  '_ga',
  '_fbp',
  '_fbc',
  '_gcl_aw',
  '_uetmsclkid',
  'pv_id',
  'user id',
  'back end: client id',
  'back end: user id',
] as const;
export const WHERE = ['waiting', 'being sent', 'dead letter', 'in another process'] as const;
export const WHAT = [
  'everything',
  'everything, by silence',
  'everything, unreadably',
  'a purpose',
  'a vendor',
] as const;
export const WRONG = [
  'nothing',
  'outbox full',
  'disk full',
  'storage broken',
  'load shed',
  'rate limit',
  'many governed cookies',
  'an oversized cookie',
  'hundreds of cookies',
] as const;

export interface Case {
  readonly known: (typeof KNOWN)[number];
  readonly where: (typeof WHERE)[number];
  readonly what: (typeof WHAT)[number];
  readonly wrong: (typeof WRONG)[number];
}

export const CASES: Arbitrary<Case> = record({
  known: constantFrom(...KNOWN),
  where: constantFrom(...WHERE),
  what: constantFrom(...WHAT),
  wrong: constantFrom(...WRONG),
});

const INGEST_KEY = 'sha-of-nothing-0123456789-0123456789-0123456789';
const HOSTS = ['www.google-analytics.com', 'region1.google-analytics.com', 'graph.facebook.com', 'api.linkedin.com'];
const META = 'graph.facebook.com';
const LINKEDIN = 'api.linkedin.com';

const configOf = (backend: boolean, full: boolean): string => `sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO${backend ? '\n    ingest_keys: [${TEST_INGEST_KEY}]' : ''}
    consent:
      cmp: [klaro]
      mapping: { klaro: { purposes: { google-analytics: statistics, facebook-pixel: marketing, linkedin-insight: marketing } } }
    cookies: { own_id: true }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: '\${GA4_API_SECRET}' }
      meta: { pixel_id: "123456789012345", access_token: '\${META_ACCESS_TOKEN}' }
      linkedin: { conversions: { purchase: "104012" }, access_token: '\${LINKEDIN_ACCESS_TOKEN}' }
${full ? 'delivery: { max_size: 1MB }\n' : ''}`;

const klaro = (analytics: boolean, meta: boolean, linkedin: boolean): string =>
  `klaro=${encodeURIComponent(JSON.stringify({ 'google-analytics': analytics, 'facebook-pixel': meta, 'linkedin-insight': linkedin }))}`;

/** What the visitor's consent platform says afterwards. */
const SAID: Readonly<Record<Case['what'], string>> = {
  everything: klaro(false, false, false),
  'everything, by silence': '',
  'everything, unreadably': 'klaro=%7Bnonsense',
  'a purpose': klaro(true, false, false),
  'a vendor': klaro(true, false, true),
};

/** Hosts that may not get anything of the visitor any more. */
const FORBIDDEN: Readonly<Record<Case['what'], readonly string[]>> = {
  everything: HOSTS,
  'everything, by silence': HOSTS,
  'everything, unreadably': HOSTS,
  'a purpose': [META, LINKEDIN],
  'a vendor': [META],
};

const SHED = { problem: { status: 429, title: 'Too many requests', detail: 'test' }, retryAfter: 1 };

/** The collecting side of one process, without its sockets. */
class Process {
  readonly delivery: Delivery;
  overloaded = false;
  limited = false;
  readonly #take: ReturnType<typeof collector>;

  constructor(delivery: Delivery, gateway: ReturnType<Ports['gateway']>) {
    this.delivery = delivery;
    const ports = {
      gateway: () => gateway,
      outbox: delivery,
      stopped: () => 0,
      toHit: () => ({ status: 404, title: '', detail: '' }),
      overloaded: () => this.overloaded,
      counters: new Counters(),
      rateLimit: { take: () => (this.limited ? SHED : undefined), failed: () => undefined },
      watcher: () => undefined,
    } as unknown as Ports;
    this.#take = collector(ports, DOORS.find(({ source }) => source === 'json') as Door);
  }

  async ask(event: object, cookies: string, more: { backend?: object } = {}): Promise<Answer> {
    const { backend } = more;
    const body = { events: [backend === undefined ? event : { ...event, visitor: { ...backend, cookies } }] };
    const headers: Record<string, string> =
      backend === undefined
        ? { 'user-agent': AGENT, ...(cookies === '' ? {} : { cookie: cookies }) }
        : { authorization: `Bearer ${INGEST_KEY}`, origin: undefined as unknown as string };
    const id = (hits++).toString(16).padStart(32, '0');
    return this.#take(jsonHit(body, { at: Date.now(), id, headers }), 'shop.example.no', undefined);
  }
}

let hits = 1;
let numbers = 1;
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

const marker = (n: number): string => `n${n}z`;
const purchase = (n: number, more: object = {}): object => ({
  name: 'purchase',
  id: marker(n),
  page: { url: 'https://shop.example.no/thanks' },
  params: { currency: 'NOK', value: 100, transaction_id: marker(n) },
  user: { email: `visitor${n}@example.no`, ...more },
});

/** The cookies of visitor `n`, by name. */
function cookiesOf(n: number): Record<string, string> {
  const seconds = Math.floor(Date.now() / 1000) - 3_600;
  return {
    _ga: `GA1.1.${1_000_000_000 + n}.${seconds}`,
    _fbp: `fb.1.${seconds}000.${n}77`,
    _fbc: `fb.1.${seconds}000.IwAR${n}abcdef`,
    _gcl_aw: `GCL.${seconds}.Cj0K${n}abcdef`,
    _uetmsclkid: `_uet${n}abcdef0123456789`,
  };
}

const headerOf = (cookies: Readonly<Record<string, string>>): string =>
  Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');
const joined = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join('; ');

const DISTURBED: Readonly<Partial<Record<Case['wrong'], string>>> = {
  'many governed cookies': Array.from({ length: 90 }, (_, i) => `_ga_A${i}=GS1.1.1.1`).join('; '),
  'an oversized cookie': `big=${'x'.repeat(9_000)}`,
  'hundreds of cookies': Array.from({ length: 420 }, (_, i) => `c${i}=1`).join('; '),
};

/** Runs one case. Gives what was wrong with it; empty = it held. Undefined = it cannot be set up on this machine. */
export async function run(one: Case): Promise<readonly string[] | undefined> {
  const { known, where, what, wrong } = one;
  const backend = known.startsWith('back end');
  const stated = what.startsWith('everything,');
  // A back end has to say it; and its visitor's cookie header has the same limits as any.
  if (backend && (stated || wrong.includes('cookie'))) return undefined;
  // The limits make the record unreadable, which is everything.
  if (wrong.endsWith('cookie') || wrong === 'hundreds of cookies') if (!what.startsWith('everything')) return undefined;
  if (what === 'a vendor' && known === 'user id') return undefined;
  const dir = temporary('withdrawal-');
  if (wrong === 'disk full' && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', dir]).status !== 0)
    return undefined;
  const sink = await startRecorder();
  const processes: Process[] = [];
  try {
    process.env['TEST_INGEST_KEY'] = INGEST_KEY;
    const text = configOf(backend, wrong === 'outbox full');
    const { gateway, input } = readGateway({ text, file: 't.yaml', sink: true, rootKey: new Uint8Array(32).fill(9) });
    const source = { module: GATEWAY_SOURCE, input };
    const two = where === 'in another process';
    for (const name of two ? ['outbox-0', 'outbox-1'] : ['outbox']) {
      const delivery = await startDelivery({
        source,
        dir,
        name,
        shared: two,
        sink: sink.url,
        version: '0',
        log: () => {},
      });
      processes.push(new Process(delivery, gateway));
    }
    const holder = processes.at(-1) as Process;
    const answerer = processes[0] as Process;
    return await scenario(one, { dir, sink, holder, answerer, reload: () => holder.delivery.reload(source) });
  } finally {
    await Promise.all(processes.map(({ delivery }) => delivery.stop()));
    await sink.close();
    if (wrong === 'disk full') spawnSync('umount', [dir]);
    rmSync(dir, { recursive: true, force: true });
  }
}

interface World {
  readonly dir: string;
  readonly sink: Recorder;
  /** Has the event. */
  readonly holder: Process;
  /** Answers the withdrawal. */
  readonly answerer: Process;
  readonly reload: () => Promise<void>;
}

async function scenario({ known, where, what, wrong }: Case, world: World): Promise<readonly string[]> {
  const { dir, sink, holder, answerer } = world;
  const problems: string[] = [];
  const up = vendorsDown(sink, where);
  const mine = numbers++;
  const others = [numbers++, numbers++];
  const all = klaro(true, true, true);
  const cookies = cookiesOf(mine);
  const backend = known.startsWith('back end');
  const stated = { client_id: `${5_000_000 + mine}.1790000000`, user_agent: AGENT };
  const user = known.endsWith('user id') ? { id: `customer-${mine}` } : {};

  const take = async (n: number, header: string, more: { backend?: object; user?: object } = {}): Promise<Answer> => {
    const answer = await holder.ask(purchase(n, more.user), header, more);
    if (answer.status !== 204) problems.push(`an event was answered ${answer.status}`);
    return answer;
  };
  for (const n of others) await take(n, joined(all, headerOf(cookiesOf(n))));
  if (backend) await take(mine, all, { backend: known.endsWith('user id') ? { user_agent: AGENT } : stated, user });
  else {
    if (known === 'pv_id') {
      // Its first answer issues the id, the next hit brings it.
      const first = await holder.ask({ name: 'view_item', id: `first${mine}` }, joined(all));
      const own = first.cookies
        .find((cookie) => cookie.startsWith('pv_id='))
        ?.split(';')[0]
        ?.slice('pv_id='.length);
      if (own === undefined) return ['no own id was issued'];
      cookies['pv_id'] = own;
    }
    await take(mine, joined(all, headerOf(cookies)), { user });
  }
  await until(
    () => (where === 'waiting' ? true : HOSTS.some((host) => sink.to(host).some(has(mine)))),
    'the first attempt',
  );
  if (where === 'dead letter') await pause(300);

  const mend = await disturb(wrong, dir, holder, answerer);
  const left =
    known === 'user id'
      ? { _gcl_au: `1.1.${mine}999.${Math.floor(Date.now() / 1000) - 60}` }
      : { [known]: cookies[known] ?? '' };
  const header = backend ? SAID[what] : joined(DISTURBED[wrong] ?? '', SAID[what], headerOf(left));
  const more = backend ? { backend: known.endsWith('user id') ? { user_agent: AGENT } : stated } : {};
  const answer = await answerer.ask(
    { name: 'page_view', page: { url: 'https://shop.example.no/' }, user },
    header,
    more,
  );
  // What was on its way when it was answered has arrived by then; vendors still refuse it, and it must not come again.
  await pause(50);
  const answered = sink.requests.length;
  const hindered = ['outbox full', 'disk full', 'storage broken', 'load shed', 'rate limit'].includes(wrong);
  // What analytics alone may have is an event of its own, and that one needs room.
  const wanted = hindered && what.startsWith('a ') ? [429, 503] : [204];
  if (!wanted.includes(answer.status)) problems.push(`the withdrawal was answered ${answer.status}`);

  mend();
  up();
  await world.reload();
  if (where === 'dead letter') {
    retryDead(dir);
    await pause(600);
  }
  await until(
    () => others.every((n) => [META, LINKEDIN].every((host) => sink.to(host).some(accepted(n)))),
    'the others',
  ).catch((error: Error) => problems.push(error.message));
  await pause(250);
  const after = sink.requests.slice(answered);
  for (const host of FORBIDDEN[what]) {
    if (after.some((request) => request.host === host && has(mine)(request)))
      problems.push(`sent to ${host} after the answer`);
  }
  if (what === 'a vendor' && !sink.to(LINKEDIN).some(accepted(mine)))
    problems.push('a vendor that is still allowed got nothing');
  return problems;

  function has(n: number): (request: Recorder['requests'][number]) => boolean {
    return ({ body, query }) => body.includes(marker(n)) || query.includes(marker(n));
  }
  function accepted(n: number): (request: Recorder['requests'][number]) => boolean {
    return (request) => has(n)(request) && !refusedRequests.has(request);
  }
}

/** Requests that a vendor did not take. */
const refusedRequests = new WeakSet<object>();

/** Vendors as the place of the event wants them; the result mends them. */
function vendorsDown(sink: Recorder, where: Case['where']): () => void {
  const releases: (() => void)[] = [];
  const undo = HOSTS.map((host) =>
    sink.script(host, (request) => {
      refusedRequests.add(request);
      if (where === 'dead letter') return { status: 400 };
      if (where !== 'being sent') return { status: 503 };
      return new Promise((resolve) => releases.push(() => resolve({ status: 503 })));
    }),
  );
  return () => {
    for (const up of undo) up();
    for (const release of releases) release();
  };
}

/** Brings about what is wrong; the result mends it. */
async function disturb(wrong: Case['wrong'], dir: string, holder: Process, answerer: Process): Promise<() => void> {
  switch (wrong) {
    case 'outbox full': {
      for (let i = 0; i < 400; i++) {
        const items = Array.from({ length: 60 }, (_, j) => ({ item_id: `SKU-${j}`, item_name: 'Krus', price: 1 }));
        const event = {
          name: 'purchase',
          id: `filler${i}`,
          params: { currency: 'NOK', value: 1, items },
          user: { email: `f${i}@example.no` },
        };
        const each = await Promise.all(
          [holder, answerer].map((one) =>
            one.ask(event, joined(klaro(true, true, true), headerOf(cookiesOf(900_000 + i)))),
          ),
        );
        if (each.every(({ status }) => status === 503)) break;
      }
      return () => {};
    }
    case 'disk full': {
      const filler = join(dir, 'filler');
      writeFileSync(filler, '');
      for (let size = 4 << 20; size >= 512; size >>= 1) {
        for (let i = 0; i < 3; i++) {
          try {
            appendFileSync(filler, Buffer.alloc(size));
          } catch {
            // Until nothing fits any more.
          }
        }
      }
      return () => rmSync(filler);
    }
    case 'storage broken': {
      const name = holder === answerer ? 'outbox.sqlite' : 'outbox-0.sqlite';
      const other = new DatabaseSync(join(dir, name));
      other.exec('BEGIN IMMEDIATE');
      return () => other.close();
    }
    case 'load shed':
      answerer.overloaded = true;
      return () => (answerer.overloaded = false);
    case 'rate limit':
      answerer.limited = true;
      return () => (answerer.limited = false);
    default:
      return () => {};
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(true_: () => boolean, what: string, ms = 30_000): Promise<void> {
  const end = Date.now() + ms;
  while (!true_()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await pause(10);
  }
}

/** So many drawn cases; the tests have a few of them and every single kind, by hand there are as many as are asked for. */
export async function withdrawal({ full, say, rounds = full ? 500 : 4 }: Form): Promise<Summary> {
  const started = performance.now();
  const problems: string[] = [];
  let done = 0;
  for (const one of sample(CASES, { numRuns: rounds * 2 })) {
    if (done === rounds) break;
    const found = await run(one).catch((error: Error) => [error.message]);
    if (found === undefined) continue;
    done++;
    for (const problem of found) problems.push(`${Object.values(one).join(', ')}: ${problem}`);
    if (done % 20 === 0) say(`${done} withdrawals, ${problems.length} problems`);
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  const nothing = { acknowledged: 0, delivered: 0, otherwise: 0, duplicates: 0 };
  return { ...nothing, seconds, figures: { withdrawals: done }, problems };
}
