/** A change that has been kept. */
export interface Change<K, V> {
  readonly key: K;
  /** Undefined = it was not there, or is not there any more. */
  readonly before: V | undefined;
  readonly after: V | undefined;
}

/** A map whose changes are made together or not at all; in between they are seen by who makes them. */
export class Staged<K, V> {
  readonly #kept = new Map<K, V>();
  readonly #changed = new Map<K, V | undefined>();

  get(key: K): V | undefined {
    return this.#changed.has(key) ? this.#changed.get(key) : this.#kept.get(key);
  }

  /** Undefined takes it out. */
  set(key: K, value: V | undefined): void {
    this.#changed.set(key, value);
  }

  /** What is there, changes included, in the order in which it came. */
  entries(): (readonly [K, V])[] {
    const keys = new Set([...this.#kept.keys(), ...this.#changed.keys()]);
    return [...keys].flatMap((key) => {
      const value = this.get(key);
      return value === undefined ? [] : [[key, value] as const];
    });
  }

  /** Makes the changes, and gives them. */
  keep(): Change<K, V>[] {
    const changes = [...this.#changed].map(([key, after]) => ({ key, before: this.#kept.get(key), after }));
    for (const { key, after } of changes) {
      if (after === undefined) this.#kept.delete(key);
      else this.#kept.set(key, after);
    }
    this.#changed.clear();
    return changes;
  }

  /** Makes none of them. */
  drop(): void {
    this.#changed.clear();
  }
}
