import { spawnSync } from 'node:child_process';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { constantFrom, record, sample, type Arbitrary } from 'fast-check';
import { createApp } from '../../src/http/app.ts';
import { Counters } from '../../src/ledger/counters.ts';
import type { Answer } from '../../src/http/answer.ts';
import { collector } from '../../src/http/collect.ts';
import { frontOf } from '../../src/http/front.ts';
import type { Ports } from '../../src/http/ports.ts';
import { startDelivery, type Delivery } from '../../src/runtimes/node/delivery/delivery.ts';
import { createListener, toHit } from '../../src/runtimes/node/http/listener.ts';
import { GATEWAY_SOURCE } from '../../src/runtimes/node/delivery/delivery-thread.ts';
import { retryDead } from '../../src/outbox/sql/outbox-inspect.ts';
import { readGateway } from '../../src/runtimes/node/process/read-gateway.ts';
import { WAYS_IN, type WayIn } from '../../src/protocols/doors.ts';
import type { Hit } from '../../src/protocols/hit.ts';
import { ask } from '../support/ask.ts';
import { jsonHit, webHit } from '../support/hits.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { temporary } from '../support/serve.ts';
import type { Form, Summary } from './support/summary.ts';

/**
 * Withdrawal reaches everything: under whatever id the visitor is known, wherever the event is, whatever is withdrawn,
 * and whatever fails at that moment. After the answer nothing of that visitor is sent, and everything of others is.
 */

export const KNOWN = [
  '_ga',
  '_fbp',
  '_fbc',
  '_gcl_aw',
  '_uetmsclkid',
  'pv_id',
  'back end: user id of a browser',
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
  'headers just below 32 KiB',
] as const;

/** How the withdrawal arrives; a back end has one door. */
export const DOOR = ['/v1/events', '/g/collect', '/v1/events, socket', '/g/collect, socket'] as const;

export interface Case {
  readonly known: (typeof KNOWN)[number];
  readonly where: (typeof WHERE)[number];
  readonly what: (typeof WHAT)[number];
  readonly wrong: (typeof WRONG)[number];
  readonly door: (typeof DOOR)[number];
}

export const CASES: Arbitrary<Case> = record({
  known: constantFrom(...KNOWN),
  where: constantFrom(...WHERE),
  what: constantFrom(...WHAT),
  wrong: constantFrom(...WRONG),
  door: constantFrom(...DOOR),
});

const INGEST_KEY = 'sha-of-nothing-0123456789-0123456789-0123456789';
const HOST = 'shop.example.no';
const ORIGIN = `https://${HOST}`;
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

interface Asked {
  readonly event: object;
  readonly cookies: string;
  /** What a back end states of its visitor; undefined = a browser asks. */
  readonly backend?: object | undefined;
  readonly door?: Case['door'];
}

/** The collecting side of one process. */
class Process {
  readonly delivery: Delivery;
  overloaded = false;
  limited = false;
  readonly #ports: Ports;
  #server: Server | undefined;

  constructor(delivery: Delivery, gateway: ReturnType<Ports['gateway']>) {
    this.delivery = delivery;
    this.#ports = {
      gateway: () => gateway,
      outbox: delivery,
      stopped: () => 0,
      toHit,
      overloaded: () => this.overloaded,
      counters: new Counters(),
      rateLimit: { take: () => (this.limited ? SHED : undefined), failed: () => undefined },
      watcher: () => undefined,
    };
  }

  async ask(asked: Asked): Promise<Pick<Answer, 'status' | 'cookies'>> {
    const { cookies, backend, door = '/v1/events' } = asked;
    const path = door.startsWith('/g/collect') && backend === undefined ? '/g/collect' : '/v1/events';
    const headers: Record<string, string> =
      backend === undefined
        ? { 'user-agent': AGENT, origin: ORIGIN, ...(cookies === '' ? {} : { cookie: cookies }) }
        : { authorization: `Bearer ${INGEST_KEY}` };
    const hit = path === '/g/collect' ? tagHit(asked.event, headers) : eventHit(asked, headers);
    if (door.endsWith('socket')) return this.#byShop(hit);
    const take = collector(this.#ports, WAYS_IN.find(({ door: { paths } }) => paths.includes(path)) as WayIn);
    return take(hit, HOST, undefined);
  }

  async #byShop({ path, query, headers, body }: Hit): Promise<Pick<Answer, 'status' | 'cookies'>> {
    if (this.#server === undefined) {
      const front = frontOf(this.#ports);
      this.#server = createListener(createApp(this.#ports, front), front);
      await new Promise<void>((done) => this.#server?.listen(0, '127.0.0.1', done));
    }
    const { port } = this.#server.address() as AddressInfo;
    const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
    const target = query === '' ? path : `${path}?${query}`;
    const answer = await ask(`http://127.0.0.1:${port}`, {
      path: target,
      headers: { ...given, host: HOST },
      body,
    });
    return { status: answer.status, cookies: answer.setCookies };
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
    await this.delivery.stop();
  }
}

const nextHit = (): string => (hits++).toString(16).padStart(32, '0');

function eventHit({ event, cookies, backend }: Asked, headers: Record<string, string>): Hit {
  const body = { events: [backend === undefined ? event : { ...event, visitor: { ...backend, cookies } }] };
  const more = backend === undefined ? {} : { origin: undefined as unknown as string };
  return jsonHit(body, { at: Date.now(), id: nextHit(), headers: { ...more, ...headers } });
}

/** The same as Google's tag says it. */
function tagHit(event: object, headers: Record<string, string>): Hit {
  const { name, client_id: cid, user } = event as { name: string; client_id?: string; user?: { id?: string } };
  const query = {
    v: '2',
    tid: 'G-TEST000001',
    en: name,
    dl: `${ORIGIN}/`,
    _p: nextHit(),
    ...(cid !== undefined && { cid }),
    ...(user?.id !== undefined && { uid: user.id }),
  };
  return webHit(query, { at: Date.now(), id: nextHit(), headers });
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

/** When visitors came first, unix seconds. */
const CAME = Math.floor(Date.now() / 1000) - 3_600;

/** The cookies of visitor `n`, by name. */
function cookiesOf(n: number): Record<string, string> {
  const seconds = CAME;
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
  'headers just below 32 KiB': Array.from({ length: 4 }, (_, i) => `pad${i}=${'x'.repeat(7_850)}`).join('; '),
  'hundreds of cookies': Array.from({ length: 420 }, (_, i) => `c${i}=1`).join('; '),
};

const isBackend = ({ known }: Case): boolean => known.startsWith('back end');

/** Whether a case can be: others say nothing that may be expected. */
export function isPossible({ known, what, wrong }: Case): boolean {
  // A back end has to say it.
  if (known.startsWith('back end') && what.startsWith('everything,')) return false;
  // These limits make the record unreadable, which is everything.
  return !(wrong === 'an oversized cookie' || wrong === 'hundreds of cookies') || what.startsWith('everything');
}

/** Cases of one gateway: those with the same key may have one together. */
export const worldOf = (one: Case): string => [one.where, one.wrong, isBackend(one)].join();

/** Runs cases of one gateway. Gives what was wrong; empty = it held. Undefined = it cannot be set up on this machine. */
export async function run(cases: readonly Case[]): Promise<readonly string[] | undefined> {
  const [{ where, wrong }] = cases as readonly [Case];
  const backend = cases.some(isBackend);
  const dir = temporary('withdrawal-');
  if (wrong === 'disk full' && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', dir]).status !== 0)
    return undefined;
  const sink = await startRecorder();
  const processes: Process[] = [];
  try {
    process.env['TEST_INGEST_KEY'] = INGEST_KEY;
    const text = configOf(backend, wrong === 'outbox full');
    const { gateway, input } = readGateway({
      text,
      file: 't.yaml',
      sink: true,
      rootKey: () => new Uint8Array(32).fill(9),
    });
    const source = { module: GATEWAY_SOURCE, input };
    const shared = where === 'in another process';
    for (const name of shared ? ['outbox-0', 'outbox-1'] : ['outbox']) {
      const delivery = await startDelivery({ source, dir, name, shared, sink: sink.url, version: '0', log: () => {} });
      processes.push(new Process(delivery, gateway));
    }
    const holder = processes.at(-1) as Process;
    const answerer = processes[0] as Process;
    return await scenario(cases, { dir, sink, holder, answerer, reload: () => holder.delivery.reload(source) });
  } finally {
    await Promise.all(processes.map((one) => one.stop()));
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

/** A visitor who withdraws. */
interface Visitor {
  readonly one: Case;
  readonly n: number;
  readonly cookies: Record<string, string>;
  /** As a back end states them. */
  readonly stated: object;
  readonly user: { readonly id?: string };
}

async function scenario(cases: readonly Case[], world: World): Promise<readonly string[]> {
  const { dir, sink, holder, answerer } = world;
  const [{ where, wrong }] = cases as readonly [Case];
  const problems: string[] = [];
  const up = vendorsDown(sink, where);
  const others = [numbers++, numbers++];
  const take = async (n: number, asked: Omit<Asked, 'event'>, user: object = {}): Promise<void> => {
    const answer = await holder.ask({ ...asked, event: purchase(n, user) });
    if (answer.status !== 204) problems.push(`an event was answered ${answer.status}`);
  };
  for (const n of others) await take(n, { cookies: joined(ALL, headerOf(cookiesOf(n))) }, { id: `customer-${n}` });
  const visitors: Visitor[] = [];
  for (const one of cases) visitors.push(await arrive(one, holder, take));
  const sent = ({ n }: Pick<Visitor, 'n'>): boolean => HOSTS.some((host) => sink.to(host).some(has(n)));
  await until(() => where === 'waiting' || visitors.every(sent), 'the first attempt');
  if (where === 'dead letter') await pause(300);

  const mend = await disturb(wrong, dir, holder, answerer);
  const hindered = ['outbox full', 'disk full', 'storage broken', 'load shed', 'rate limit'].includes(wrong);
  for (const visitor of visitors) {
    const { status } = await withdraw(visitor, others[0] as number, answerer);
    // What analytics alone may have is an event of its own, and that one needs room.
    const wanted = hindered && visitor.one.what.startsWith('a ') ? [429, 503] : [204];
    if (!wanted.includes(status)) problems.push(`${sayCase(visitor.one)}: the withdrawal was answered ${status}`);
  }
  // What was on its way when it was answered has arrived by then; vendors still refuse it, and it must not come again.
  await pause(50);
  const answered = sink.requests.length;
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
  for (const { one, n } of visitors) {
    for (const host of FORBIDDEN[one.what])
      if (after.some((request) => request.host === host && has(n)(request)))
        problems.push(`${sayCase(one)}: sent to ${host} after the answer`);
    if (one.what === 'a vendor' && !sink.to(LINKEDIN).some(accepted(n)))
      problems.push(`${sayCase(one)}: a vendor that is still allowed got nothing`);
  }
  return problems;

  function has(n: number): (request: Recorder['requests'][number]) => boolean {
    return ({ body, query }) => body.includes(marker(n)) || query.includes(marker(n));
  }
  function accepted(n: number): (request: Recorder['requests'][number]) => boolean {
    return (request) => has(n)(request) && !refusedRequests.has(request);
  }
}

const ALL = klaro(true, true, true);
export const sayCase = (one: Case): string => Object.values(one).join(', ');

/** The visitor's event is taken. */
async function arrive(
  one: Case,
  holder: Process,
  take: (n: number, asked: Omit<Asked, 'event'>, user?: object) => Promise<void>,
): Promise<Visitor> {
  const { known } = one;
  const n = numbers++;
  const cookies = cookiesOf(n);
  const user = known.includes('user id') ? { id: `customer-${n}` } : {};
  const stated = known.includes('user id')
    ? { user_agent: AGENT }
    : { client_id: `${5_000_000 + n}.1790000000`, user_agent: AGENT };
  if (isBackend(one) && !known.endsWith('of a browser')) await take(n, { cookies: ALL, backend: stated }, user);
  else {
    if (known === 'pv_id') {
      // Its first answer issues the id, the next hit brings it.
      const first = await holder.ask({ event: { name: 'view_item', id: `first${n}` }, cookies: ALL });
      const set = first.cookies.find((cookie) => cookie.startsWith('pv_id='))?.split(';')[0];
      if (set === undefined) throw new Error('no own id was issued');
      cookies['pv_id'] = set.slice('pv_id='.length);
    }
    await take(n, { cookies: joined(ALL, headerOf(cookies)) }, user);
  }
  return { one, n, cookies, stated, user };
}

/** The visitor withdraws, and writes the ids of somebody else into the hit, who is not meant. */
function withdraw(
  { one, n, cookies, stated, user }: Visitor,
  somebody: number,
  answerer: Process,
): ReturnType<Process['ask']> {
  const { known, what, wrong, door } = one;
  const event = { name: 'page_view', page: { url: `${ORIGIN}/` } };
  const said = joined(DISTURBED[wrong] ?? '', SAID[what]);
  if (isBackend(one)) return answerer.ask({ event: { ...event, user }, cookies: said, backend: stated, door });
  const theirs = { client_id: `${1_000_000_000 + somebody}.${CAME}`, user: { id: `customer-${somebody}` } };
  const left = headerOf({ [known]: cookies[known] ?? `of ${n}` });
  // Our own protocol has no client id of a browser.
  const more = door.startsWith('/g/collect') ? theirs : { user: theirs.user };
  return answerer.ask({ event: { ...event, ...more }, cookies: joined(said, left), door });
}

/** Requests that a vendor did not take. */
const refusedRequests = new WeakSet<object>();

/** Makes the vendors behave as the place of the event needs it; the result makes them well again. */
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
          [holder, answerer].map((one) => one.ask({ event, cookies: joined(ALL, headerOf(cookiesOf(900_000 + i))) })),
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
      // The gateway may be writing just now.
      const other = new DatabaseSync(join(dir, name), { timeout: 5_000 });
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
export async function withdrawal({ full, say, rounds = full ? 500 : 2 }: Form): Promise<Summary> {
  const started = performance.now();
  const problems: string[] = [];
  let done = 0;
  const drawn = sample(CASES.filter(isPossible), { numRuns: rounds }).values();
  // Mostly they wait for something, so some may do it together.
  const worker = async (): Promise<void> => {
    for (const one of drawn) {
      const found = await run([one]).catch((error: Error) => [error.message]);
      if (found === undefined) continue;
      done++;
      const name = sayCase(one);
      for (const problem of found) problems.push(problem.startsWith(name) ? problem : `${name}: ${problem}`);
      if (done % 20 === 0) say(`${done} withdrawals, ${problems.length} problems`);
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  const seconds = Math.round((performance.now() - started) / 1000);
  const nothing = { acknowledged: 0, delivered: 0, otherwise: 0, duplicates: 0 };
  return { ...nothing, seconds, figures: { withdrawals: done }, problems };
}
