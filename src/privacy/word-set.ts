/** Twice as many as there are words in the largest set, and more: few others fall on a place that is taken. */
const PLACES = 1 << 14;

/**
 * A set of words that is asked about many words of names, nearly all of which are not in it, alone and written together:
 * a sum over their characters says so before a text is made of them.
 */
export class WordSet {
  readonly #words: ReadonlySet<string>;
  readonly #taken = new Uint8Array(PLACES);
  readonly #longest: number;

  constructor(...lines: string[]) {
    this.#words = new Set(lines.join(' ').split(' '));
    let longest = 0;
    for (const word of this.#words) {
      this.#taken[placeOf(add(0, word))] = 1;
      longest = Math.max(longest, word.length);
    }
    this.#longest = longest;
  }

  has(word: string): boolean {
    return word.length <= this.#longest && this.#taken[placeOf(add(0, word))] === 1 && this.#words.has(word);
  }

  /** Whether one of the words ends with `words[last]`: this alone, or with one or more, at most `most`, before it. */
  endsAt(words: readonly string[], last: number, most: number): boolean {
    let length = 0;
    for (let first = last; first >= 0 && first > last - most; first--) {
      length += (words[first] as string).length;
      if (length > this.#longest) return false;
      let sum = 0;
      for (let i = first; i <= last; i++) sum = add(sum, words[i] as string);
      if (this.#taken[placeOf(sum)] === 1 && this.#words.has(words.slice(first, last + 1).join(''))) return true;
    }
    return false;
  }
}

function add(sum: number, word: string): number {
  let total = sum;
  for (let i = 0; i < word.length; i++) total = (Math.imul(total, 31) + word.charCodeAt(i)) | 0;
  return total;
}

function placeOf(sum: number): number {
  return (sum ^ (sum >>> 14)) & (PLACES - 1);
}
