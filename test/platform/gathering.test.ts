import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { unflatten } from '../../src/outbox/append-codec.ts';
import { Gathering } from '../../src/runtimes/node/delivery/gathering.ts';
import { outboxRecord } from '../support/delivery.ts';

// Hits that come in quick succession share a message, a commit and a flush; one that comes alone does not wait.

let gathering: Gathering;
/** What was handed over so far: the numbers of the appends, a list for each time. */
let handedOver: number[][];
let next: number;

beforeEach(() => {
  vi.useFakeTimers();
  handedOver = [];
  next = 0;
  gathering = new Gathering((first, flat) => handedOver.push(unflatten(flat).map((_, i) => first + i)));
});
afterEach(() => vi.useRealTimers());

const withdrawal = { site: 'shop', subject: 'visitor', signals: 0, closedRoutes: [], at: 0 };
const hit = () => gathering.add(next, [outboxRecord('a', `event-${next++}`)], []);
const withdraw = () => gathering.add(next++, [], [withdrawal]);
/** Lets the turn of the event loop end, in no time. */
const turn = () => vi.advanceTimersByTime(0);

it('a hit after a quiet time is handed over when its turn ends, with all of that turn', () => {
  hit();
  hit();
  turn();
  expect(handedOver).toEqual([[0, 1]]);
  vi.advanceTimersByTime(10);
  hit();
  turn();
  expect(handedOver).toEqual([[0, 1], [2]]);
});

it('hits that follow go together, at most 3 ms after the hand-over before', () => {
  hit();
  turn();
  for (let i = 0; i < 3; i++) {
    hit();
    turn();
  }
  vi.advanceTimersByTime(1);
  hit();
  expect(handedOver).toEqual([[0]]);
  vi.advanceTimersByTime(2);
  expect(handedOver).toEqual([[0], [1, 2, 3, 4]]);
  // The next window begins with that.
  hit();
  vi.advanceTimersByTime(2);
  expect(handedOver).toHaveLength(2);
  vi.advanceTimersByTime(1);
  expect(handedOver).toEqual([[0], [1, 2, 3, 4], [5]]);
});

it('sixteen do not wait for more', () => {
  hit();
  turn();
  for (let i = 0; i < 15; i++) hit();
  turn();
  expect(handedOver).toEqual([[0]]);
  hit();
  hit();
  turn();
  expect(handedOver).toEqual([[0], Array.from({ length: 17 }, (_, i) => 1 + i)]);
  // The window begins anew.
  hit();
  turn();
  expect(handedOver).toHaveLength(2);
});

it('a withdrawal does not wait, and what was accepted before it comes before it', () => {
  hit();
  turn();
  hit();
  withdraw();
  hit();
  turn();
  expect(handedOver).toEqual([[0], [1, 2, 3]]);
  // Nothing is handed over twice when the window ends.
  vi.advanceTimersByTime(10);
  expect(handedOver).toHaveLength(2);
});

it('what waits can be handed over at once, where there is no later', () => {
  hit();
  turn();
  hit();
  gathering.flush();
  expect(handedOver).toEqual([[0], [1]]);
  gathering.flush();
  expect(handedOver).toHaveLength(2);
});
