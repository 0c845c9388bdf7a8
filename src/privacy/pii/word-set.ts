import { sumOf, TOGETHER, type NameWords } from '../name-words.ts';

/** Many more than there are words in the largest set, so that few other words fall on a used place. */
const PLACES = 1 << 16;

/**
 * A set of words for testing the words of names, alone and written together. Nearly all of them are not in it, and a hash
 * of their characters shows that before a text is made of them.
 */
export class WordSet {
  readonly #words: ReadonlySet<string>;
  readonly #taken = new Uint8Array(PLACES);
  readonly #longest: number;

  constructor(...lines: string[]) {
    this.#words = new Set(lines.join(' ').split(' '));
    let longest = 0;
    for (const word of this.#words) {
      this.#taken[placeOf(sumOf(word))] = 1;
      longest = Math.max(longest, word.length);
    }
    this.#longest = longest;
  }

  has(word: string): boolean {
    return word.length <= this.#longest && this.#taken[placeOf(sumOf(word))] === 1 && this.#words.has(word);
  }

  /** Whether one of the words is word `last` of the name, alone or with one or two before it, `most` together. */
  endsAt({ words, sums }: NameWords, last: number, most: number): boolean {
    for (let count = 1; count <= most && count <= last + 1; count++) {
      const sum = sums[last * TOGETHER + count - 1] as number;
      if (this.#taken[placeOf(sum)] !== 1) continue;
      if (this.#words.has(words.slice(last + 1 - count, last + 1).join(''))) return true;
    }
    return false;
  }
}

function placeOf(sum: number): number {
  return (sum ^ (sum >>> 16)) & (PLACES - 1);
}
