/** A name in its words. They are looked up alone, and two or three of them together. */
export interface NameWords {
  readonly words: readonly string[];
  /** All of them, written together. */
  readonly joined: string;
  /** Three for each word: the sum over its characters, over these and the word's before, over those of three words. */
  readonly sums: readonly number[];
}

/** Words that are looked up together. */
export const TOGETHER = 3;

/** The name that was read last, because the same name is asked for several times in a row. */
let last = '';
let read: NameWords = { words: [], joined: '', sums: [] };

export function readName(name: string): NameWords {
  if (name === last) return read;
  const words = wordsOf(name);
  const sums: number[] = [];
  for (let i = 0; i < words.length; i++) {
    for (let first = i; first > i - TOGETHER; first--) {
      let sum = 0;
      for (let at = Math.max(first, 0); at <= i; at++) sum = sumOf(words[at] as string, sum);
      sums.push(sum);
    }
  }
  read = { words, joined: words.length === 1 ? (words[0] as string) : words.join(''), sums };
  last = name;
  return read;
}

/**
 * Whether a name is that of a fact about personal data: `email_opt_in`, `phone_type`, `has_email`, `customer_number_range`.
 * Its value is one of a few words; the detectors read it all the same.
 */
export function isFact({ words }: NameWords): boolean {
  const { length } = words;
  if (length < 2) return false;
  const last = words[length - 1] as string;
  return FACTS.has(last) || FACTS.has((words[length - 2] as string) + last) || HAVING.has(words[0] as string);
}

const FACTS: ReadonlySet<string> = new Set(
  (
    'type types template campaign optin optout consent click clicks clicked status state valid validity verified provided present missing ' +
    'entered filled length strength model brand provider format required error errors count bucket range tier level category color colour ' +
    'tipo antall antal anzahl variant version frequency policy style method source medium subscribed exists changed updated added visible cover table set'
  ).split(' '),
);
/** At the beginning of a name. */
const HAVING: ReadonlySet<string> = new Set(['has', 'is', 'had', 'missing']);

/** A hash of a word's characters, which continues the hash of the word before it. */
export function sumOf(word: string, before = 0): number {
  let sum = before;
  for (let i = 0; i < word.length; i++) sum = (Math.imul(sum, 31) + word.charCodeAt(i)) | 0;
  return sum;
}

/** The words of a name in lower-case ASCII: `billingAddress_line[1]` is billing, address, line. */
function wordsOf(name: string): string[] {
  const words: string[] = [];
  let start = 0;
  let plain = true;
  const take = (end: number): void => {
    if (end > start) words.push(name.slice(start, end));
  };
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code >= 97 && code <= 122) continue;
    if (code >= 65 && code <= 90) {
      plain = false;
      // A capital begins a word (`userEmail`) unless a capital is before it (`EMAIL`). The last of several capitals begins
      // one if a small letter follows (`XExternalId`).
      const before = name.charCodeAt(i - 1);
      const after = name.charCodeAt(i + 1);
      if (i > start && (!(before >= 65 && before <= 90) || (after >= 97 && after <= 122))) {
        take(i);
        start = i;
      }
    } else if (code > 127) {
      plain = false;
    } else {
      take(i);
      start = i + 1;
    }
  }
  take(name.length);
  return plain ? words : words.map(folded);
}

/** Lower case without accents. Letters that Unicode does not decompose are written as on keyboards without them. */
function folded(word: string): string {
  const lower = word.toLowerCase();
  if (!/[^a-z0-9]/.test(lower)) return lower;
  return lower
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .replaceAll('ø', 'o')
    .replaceAll('æ', 'ae');
}
