/**
 * What was lately made of a text: at least the last `size` different ones, at most twice as many. Two generations, of
 * which the older is dropped whole, so that finding costs a look-up and no bookkeeping.
 */
export class Recent<T> {
  readonly #size: number;
  #young = new Map<string, Kept<T>>();
  #old = new Map<string, Kept<T>>();

  constructor(size: number) {
    this.#size = size;
  }

  get(key: string): T | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young.value;
    const old = this.#old.get(key);
    if (old !== undefined) this.#keep(old);
    return old?.value;
  }

  set(key: string, value: T): void {
    this.#keep({ key: detached(key), value });
  }

  /** Under the text that was copied when it was set, not the one it was found by. */
  #keep(kept: Kept<T>): void {
    if (this.#young.size >= this.#size) {
      this.#old = this.#young;
      this.#young = new Map();
    }
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
}
