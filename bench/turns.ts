import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GA4_ONLY, webHits, type BenchRequest } from './hits.ts';
import { wrk } from './load.ts';
import { type Server } from './processes.ts';
import { startGateway, startNginx, startPeer } from './servers.ts';
import { memory, processorTime } from './system.ts';
import type { Results, Turn } from './results.ts';

/** The contestants of the closed model, and one turn of each. */

/** `-- --quick`: each part once, and short. */
export const quick = process.argv.includes('--quick');
export const SECONDS = quick ? 1 : 3;
const TURNS = quick ? 1 : 3;
export const FIVE_ROUTES = readFileSync(join(import.meta.dirname, 'five-routes.yaml'), 'utf8');
/** No program listens there: accepted events stay in the outbox. */
export const NOBODY = 'http://127.0.0.1:9';
export const VISITORS = 512;

export const CEILING = 'Hono answering 204';
const GATEWAY_ALONE: ReadonlySet<string> = new Set(['denied', 'granted, GA4']);

export interface Contestant {
  readonly name: string;
  readonly start: () => Promise<Server>;
  readonly hits: readonly BenchRequest[];
}

export const say = (text: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function withServer<S extends Server, T>(
  start: () => Promise<S>,
  use: (server: S) => Promise<T>,
): Promise<T> {
  const server = await start();
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

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

export async function turn({ name, start, hits }: Contestant, connections: number): Promise<Turn> {
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

/** The closed model: all contestants in turns. */
export async function closed(sink: Server): Promise<Results['closed']> {
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
