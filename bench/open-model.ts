import { GA4_ONLY, webHits } from './hits.ts';
import { k6, wrk } from './load.ts';
import { has, type Server } from './processes.ts';
import { startGateway, startPeer } from './servers.ts';
import type { Results } from './results.ts';
import { pause, quick, say, VISITORS, withServer } from './turns.ts';

/** The open model: as many hits a second as are asked for, whatever the answers take. */
export async function openModel(sink: Server): Promise<Pick<Results, 'open' | 'capacity'>> {
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
