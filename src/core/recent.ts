import { LRUCache } from 'lru-cache';

/** Bytes an entry takes beside its texts, roughly. */
const ENTRY = 200;

/**
 * What was lately made of a text: at most `size` different texts and `bytes` of them, values included, whatever comes
 * first. Texts come from outside, and a limit on their number alone is none on the memory they take.
 */
export class Recent<T extends object | string | number | boolean> {
  readonly #kept: LRUCache<string, T>;

  /** `weigh` gives the bytes of a value beside its key; what is of one size for all may be left out. */
  constructor(size: number, bytes: number, weigh: (value: T) => number = () => 0) {
    this.#kept = new LRUCache({
      max: size,
      // One that is longer is not kept: it would push out everything else.
      maxSize: bytes,
      sizeCalculation: (value, key) => ENTRY + 2 * key.length + weigh(value),
    });
  }

  /** What it takes now. */
  get bytes(): number {
    return this.#kept.calculatedSize;
  }

  get(key: string): T | undefined {
    return this.#kept.get(key);
  }

  set(key: string, value: T): void {
    this.#kept.set(detached(key), value);
  }
}

/** A copy: a text that was cut from a longer one, a header or a query, keeps all of that alive with what is in it. */
export function detached(text: string): string {
  return ` ${text}`.slice(1);
}
