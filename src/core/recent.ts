/** Bytes an entry takes beside its texts, roughly. */
const ENTRY = 200;

/**
 * What was lately made of a text: two generations, of which the older is dropped whole, so that finding costs a look-up
 * and no bookkeeping. Each is full after `size` different texts or `bytes`, whatever comes first: texts come from
 * outside, and a limit on their number alone is none on the memory they take.
 */
export class Recent<T> {
  readonly #size: number;
  readonly #bytes: number;
  readonly #weigh: (value: T) => number;
  #young = new Map<string, Kept<T>>();
  #old = new Map<string, Kept<T>>();
  #youngBytes = 0;
  #oldBytes = 0;

  /** `weigh` gives the bytes of a value beside its key; what is of one size for all may be left out. */
  constructor(size: number, bytes: number, weigh: (value: T) => number = () => 0) {
    this.#size = size;
    this.#bytes = bytes;
    this.#weigh = weigh;
  }

  /** What it takes now, at most twice the bound of a generation. */
  get bytes(): number {
    return this.#youngBytes + this.#oldBytes;
  }

  get(key: string): T | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young.value;
    const old = this.#old.get(key);
    if (old !== undefined) this.#keep(old);
    return old?.value;
  }

  set(key: string, value: T): void {
    const bytes = ENTRY + 2 * key.length + this.#weigh(value);
    // It would push out everything else.
    if (bytes > this.#bytes) return;
    this.#keep({ key: detached(key), value, bytes });
  }

  /** Under the text that was copied when it was set, not the one it was found by. */
  #keep(kept: Kept<T>): void {
    if (this.#young.size >= this.#size || this.#youngBytes + kept.bytes > this.#bytes) {
      this.#old = this.#young;
      this.#oldBytes = this.#youngBytes;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    const before = this.#young.get(kept.key);
    this.#youngBytes += kept.bytes - (before?.bytes ?? 0);
    this.#young.set(kept.key, kept);
  }
}

/** A copy: a text that was cut from a longer one, a header or a query, keeps all of that alive with what is in it. */
export function detached(text: string): string {
  return ` ${text}`.slice(1);
}

interface Kept<T> {
  readonly key: string;
  readonly value: T;
  readonly bytes: number;
}
