import { expect, it } from 'vitest';
import { Turns } from '../../src/runtimes/node/http/turns.ts';

const busy = (ms: number): void => {
  for (const end = performance.now() + ms; performance.now() < end; );
};
/**
 * Takes so many pieces that arrive in one turn, each of 5 ms of work after a promise, as hits are; says how often others
 * had a turn.
 */
async function take(turns: Turns, pieces: number): Promise<{ done: number[]; between: number; longest: number }> {
  const done: number[] = [];
  let between = 0;
  let longest = 0;
  const timer = setInterval(() => {
    between++;
    longest = Math.max(longest, turns.delay);
  }, 1);
  await Promise.all(
    Array.from({ length: pieces }, (_, n) =>
      new Promise<void>((resolve) => setImmediate(() => turns.take(resolve))).then(() => {
        busy(5);
        done.push(n);
      }),
    ),
  );
  clearInterval(timer);
  return { done, between, longest };
}

it('lets others have their turn between pieces of work, which stay in order', async () => {
  const turns = new Turns();
  const { done, between, longest } = await take(turns, 100);
  expect(done).toEqual(Array.from({ length: 100 }, (_, n) => n));
  // Half a second of work, in turns of about 10 ms.
  expect(between).toBeGreaterThan(5);
  expect(longest).toBeGreaterThan(200);
  expect(turns.delay).toBe(0);
});

it('does at once what fits in a turn', async () => {
  const turns = new Turns();
  let done = false;
  turns.take(() => {
    done = true;
  });
  expect(done).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  turns.take(() => busy(30));
  turns.take(() => {
    done = false;
  });
  // The turn is used up.
  expect(done).toBe(true);
  expect(turns.delay).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(done).toBe(false);
});
