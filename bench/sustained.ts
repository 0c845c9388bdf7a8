import { fillDeadLetters } from './dead-letters.ts';
import { drained, FORMS } from './drain.ts';
import { GA4_ONLY, webHits } from './hits.ts';
import { k6, wrk } from './load.ts';
import { has, SCRATCH, type Server } from './processes.ts';
import { queue, received, startGateway, type GatewayServer } from './servers.ts';
import type { Results, Sustained } from './results.ts';
import { NOBODY, pause, quick, say, SECONDS, turn, VISITORS, withServer } from './turns.ts';
import { join } from 'node:path';

/** Accepts as much as possible while delivering; works off a full outbox; looks for a rate that keeps it flat. */
export async function sustained(sink: Server): Promise<Sustained> {
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

/** Accepting with more and more dead letters in the outbox. */
export async function deadLetters(): Promise<Results['deadLetters']> {
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
