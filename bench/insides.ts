import { join } from 'node:path';
import { GA4_ONLY, webHits, type BenchRequest } from './hits.ts';
import { k6, wrk } from './load.ts';
import { has, SCRATCH, type Server } from './processes.ts';
import { insideOf, startGateway, startPeer } from './servers.ts';
import { endedTime, mappedFiles, memory, processorTime, scheduled } from './system.ts';
import type { Results } from './results.ts';
import { CEILING, FIVE_ROUTES, NOBODY, pause, quick, say, SECONDS, VISITORS, withServer } from './turns.ts';

type Memory = Results['memory'][number];
type Wait = Results['waits'][number];

let looked = 0;
/** A folder into which the threads of one process write about themselves. */
const folder = (): string => join(SCRATCH, `inside-${looked++}`);

/** Figures that explain the goals': whose the memory is, and what a lone hit waits for. */
export async function insides(sink: Server): Promise<Pick<Results, 'memory' | 'waits'>> {
  const page = webHits(VISITORS, { choice: 'granted' });
  const found = { memory: await memories(page), waits: await waits(sink, page) };
  say('inside');
  return found;
}

/** Whose the memory is. */
async function memories(page: readonly BenchRequest[]): Promise<Memory[]> {
  const found: Memory[] = [];
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
    const seen = await withServer(
      () => start(into),
      async ({ url, pid }) => {
        await wrk(url, hits, { connections: 256, seconds: SECONDS + 2 });
        return { rss: memory(pid).rss, files: mappedFiles(pid) };
      },
    );
    const heaps = insideOf(into, 1).map(([last]) => last?.heap ?? { young: 0, old: 0, codeAndOther: 0 });
    found.push({ name, ...seen, heaps });
  }
  return found;
}

/** What a lone hit waits for. */
async function waits(sink: Server, page: readonly BenchRequest[]): Promise<Wait[]> {
  const found: Wait[] = [];
  if (quick || !(await has('k6', 'version'))) return found;
  const contestants: [string, (inside: string) => Promise<Server>][] = [
    [CEILING, (inside) => startPeer('hono', [], inside)],
    ['granted, GA4, delivering', (inside) => startGateway({ config: GA4_ONLY, sink: sink.url, inside })],
  ];
  for (const [name, start] of contestants) {
    const into = folder();
    found.push(
      await withServer(
        () => start(into),
        async (server) => ({ name, ...(await waitsOf(server, sink, page)), seconds: insideOf(into, SECONDS_OF_WAITS) }),
      ),
    );
  }
  return found;
}

const SECONDS_OF_WAITS = 8;

/** At 1,000 hits a second: the threads of a server, and the programs beside it, for each request. */
async function waitsOf(
  { url, pid }: Server,
  sink: Server,
  page: readonly BenchRequest[],
): Promise<Pick<Wait, 'p99' | 'threads' | 'beside'>> {
  await wrk(url, page, { connections: 32, seconds: 15 });
  await pause(3_000);
  const before = scheduled(pid);
  const [generator, vendors] = [endedTime(), processorTime(sink.pid).all];
  const { requests, p99 } = await k6(url, page, { rate: 1000, seconds: SECONDS_OF_WAITS });
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
  return { p99, threads, beside };
}
