import { BRIEF_MS, LASTING_MS } from './engine.ts';
import { Staged } from './staged.ts';

/** The mark of a stored event, with the routes it was stored for. */
interface Mark {
  /** Unix milliseconds. */
  readonly at: number;
  readonly routes: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/** The marks of stored events, in memory. Only their time limits them. */
export class MemoryMarks {
  readonly #marks = new Staged<string, Mark>();

  /** Marks the event as stored for the route; false if it was stored already. `mark`: its key, 0 = it has none. */
  claim(mark: number, route: string, lasting: boolean, now: number): boolean {
    if (mark === 0) return true;
    const key = keyOf(mark, lasting);
    const found = this.#marks.get(key);
    const known = found !== undefined && found.at + lifeOf(key) > now ? found : undefined;
    if (known?.routes.has(route) === true) return false;
    this.#marks.set(key, { at: known?.at ?? now, routes: new Set([...(known?.routes ?? NONE), route]) });
    return true;
  }

  /** The event did not reach the route, so an event with the same mark may. */
  forget(mark: number, route: string): void {
    for (const key of [keyOf(mark, true), keyOf(mark, false)]) {
      const known = this.#marks.get(key);
      if (known?.routes.has(route) !== true) continue;
      const routes = new Set([...known.routes].filter((one) => one !== route));
      this.#marks.set(key, routes.size === 0 ? undefined : { at: known.at, routes });
    }
  }

  /** Deletes marks whose time is over. */
  prune(now: number): void {
    for (const [key, { at }] of this.#marks.entries()) if (at + lifeOf(key) <= now) this.#marks.set(key, undefined);
  }

  /** Keeps the changes since the last call of this or of `drop`. */
  keep(): void {
    this.#marks.keep();
  }

  drop(): void {
    this.#marks.drop();
  }
}

const keyOf = (mark: number, lasting: boolean): string => `${lasting ? 'lasting' : 'brief'} ${mark}`;
const lifeOf = (key: string): number => (key.startsWith('lasting') ? LASTING_MS : BRIEF_MS);
