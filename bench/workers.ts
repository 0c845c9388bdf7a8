/**
 * The built worker on workerd beside the gateway on Node, one configuration and one sink: processor time of a start and of
 * a hit, as ratios, and of the first request (`docs/runtimes.md`). `node bench/workers.ts [pairs]`, by default 5 (`npm ci --prefix test/runtimes
 * --ignore-scripts` first). What workerd itself takes for a request is measured with a worker that answers 204 at once, and
 * what it takes to start with that worker, too. Both take turns, there and back; what else runs on the machine is told.
 */
import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { built } from '../test/runtimes/workerd.ts';
import { GA4_ONLY, webHits, type BenchRequest } from './hits.ts';
import { SCRATCH, type Server } from './processes.ts';
import { received, startGateway, startSink } from './servers.ts';
import { processorTime, scheduled } from './system.ts';
import { shown } from './ratios.ts';
import { startAlone } from './workerd-alone.ts';

const HITS = 1_500;
const AT_ONCE = 16;

/** Something that takes hits, and the process whose time counts. */
interface Taker {
  readonly url: string;
  readonly pid: number;
  readonly stop: () => Promise<unknown>;
}

const EMPTY = `
import { DurableObject } from 'cloudflare:workers';
export class OutboxObject extends DurableObject {}
export default { fetch: () => new Response(null, { status: 204 }) };
`;

/** The folder of a worker that does nothing. */
async function emptyFolder(): Promise<string> {
  const empty = mkdtempSync(join(SCRATCH, 'empty-'));
  cpSync(await built(GA4_ONLY), empty, { recursive: true });
  writeFileSync(join(empty, 'worker.js'), EMPTY);
  return empty;
}

function startWorker(dir: string, sink: string): Promise<Taker> {
  return startAlone({ dir, sink, data: mkdtempSync(join(SCRATCH, 'objects-')) });
}

/** Sends hits, `AT_ONCE` at a time. @throws where one is not answered 204 */
async function send(url: string, hits: readonly BenchRequest[], count: number): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) {
      const { method, path, headers, body } = hits[next++ % hits.length] as BenchRequest;
      const { status } = await fetch(`${url}${path}`, { method, headers, ...(body !== '' && { body }) });
      if (status !== 204) throw new Error(`answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

/** Milliseconds of processor time of all threads, from the scheduler: a tick of /proc is longer than a request. */
function exactly(pid: number): number {
  return Object.values(scheduled(pid)).reduce((sum, { ran }) => sum + ran, 0) / 1_000;
}

/** Milliseconds of processor time of one request, with what is done right behind its answer. */
async function single({ url, pid }: Taker, hits: readonly BenchRequest[]): Promise<number> {
  const before = exactly(pid);
  await send(url, hits, 1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  return exactly(pid) - before;
}

/** Microseconds of processor time a hit; `delivered`: until the sink has them all. */
async function hit({ url, pid }: Taker, hits: readonly BenchRequest[], sink?: Server): Promise<number> {
  const [before, had] = [processorTime(pid).all, sink === undefined ? 0 : await received(sink)];
  await send(url, hits, HITS);
  for (const end = Date.now() + 60_000; sink !== undefined && (await received(sink)) < had + HITS; ) {
    if (Date.now() > end) throw new Error('what was accepted is not delivered');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return (processorTime(pid).all - before) / HITS;
}

function newFigures(): { readonly node: number[]; readonly workerd: number[] } {
  return { node: [], workerd: [] };
}

const pairs = Number(process.argv[2] ?? 5);
const sink = await startSink();
const [dir, empty] = [await built(GA4_ONLY), await emptyFolder()];
const denied = webHits(512, { choice: 'denied' });
const starts: number[] = [];
const firsts: number[] = [];
const figures = { denied: newFigures(), whole: newFigures() };
const bare: number[] = [];
const began = loadavg();
for (let pair = 0; pair < pairs; pair++) {
  const [nothing, worker] = [await startWorker(empty, sink.url), await startWorker(dir, sink.url)];
  const node = await startGateway({ config: GA4_ONLY, sink: sink.url });
  // The first answer, so that all that is made late is made.
  const [engine, all] = [await single(nothing, denied), await single(worker, denied)];
  firsts.push(all - engine);
  starts.push((processorTime(worker.pid).all - processorTime(nothing.pid).all) / 1_000);
  for (const { url } of [nothing, worker, node]) await send(url, denied, HITS);
  bare.push(await hit(nothing, denied));
  // Each visitor once: a second hit of the same event would be a repeat.
  const granted = webHits(HITS, { choice: 'granted' });
  for (const taker of pair % 2 === 0 ? [worker, node] : [node, worker]) {
    const name = taker === worker ? 'workerd' : 'node';
    figures.denied[name].push(await hit(taker, denied));
    figures.whole[name].push(await hit(taker, granted, sink));
  }
  for (const one of [nothing, worker, node]) await one.stop();
}
await sink.stop();

console.log(
  `load of the machine: ${began[0]?.toFixed(1)} before, ${loadavg()[0]?.toFixed(1)} after; ${pairs} pairs of ${HITS} hits`,
);
console.log(`start to the first answer, beyond a worker that does nothing: ${shown(starts)} ms of processor time`);
console.log(`the first request, beyond one to that worker: ${shown(firsts)} ms of processor time`);
console.log(`workerd alone: ${shown(bare)} us a request`);
for (const [name, { node, workerd }] of Object.entries(figures)) {
  const beyond = workerd.map((one, i) => one - (bare[i] as number));
  const ratio = (of: readonly number[]): string => shown(of.map((one, i) => one / (node[i] as number)));
  console.log(
    `${name}: ${shown(workerd)} us on workerd, ${shown(node)} on Node, ratio ${ratio(workerd)}; beyond what workerd takes by itself ${shown(beyond)}, ratio ${ratio(beyond)}`,
  );
}
