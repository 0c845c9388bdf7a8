import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { forgetHeld, HeldFlag } from '../../src/outbox/sql/held-flag.ts';
import { temporary } from '../support/serve.ts';

let dir = '';
beforeEach(() => (dir = temporary()));
afterEach(() => rmSync(dir, { recursive: true }));

it('one process sees that another holds a withdrawal, and not its own', () => {
  const [one, two] = [new HeldFlag(dir, 'outbox-0'), new HeldFlag(dir, 'outbox-1')];
  one.tell(true);
  expect([one.elsewhere, two.elsewhere]).toEqual([false, true]);
  one.tell(false);
  expect(two.elsewhere).toBe(false);
  one.close();
  two.close();
});

it('what a process held that was killed stops nobody: after its own start, and after one with fewer processes', () => {
  new HeldFlag(dir, 'outbox-1').tell(true);
  const again = new HeldFlag(dir, 'outbox-1');
  const other = new HeldFlag(dir, 'outbox-0');
  expect(other.elsewhere).toBe(false);
  again.tell(true);
  expect(other.elsewhere).toBe(true);
  forgetHeld(dir);
  const alone = new HeldFlag(dir, 'outbox-0');
  expect(alone.elsewhere).toBe(false);
  for (const one of [again, other, alone]) one.close();
});
