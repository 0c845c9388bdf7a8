import { LRUCache } from 'lru-cache';

/** About how many bytes an entry takes beside its texts. */
const ENTRY = 200;

/**
 * A cache by text: at most `size` texts and at most `bytes` of keys and values. The texts come from outside, so a limit
 * on their number alone would not limit the memory.
 */
export class Recent<T extends object | string | number | boolean> {
  readonly #kept: LRUCache<string, T>;

  /** `weigh` gives the bytes of a value beside its key. It may be missing where all values have the same size. */
  constructor(size: number, bytes: number, weigh: (value: T) => number = () => 0) {
    this.#kept = new LRUCache({
      max: size,
      // A longer one is not kept, because it would push out everything else.
      maxSize: bytes,
      sizeCalculation: (value, key) => ENTRY + 2 * key.length + weigh(value),
    });
  }

  /** The bytes it takes now. */
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

/** A copy. A text that was cut from a header or a query keeps the whole header or query in memory. */
export function detached(text: string): string {
  return ` ${text}`.slice(1);
}
