import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { GA4_ONLY, webHits, type BenchRequest } from './hits.ts';
import { fillDeadLetters } from './dead-letters.ts';
import { drained, FORMS } from './drain.ts';
import { areasOf, monotonic, running, starting } from './profile.ts';
import { limit, type Slice } from './slices.ts';
import {
  CHECKOUT_MAIN,
  childrenOf,
  endedTime,
  has,
  insideOf,
  k6,
  mappedFiles,
  memory,
  processorTime,
  publishedMain,
  queue,
  received,
  scheduled,
  SCRATCH,
  startGateway,
  startNginx,
  startPeer,
  startSink,
  wrk,
  type GatewayServer,
  type Server,
} from './processes.ts';
import { writeReport } from './report.ts';
import type { Pure, Results, Sustained, Turn } from './results.ts';

/**
 * `npm run bench`: everything in one run on one machine, each turn in a fresh process, the contestants in alternating
 * order. Writes `results/latest.json`, the tables of `README.md` and `throughput.svg`. `-- --quick` takes a minute and
 * writes nothing.
 */
const quick = process.argv.includes('--quick');
const SECONDS = quick ? 1 : 3;
const TURNS = quick ? 1 : 3;
const ROOT = join(import.meta.dirname, '..');
const FIVE_ROUTES = readFileSync(join(ROOT, 'bench/five-routes.yaml'), 'utf8');
/** Nobody listens there: what is accepted stays in the outbox. */
const NOBODY = 'http://127.0.0.1:9';
const VISITORS = 512;

const CEILING = 'Hono answering 204';
const GATEWAY_ALONE: ReadonlySet<string> = new Set(['denied', 'granted, GA4']);

interface Contestant {
  readonly name: string;
  readonly start: () => Promise<Server>;
  readonly hits: readonly BenchRequest[];
}

const say = (text: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);

function contestants(sink: Server): Contestant[] {
  const granted = webHits(VISITORS, { choice: 'granted' });
  const gateway = (name: string, config: string, to: string, hits: readonly BenchRequest[]): Contestant => ({
    name,
    start: () => startGateway({ config, sink: to }),
    hits,
  });
  return [
    { name: CEILING, start: () => startPeer('hono'), hits: granted },
    { name: 'node:http answering 204', start: () => startPeer('node'), hits: granted },
    { name: 'nginx, plain proxy', start: () => startNginx(sink.url), hits: granted },
    { name: 'Hono, answer and forward', start: () => startPeer('forward', [sink.url]), hits: granted },
    gateway('denied', GA4_ONLY, NOBODY, webHits(VISITORS, { choice: 'denied' })),
    gateway('granted, GA4', GA4_ONLY, NOBODY, granted),
    gateway('granted, GA4, delivering', GA4_ONLY, sink.url, granted),
    gateway(
      'two events, five routes',
      FIVE_ROUTES,
      NOBODY,
      webHits(VISITORS, { choice: 'granted', purchase: true, events: 2 }),
    ),
    gateway('five routes', FIVE_ROUTES, NOBODY, webHits(VISITORS, { choice: 'granted', purchase: true })),
  ];
}

async function turn({ name, start, hits }: Contestant, connections: number): Promise<Turn> {
  const server = await start();
  try {
    await wrk(server.url, hits, { connections: 32, seconds: quick ? 1 : 2 });
    const before = processorTime(server.pid);
    const measured = await wrk(server.url, hits, { connections, seconds: SECONDS });
    const after = processorTime(server.pid);
    const { rss, peak } = memory(server.pid);
    const requests = Math.max(1, measured.perSecond * SECONDS);
    const cpuFirst = (after.first - before.first) / requests;
    const cpuAll = (after.all - before.all) / requests;
    say(`${name}, ${connections} connections: ${Math.round(measured.perSecond)}/s`);
    return { ...measured, rss, peak, cpuFirst, cpuAll };
  } finally {
    await server.stop();
  }
}

async function closed(sink: Server): Promise<Results['closed']> {
  const list = contestants(sink);
  const results = new Map<string, { name: string; connections: number; turns: Turn[] }>();
  const take = async (contestant: Contestant, connections: number): Promise<void> => {
    const key = `${contestant.name}\t${connections}`;
    const entry = results.get(key) ?? { name: contestant.name, connections, turns: [] };
    results.set(key, entry);
    entry.turns.push(await turn(contestant, connections));
  };
  for (let i = 0; i < TURNS; i++) {
    // There and back: what warms up or gets tired hits all alike.
    for (const contestant of i % 2 === 0 ? list : list.toReversed()) await take(contestant, 256);
  }
  // Fewer connections: the group commit has fewer to gather.
  const few = list.filter(({ name }) => name === CEILING || GATEWAY_ALONE.has(name));
  if (!quick) for (const contestant of few) await take(contestant, 32);
  return [...results.values()];
}

async function withServer<S extends Server, T>(start: () => Promise<S>, use: (server: S) => Promise<T>): Promise<T> {
  const server = await start();
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

async function open(sink: Server): Promise<Pick<Results, 'open' | 'capacity'>> {
  const measured: { name: string; measured: Results['open'][number]['measured'] }[] = [];
  const capacity: typeof measured = [];
  if (!(await has('k6', 'version'))) {
    say('k6 is not installed: the open model is left out (see README.md)');
    return { open: measured, capacity };
  }
  const granted = webHits(VISITORS, { choice: 'granted' });
  const list: [string, () => Promise<Server>][] = [
    ['Hono answering 204', () => startPeer('hono')],
    ['granted, GA4, delivering', () => startGateway({ config: GA4_ONLY, sink: sink.url })],
  ];
  for (const [name, start] of list) {
    await withServer(start, async (server) => {
      // Compiled and rested: what is measured is neither a cold start, whose compiling goes on for ten thousands of hits,
      // nor the rest of a burst.
      await wrk(server.url, granted, { connections: 32, seconds: quick ? 2 : 15 });
      await pause(quick ? 500 : 3_000);
      await k6(server.url, granted, { rate: 500, seconds: quick ? 1 : 4 });
      measured.push({ name, measured: await k6(server.url, granted, { rate: 1000, seconds: quick ? 2 : 10 }) });
      if (!quick)
        capacity.push({ name, measured: await k6(server.url, granted, { rate: 1000, ramp: 12_000, seconds: 8 }) });
    });
    say(`open model: ${name}`);
  }
  return { open: measured, capacity };
}

/** What of the goals' figures only looking inside explains: whose the memory is, and what a lone hit waits for. */
async function insides(sink: Server): Promise<Pick<Results, 'memory' | 'waits'>> {
  const page = webHits(VISITORS, { choice: 'granted' });
  const folder = (): string => join(SCRATCH, `inside-${looked++}`);
  let looked = 0;
  const memories: Results['memory'][number][] = [];
  const list: [string, (inside: string) => Promise<Server>, readonly BenchRequest[]][] = [
    [CEILING, (inside) => startPeer('hono', [], inside), page],
    [
      'denied',
      (inside) => startGateway({ config: GA4_ONLY, sink: NOBODY, inside }),
      webHits(VISITORS, { choice: 'denied' }),
    ],
    ['granted, GA4', (inside) => startGateway({ config: GA4_ONLY, sink: NOBODY, inside }), page],
    [
      'two events, five routes',
      (inside) => startGateway({ config: FIVE_ROUTES, sink: NOBODY, inside }),
      webHits(VISITORS, { choice: 'granted', purchase: true, events: 2 }),
    ],
  ];
  for (const [name, start, hits] of list) {
    const into = folder();
    const found = await withServer(
      () => start(into),
      async ({ url, pid }) => {
        await wrk(url, hits, { connections: 256, seconds: SECONDS + 2 });
        return { rss: memory(pid).rss, files: mappedFiles(pid) };
      },
    );
    const heaps = insideOf(into, 1).map(([last]) => last?.heap ?? { young: 0, old: 0, codeAndOther: 0 });
    memories.push({ name, ...found, heaps });
  }
  const waits: Results['waits'][number][] = [];
  if (!quick && (await has('k6', 'version'))) {
    const seconds = 8;
    const contestants: [string, (inside: string) => Promise<Server>][] = [
      [CEILING, (inside) => startPeer('hono', [], inside)],
      ['granted, GA4, delivering', (inside) => startGateway({ config: GA4_ONLY, sink: sink.url, inside })],
    ];
    for (const [name, start] of contestants) {
      const into = folder();
      waits.push(
        await withServer(
          () => start(into),
          async ({ url, pid }) => {
            await wrk(url, page, { connections: 32, seconds: 15 });
            await pause(3_000);
            const before = scheduled(pid);
            const [generator, vendors] = [endedTime(), processorTime(sink.pid).all];
            const { requests, p99 } = await k6(url, page, { rate: 1000, seconds });
            const after = scheduled(pid);
            const threads = (['first', 'delivery', 'others'] as const).map((thread) => ({
              thread,
              ran: (after[thread].ran - before[thread].ran) / requests,
              waited: (after[thread].waited - before[thread].waited) / requests,
              times: (after[thread].times - before[thread].times) / requests,
            }));
            const beside: [string, number][] = [
              ['the load generator, its start included', (endedTime() - generator) / requests],
              ['the sink', (processorTime(sink.pid).all - vendors) / requests],
            ];
            return { name, p99, threads, beside, seconds: insideOf(into, seconds) };
          },
        ),
      );
    }
  }
  say('inside');
  return { memory: memories, waits };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Accepts as much as possible while delivering; works off a full outbox; looks for a rate that keeps it flat. */
async function sustained(sink: Server): Promise<Sustained> {
  const hits = webHits(VISITORS, { choice: 'granted' });
  const start = (): Promise<GatewayServer> => startGateway({ config: GA4_ONLY, sink: sink.url });
  const rush = await withServer(start, async (gateway) => {
    await wrk(gateway.url, hits, { connections: 32, seconds: 1 });
    const before = await received(sink);
    const begun = performance.now();
    const { perSecond } = await wrk(gateway.url, hits, { connections: 256, seconds: SECONDS });
    const between = await received(sink);
    return { accepted: perSecond, deliveredMeanwhile: ((between - before) / (performance.now() - begun)) * 1000 };
  });
  say('accepting and delivering');
  const drains: Sustained['drains'][number][] = [];
  for (const { name, config, hits: filling } of FORMS) {
    // Enough to be worked off by code that has been compiled.
    drains.push({ name, ...(await drained(sink, config, filling, quick ? 1 : 10)) });
  }
  say('draining');
  // Half of what it delivers under full load, so that the load generator is not what is measured.
  const rate = Math.max(200, Math.round(rush.deliveredMeanwhile / 2 / 100) * 100);
  const waiting = await withServer(start, async (gateway): Promise<[number, number]> => {
    if (!(await has('k6', 'version'))) return [NaN, NaN];
    const seconds = quick ? 3 : 9;
    const running = k6(gateway.url, hits, { rate, seconds });
    await pause((seconds * 1000) / 3 + 1000);
    const early = (await queue(gateway)).waiting;
    await pause((seconds * 1000) / 2);
    const late = (await queue(gateway)).waiting;
    await running;
    return [early, late];
  });
  say('in balance');
  return { ...rush, drains, balance: { rate, waiting } };
}

async function workers(): Promise<Results['workers']> {
  const hits = webHits(VISITORS, { choice: 'granted' });
  const starting = (count: number) => () => startGateway({ config: GA4_ONLY, sink: NOBODY, workers: count });
  const counts = [1, 2, 4];
  const list: { readonly workers: number; readonly turns: Turn[]; readonly slices: number[] }[] = [];
  for (const count of counts) {
    const free = await turn({ name: `${count} workers`, start: starting(count), hits }, 256);
    list.push({ workers: count, turns: [free], slices: [] });
  }
  for (const { workers: count, slices } of quick ? list : [...list, ...list.toReversed()]) {
    const perSecond = await sliced(starting(count), hits, 64 * count);
    if (perSecond !== undefined) slices.push(perSecond);
    say(`${count} workers, ${SLICE} of a core each: ${Math.round(perSecond ?? NaN)}/s`);
  }
  return list;
}

/** What each process gets of a core where several are compared with one. */
const SLICE = 0.2;

/** Granted requests a second when each process has a fixed share of a core; undefined where that cannot be arranged. */
async function sliced(
  start: () => Promise<Server>,
  hits: readonly BenchRequest[],
  connections: number,
): Promise<number | undefined> {
  const slices: (Slice | undefined)[] = [];
  try {
    return await withServer(start, async ({ url, pid }) => {
      await wrk(url, hits, { connections, seconds: quick ? 1 : 2 });
      slices.push(...childrenOf(pid).map((child) => limit(child, SLICE)));
      if (slices.includes(undefined)) return undefined;
      // Until the connections have settled at the new pace.
      await wrk(url, hits, { connections, seconds: 1 });
      return (await wrk(url, hits, { connections, seconds: SECONDS })).perSecond;
    });
  } finally {
    for (const slice of slices) slice?.end();
  }
}

/** Time from spawn to listening, from TypeScript and as published. */
async function startUp(): Promise<Results['start']> {
  const times = async (main: string): Promise<number[]> => {
    const found: number[] = [];
    for (let i = 0; i < (quick ? 2 : 5); i++) {
      await withServer(
        () => startGateway({ config: GA4_ONLY, sink: NOBODY, main }),
        ({ readyMs }) => Promise.resolve(found.push(readyMs)),
      );
    }
    return found;
  };
  const published = await times(publishedMain());
  const checkout = await times(CHECKOUT_MAIN);
  say('start-up');
  return [
    { from: 'as published (JavaScript)', milliseconds: published },
    { from: 'from a checkout (TypeScript)', milliseconds: checkout },
  ];
}

/** What a start is made of: one, as published, with a profile of both threads, which makes it somewhat longer. */
async function startProfile(): Promise<Results['startProfile']> {
  const folder = join(SCRATCH, 'profile-start');
  const [from, to] = await withServer(
    () => startGateway({ config: GA4_ONLY, sink: NOBODY, profiles: folder }),
    ({ readyMs }) => {
      const ready = monotonic();
      return Promise.resolve([ready - readyMs * 1000, ready] as const);
    },
  );
  return profilesIn(folder, { from, to }, starting, 1_000);
}

/** The areas of both threads between two moments, divided by something. */
function profilesIn(
  folder: string,
  { from, to }: { readonly from: number; readonly to: number },
  areaOf: typeof running,
  by: number,
): Results['startProfile'] {
  const [first = [], delivery = []] = readdirSync(folder)
    .toSorted(byThread)
    .map((file) => {
      const areas = [...areasOf(join(folder, file), from, to, areaOf)];
      return areas.map(([area, us]): [string, number] => [area, us / by]);
    });
  return { first, delivery };
}

/**
 * Where the time goes: CPU profiles of both threads under load, in microseconds a request by area. Of the checkout,
 * because what is published does not know any more which file a function was in.
 */
async function profiles(sink: Server): Promise<Results['profiles']> {
  const granted = { choice: 'granted', purchase: true } as const;
  const page = webHits(VISITORS, { choice: 'granted' });
  const many = async (url: string, hits: readonly BenchRequest[]): Promise<number> =>
    (await wrk(url, hits, { connections: 256, seconds: SECONDS })).perSecond * SECONDS;
  const lone = async (url: string, hits: readonly BenchRequest[]): Promise<number> =>
    (await k6(url, hits, { rate: 1000, seconds: 2 * SECONDS })).requests;
  const list: [string, string, string, readonly BenchRequest[], typeof many][] = [
    ['denied', GA4_ONLY, NOBODY, webHits(VISITORS, { choice: 'denied' }), many],
    ['granted, GA4', GA4_ONLY, NOBODY, page, many],
    ['granted, GA4, delivering', GA4_ONLY, sink.url, page, many],
    ['two events, five routes', FIVE_ROUTES, NOBODY, webHits(VISITORS, { ...granted, events: 2 }), many],
  ];
  if (!quick && (await has('k6', 'version')))
    list.push(['granted, GA4, delivering, 1,000 hits/s', GA4_ONLY, sink.url, page, lone]);
  const found: Results['profiles'][number][] = [];
  for (const [name, config, to, hits, load] of list) {
    const folder = join(SCRATCH, `profile-${found.length}`);
    const loaded = await withServer(
      () => startGateway({ config, sink: to, profiles: folder, main: CHECKOUT_MAIN }),
      async ({ url }) => {
        await wrk(url, hits, { connections: 32, seconds: load === lone ? 15 : 2 });
        const from = monotonic();
        const requests = await load(url, hits);
        return { from, to: monotonic(), requests };
      },
    );
    found.push({ name, ...profilesIn(folder, loaded, running, loaded.requests) });
  }
  const [single] = FORMS;
  if (single !== undefined) {
    const profiles = join(SCRATCH, 'profile-drain');
    const done = await drained(sink, single.config, single.hits, quick ? 1 : 10, { profiles, main: CHECKOUT_MAIN });
    found.push({ name: 'a full outbox worked off, GA4', ...profilesIn(profiles, done, running, done.events) });
  }
  say('profiles');
  return found;
}

/** `CPU.<date>.<time>.<pid>.<thread>.<number>.cpuprofile`: the first thread first. */
function byThread(a: string, b: string): number {
  return Number(a.split('.')[4]) - Number(b.split('.')[4]);
}

/** Accepting with more and more dead letters in the outbox. */
async function deadLetters(): Promise<Results['deadLetters']> {
  const hits = webHits(VISITORS, { choice: 'granted' });
  const list: [number, number][] = [];
  for (const count of [1, 100, 10_000]) {
    const data = join(SCRATCH, `dead-${count}`);
    await fillDeadLetters(data, GA4_ONLY, count);
    const start = (): Promise<Server> => startGateway({ config: GA4_ONLY, sink: NOBODY, data });
    const { perSecond } = await turn({ name: `${count} dead letters`, start, hits }, 256);
    list.push([count, perSecond]);
  }
  return list;
}

/** What a program of its own prints: the pure path alone, in one process. */
function printed(program: string): unknown {
  const seconds = quick ? '0.3' : '1';
  const text = execFileSync(process.execPath, [join(import.meta.dirname, program), '--seconds', seconds], {
    encoding: 'utf8',
  });
  return JSON.parse(text);
}

const begun = performance.now();
const loadBefore = loadavg()[0] ?? NaN;
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
const sink = await startSink();
const results: Results = {
  at: new Date().toISOString(),
  commit,
  machine: {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    loadBefore,
  },
  seconds: SECONDS,
  pure: printed('pure.ts') as Pure,
  idleRoutes: printed('idle-routes.ts') as Results['idleRoutes'],
  start: await startUp(),
  closed: await closed(sink),
  ...(await open(sink)),
  sustained: await sustained(sink),
  workers: await workers(),
  deadLetters: quick ? [] : await deadLetters(),
  startProfile: await startProfile(),
  profiles: await profiles(sink),
  ...(await insides(sink)),
};
await sink.stop();
const text = writeReport(results);
if (!quick) {
  writeFileSync(join(import.meta.dirname, 'results/latest.json'), `${JSON.stringify(results, null, 1)}\n`);
}
console.log(text);
say(`took ${Math.round((performance.now() - begun) / 1000)} s`);
