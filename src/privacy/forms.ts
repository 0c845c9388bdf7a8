import { codeAt } from './code-at.ts';

/** What something looks like: how it begins, in its own letters, and how it goes on. */
export interface Form {
  readonly head: string;
  /** Head and rest, matched where the head stands. */
  readonly pattern: RegExp;
  /** Whether capitals matter. */
  readonly exact: boolean;
  /** Whether letters and digits may stand before it. */
  readonly anywhere: boolean;
  /** Characters from its beginning at which a digit stands, if there is such a place: most that begin so have none. */
  readonly digitAt: number | undefined;
}

/** Where no letter or digit stands before it, in capitals or not. A head has two characters at least, all ASCII. */
export function form(head: string, rest: RegExp, digitAt?: number): Form {
  return { head: head.toLowerCase(), pattern: patternOf(head, rest, 'iy'), exact: false, anywhere: false, digitAt };
}

/** The same, within a word, too. */
export function anywhere(head: string, rest: RegExp): Form {
  return { ...form(head, rest), anywhere: true };
}

/** Where no letter or digit stands before it, as it is spelled. */
export function exactly(head: string, rest: RegExp): Form {
  return { head, pattern: patternOf(head, rest, 'y'), exact: true, anywhere: false, digitAt: undefined };
}

function patternOf(head: string, rest: RegExp, flags: string): RegExp {
  return new RegExp(`${head.replaceAll(/[.*$]/g, String.raw`\$&`)}(?:${rest.source})`, flags);
}

/** Whether a character is a letter or a digit, by its code. */
const IN_WORD = Uint8Array.from({ length: 128 }, (_, code) => (/[A-Za-z0-9]/.test(String.fromCharCode(code)) ? 1 : 0));
/** Characters in small letters, by their codes. */
const SMALL = Uint8Array.from({ length: 128 }, (_, code) => String.fromCharCode(code).toLowerCase().charCodeAt(0));

/**
 * Several forms, looked for together: only where two characters stand with which one of them begins is a pattern tried,
 * so that a text costs one look at each character whatever the number of forms.
 */
export class Forms {
  /** Where what `next` has found ends. */
  end = 0;
  /** By two characters in small letters: one more than the place in `#lists` of the forms that begin with them. */
  readonly #table = new Uint8Array(1 << 14);
  readonly #lists: Form[][] = [];

  constructor(forms: readonly Form[]) {
    for (const one of forms) {
      const pair = (smallAt(one.head, 0) << 7) | smallAt(one.head, 1);
      const list = this.#table[pair] as number;
      if (list === 0) this.#table[pair] = this.#lists.push([one]);
      else (this.#lists[list - 1] as Form[]).push(one);
    }
  }

  /** Where the next of them begins, from this place on; -1 = there is none. Where it ends is in `end`. */
  next(text: string, from: number): number {
    const table = this.#table;
    let first = from < text.length ? smallAt(text, from) : 0;
    for (let i = from + 1; i < text.length; i++) {
      const second = smallAt(text, i);
      const list = table[(first << 7) | second] as number;
      first = second;
      if (list === 0) continue;
      const end = this.#matchEnd(text, i - 1, this.#lists[list - 1] as Form[]);
      if (end < 0) continue;
      this.end = end;
      return i - 1;
    }
    return -1;
  }

  #matchEnd(text: string, start: number, forms: readonly Form[]): number {
    const inWord = IN_WORD[codeAt(text, start - 1)] === 1;
    for (const { head, pattern, exact, anywhere: within, digitAt } of forms) {
      if (inWord && !within) continue;
      if (digitAt !== undefined && !isDigit(codeAt(text, start + digitAt))) continue;
      if (!begins(text, start, head, exact)) continue;
      pattern.lastIndex = start;
      if (pattern.test(text)) return pattern.lastIndex;
    }
    return -1;
  }
}

/** A character in small letters, by its code; 0 = it is none of ASCII, and no head has it. */
function smallAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? (SMALL[code] as number) : 0;
}

/** Whether a text goes on with a head here; its first two characters are known to be there, in capitals or not. */
function begins(text: string, start: number, head: string, exact: boolean): boolean {
  for (let i = exact ? 0 : 2; i < head.length; i++) {
    const code = codeAt(text, start + i);
    if ((exact || code > 127 ? code : (SMALL[code] as number)) !== head.charCodeAt(i)) return false;
  }
  return true;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
