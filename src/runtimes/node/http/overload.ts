import { Shedding } from '../../../http/shedding.ts';
import { turns } from './turns.ts';

/** How often the delay of the event loop is measured, and how many answers are needed before they count. */
const SAMPLE_MS = 25;
const SAMPLES = 8;

export interface Load {
  /** Whether this hit is one too many; called once for each hit. */
  readonly overloaded: () => boolean;
  readonly stop: () => void;
}

/**
 * Measures how late this process is: how long arrived requests wait for their turn of the event loop, and how long
 * decided hits wait for the disk. `storing` is the age of the oldest event that is not stored, milliseconds.
 */
export function watchLoad(storing: () => number): Load {
  const shedding = new Shedding();
  let turn = Infinity;
  let store = Infinity;
  let samples = 0;
  let due = performance.now() + SAMPLE_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    turn = Math.min(turn, Math.max(now - due, turns.delay));
    store = Math.min(store, storing());
    due = now + SAMPLE_MS;
    if (++samples < SAMPLES) return;
    shedding.look(turn, store);
    samples = 0;
    turn = Infinity;
    store = Infinity;
  }, SAMPLE_MS).unref();
  return { overloaded: () => shedding.refuses(), stop: () => clearInterval(timer) };
}
