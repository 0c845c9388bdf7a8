import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Timers } from '../../src/runtimes/web/timers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('looks at long waits only when it is told to', () => {
  const timers = new Timers(30_000);
  const called: string[] = [];
  timers.after(100, () => called.push('short'));
  timers.after(30_000, () => called.push('long'));
  const cancel = timers.after(40_000, () => called.push('cancelled'));
  cancel();
  // Nothing that would keep a Durable Object awake is left.
  vi.advanceTimersByTime(100);
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(60_000);
  expect(called).toEqual(['short']);
  timers.due();
  expect(called).toEqual(['short', 'long']);
  timers.due();
  expect(called.length).toBe(2);
});
