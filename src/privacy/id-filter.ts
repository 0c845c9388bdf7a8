/** Characters at the beginning of an id that are compared. */
const WINDOW = 6;
/** Each character shifts the sum by two bits, so the sixth character before it has left the twelve bits. */
const SHIFT = 2;
const SIZE = 1 << (SHIFT * WINDOW);

/**
 * Finds which of many ids may be in a text. Each character of the text is read once, however many ids there are. Ids and
 * texts are in small letters, and no id is shorter than six characters.
 */
export class IdFilter {
  /** For each sum of six characters, one more than the place in `#groups` of the ids that begin with them. */
  readonly #table = new Uint8Array(SIZE);
  readonly #groups: string[][] = [];

  constructor(sets: readonly ReadonlySet<string>[]) {
    for (const set of sets) for (const id of set) this.#add(id);
  }

  /** The ids whose first characters are in the text; undefined = none. */
  begunIn(lower: string): ReadonlySet<string> | undefined {
    const table = this.#table;
    let found: Set<string> | undefined;
    let seen: Uint8Array | undefined;
    let sum = 0;
    for (let i = 0; i < lower.length; i++) {
      sum = ((sum << SHIFT) ^ lower.charCodeAt(i)) & (SIZE - 1);
      const group = table[sum] as number;
      if (group === 0) continue;
      seen ??= new Uint8Array(this.#groups.length + 1);
      if (seen[group] === 1) continue;
      seen[group] = 1;
      for (const id of this.#groups[group - 1] as string[]) (found ??= new Set()).add(id);
    }
    return found;
  }

  #add(id: string): void {
    let sum = 0;
    for (let i = 0; i < WINDOW; i++) sum = ((sum << SHIFT) ^ id.charCodeAt(i)) & (SIZE - 1);
    const group = this.#table[sum] as number;
    // The table counts to 255; more groups share the last one.
    if (group > 0) (this.#groups[group - 1] as string[]).push(id);
    else if (this.#groups.length < 255) this.#table[sum] = this.#groups.push([id]);
    else {
      this.#table[sum] = 255;
      (this.#groups[254] as string[]).push(id);
    }
  }
}
