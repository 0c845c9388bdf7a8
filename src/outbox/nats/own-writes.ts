import type { KeptRecord } from './written.ts';

interface OwnWrite {
  readonly data: Uint8Array;
  readonly kept: KeptRecord;
}

/**
 * What this gateway has stored in a part that it also delivers, until the brokers tell of it: then it needs not be
 * opened again. What is told is compared byte by byte, so it is what was stored.
 */
export class OwnWrites {
  readonly #byKey = new Map<string, OwnWrite>();
  #wanted = false;

  /** Begins and ends with the delivery of the part. */
  want(wanted: boolean): void {
    this.#wanted = wanted;
    this.#byKey.clear();
  }

  add(key: string, data: Uint8Array, kept: KeptRecord): void {
    if (this.#wanted) this.#byKey.set(key, { data, kept });
  }

  /** These were not stored, or nobody knows. */
  drop(keys: Iterable<string | undefined>): void {
    for (const key of keys) if (key !== undefined) this.#byKey.delete(key);
  }

  /** The record that was stored as these bytes; undefined = it is not known here. */
  take(key: string, data: Uint8Array): KeptRecord | undefined {
    const own = this.#byKey.get(key);
    this.#byKey.delete(key);
    return own !== undefined && Buffer.compare(own.data, data) === 0 ? own.kept : undefined;
  }
}
