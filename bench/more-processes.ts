import { GA4_ONLY, webHits, type BenchRequest } from './hits.ts';
import { wrk } from './load.ts';
import { type Server } from './processes.ts';
import { startGateway } from './servers.ts';
import { childrenOf } from './system.ts';
import type { Results, Turn } from './results.ts';
import { limit, type Slice } from './slices.ts';
import { NOBODY, quick, say, SECONDS, turn, VISITORS, withServer } from './turns.ts';

/** One, two and four processes, with all of the machine and with a fixed share of a core each. */
export async function moreProcesses(): Promise<Results['workers']> {
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
