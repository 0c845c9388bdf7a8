/** A change that has been kept. */
export interface Change<K, V> {
  readonly key: K;
  /** Undefined = the key was not there, or is no longer there. */
  readonly before: V | undefined;
  readonly after: V | undefined;
}

/** A map whose changes are kept together or not at all. Until then the map shows them. */
export class Staged<K, V> {
  readonly #kept = new Map<K, V>();
  readonly #changed = new Map<K, V | undefined>();

  get(key: K): V | undefined {
    return this.#changed.has(key) ? this.#changed.get(key) : this.#kept.get(key);
  }

  /** Undefined deletes the key. */
  set(key: K, value: V | undefined): void {
    this.#changed.set(key, value);
  }

  /** The entries, changes included, in the order of their insertion. */
  entries(): (readonly [K, V])[] {
    const keys = new Set([...this.#kept.keys(), ...this.#changed.keys()]);
    return [...keys].flatMap((key) => {
      const value = this.get(key);
      return value === undefined ? [] : [[key, value] as const];
    });
  }

  /** Keeps the changes, and returns them. */
  keep(): Change<K, V>[] {
    const changes = [...this.#changed].map(([key, after]) => ({ key, before: this.#kept.get(key), after }));
    for (const { key, after } of changes) {
      if (after === undefined) this.#kept.delete(key);
      else this.#kept.set(key, after);
    }
    this.#changed.clear();
    return changes;
  }

  /** Drops the changes. */
  drop(): void {
    this.#changed.clear();
  }
}
