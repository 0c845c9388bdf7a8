import { expect, it } from 'vitest';
import { KNOWN, run, WHAT, WHERE, withdrawal, WRONG, type Case } from './withdrawal.ts';

const PLAIN: Case = { known: '_ga', where: 'waiting', what: 'everything', wrong: 'nothing' };

/** What one process cannot write down, another has to know of. */
const ACROSS: Case = { ...PLAIN, where: 'in another process', wrong: 'disk full' };

/** Every kind once, beside cases that are drawn. */
const EACH: readonly Case[] = [
  PLAIN,
  ACROSS,
  ...KNOWN.map((known): Case => ({ ...PLAIN, known })),
  ...WHERE.map((where): Case => ({ ...PLAIN, where })),
  ...WHAT.map((what): Case => ({ ...PLAIN, what })),
  ...WRONG.map((wrong): Case => ({ ...PLAIN, wrong })),
].filter((one, i) => i === 0 || JSON.stringify(one) !== JSON.stringify(PLAIN));

it.each(EACH.map((one) => [Object.values(one).join(', '), one] as const))(
  'nothing of a visitor is sent after the answer to a withdrawal, everything of others is: %s',
  { timeout: 60_000 },
  async (_, one) => {
    expect((await run(one)) ?? []).toEqual([]);
  },
);

it('the same, for cases that are drawn', { timeout: 120_000 }, async () => {
  expect((await withdrawal({ full: false, say: () => {} })).problems).toEqual([]);
});
