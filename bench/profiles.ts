import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { drained, FORMS } from './drain.ts';
import { GA4_ONLY, webHits, type BenchRequest } from './hits.ts';
import { areasOf, monotonic, running } from './profile.ts';
import { k6, wrk } from './load.ts';
import { has, SCRATCH, type Server } from './processes.ts';
import { CHECKOUT_MAIN, startGateway } from './servers.ts';
import type { Results } from './results.ts';
import { FIVE_ROUTES, NOBODY, quick, say, SECONDS, VISITORS, withServer } from './turns.ts';

/** The areas of both threads between two moments, divided by something. */
export function profilesIn(
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

/** `CPU.<date>.<time>.<pid>.<thread>.<number>.cpuprofile`: the first thread first. */
function byThread(a: string, b: string): number {
  return Number(a.split('.')[4]) - Number(b.split('.')[4]);
}

/**
 * Where the time goes: CPU profiles of both threads under load, in microseconds a request by area. Of the checkout,
 * because what is published does not know any more which file a function was in.
 */
export async function profiles(sink: Server): Promise<Results['profiles']> {
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
