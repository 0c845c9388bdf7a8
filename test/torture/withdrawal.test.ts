import { describe, expect, it } from 'vitest';
import { DOOR, isPossible, KNOWN, run, WHAT, WHERE, withdrawal, worldOf, WRONG, type Case } from './withdrawal.ts';

const PLAIN: Case = { known: '_ga', where: 'waiting', what: 'everything', wrong: 'nothing', door: '/v1/events' };

const ACROSS: Case = { ...PLAIN, where: 'in another process', wrong: 'disk full' };

/** Every kind once, and a few that belong together, beside cases that are drawn. */
const EACH: readonly Case[] = [
  PLAIN,
  ...KNOWN.map((known): Case => ({ ...PLAIN, known })),
  ...DOOR.map((door): Case => ({ ...PLAIN, door })),
  ...WHERE.map((where): Case => ({ ...PLAIN, where })),
  ...WHAT.map((what): Case => ({ ...PLAIN, what })),
  ...WRONG.map((wrong): Case => ({ ...PLAIN, wrong, door: '/g/collect, socket' })),
  // A withdrawal that one process cannot write must still reach another one.
  ACROSS,
  // The limits of a back end's header are those of any.
  ...WRONG.filter((wrong) => wrong.endsWith('cookies') || wrong.endsWith('cookie')).map(
    (wrong): Case => ({ ...PLAIN, known: 'back end: client id', wrong }),
  ),
].filter(isPossible);

const worlds = Object.entries(Object.groupBy(EACH, worldOf)).map(([name, cases = []]) => [name, cases] as const);

describe.concurrent('nothing of a visitor is sent after the answer to a withdrawal, everything of others is', () => {
  it.each(worlds)('%s', { timeout: 60_000 }, async (_, cases) => {
    expect((await run(cases)) ?? []).toEqual([]);
  });

  it('cases that are drawn', { timeout: 60_000 }, async () => {
    expect((await withdrawal({ full: false, say: () => {} })).problems).toEqual([]);
  });
});
