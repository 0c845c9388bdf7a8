import { join } from 'node:path';
import { GA4_ONLY } from './hits.ts';
import { monotonic, starting } from './profile.ts';
import { SCRATCH } from './processes.ts';
import { CHECKOUT_MAIN, publishedMain, startGateway } from './servers.ts';
import { profilesIn } from './profiles.ts';
import type { Results } from './results.ts';
import { NOBODY, quick, say, withServer } from './turns.ts';

/** Time from spawn to listening, from TypeScript and as published. */
export async function startUp(): Promise<Results['start']> {
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
export async function startProfile(): Promise<Results['startProfile']> {
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
