import type { KeptRecord } from './written.ts';

interface OwnWrite {
  readonly data: Uint8Array;
  readonly kept: KeptRecord;
}

/**
 * Records that this gateway has stored in a part that it also delivers, until they arrive from the brokers. Then they
 * need not be opened again. The bytes that arrive are compared with the stored ones.
 */
export class OwnWrites {
  readonly #byKey = new Map<string, OwnWrite>();
  #on = false;

  /** Switched on while this gateway delivers the part. */
  switch(on: boolean): void {
    this.#on = on;
    this.#byKey.clear();
  }

  add(key: string, data: Uint8Array, kept: KeptRecord): void {
    if (this.#on) this.#byKey.set(key, { data, kept });
  }

  /** Removes records that were not stored, or perhaps not. */
  drop(keys: Iterable<string | undefined>): void {
    for (const key of keys) if (key !== undefined) this.#byKey.delete(key);
  }

  /** The record that was stored as these bytes; undefined = it is not kept here. */
  take(key: string, data: Uint8Array): KeptRecord | undefined {
    const own = this.#byKey.get(key);
    this.#byKey.delete(key);
    return own !== undefined && Buffer.compare(own.data, data) === 0 ? own.kept : undefined;
  }
}
