/** A name with what it stands for. */
interface Entry<T> {
  readonly name: string;
  readonly value: T;
}

/**
 * Values by name, for names inside a longer text: a name is looked up without cutting it out of the text. The table is
 * made once of the gateway's own names, so that nobody outside can choose names that collide. A `Map` that is asked for the
 * cut-out name makes the decision of a granted hit 1.01 times as long, that of a denied one 1.03 times (2026-12-01, both in
 * one process), and each hit allocates half a kilobyte more, which `test/bench/allocation.test.ts` does not let pass.
 */
export class NameTable<T> {
  /** By hash; entries of one hash share a place. */
  readonly #places: readonly (readonly Entry<T>[])[];
  readonly #longest: number;

  constructor(entries: Iterable<readonly [string, T]>) {
    const byName = new Map(entries);
    let size = 16;
    while (size < 4 * byName.size) size *= 2;
    const places: Entry<T>[][] = Array.from({ length: size }, () => []);
    let longest = 0;
    for (const [name, value] of byName) {
      places[hashOf(name, 0, name.length) & (size - 1)]?.push({ name, value });
      longest = Math.max(longest, name.length);
    }
    this.#places = places;
    this.#longest = longest;
  }

  /** The value of the name between two offsets. */
  find(text: string, from: number, to: number): T | undefined {
    const length = to - from;
    if (length > this.#longest) return undefined;
    const place = this.#places[hashOf(text, from, to) & (this.#places.length - 1)] as readonly Entry<T>[];
    for (let i = 0; i < place.length; i++) {
      const { name, value } = place[i] as Entry<T>;
      if (name.length === length && text.startsWith(name, from)) return value;
    }
    return undefined;
  }
}

function hashOf(text: string, from: number, to: number): number {
  let hash = 0;
  for (let i = from; i < to; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash ^ (hash >>> 7);
}
