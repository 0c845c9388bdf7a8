import type { IdForm } from '../../core/identifiers.ts';
import { codeAt } from '../code-at.ts';

/** The form of a text: its fixed beginning and the pattern of the rest. */
export interface TextForm {
  readonly head: string;
  /** Head and rest, matched where the head stands. */
  readonly pattern: RegExp;
  /** Whether capitals matter. */
  readonly exact: boolean;
  /** Whether letters and digits may stand before it. */
  readonly anywhere: boolean;
  /** A place, counted from its beginning, that must have a digit: most texts with this beginning have none there. */
  readonly digitAt: number | undefined;
}

/** A form without a letter or digit before it, in capitals or not. A head has two characters at least, all ASCII. */
export function form(head: string, rest: RegExp, digitAt?: number): TextForm {
  return { head: head.toLowerCase(), pattern: patternOf(head, rest, 'iy'), exact: false, anywhere: false, digitAt };
}

/** The same, within a word, too. */
export function anywhere(head: string, rest: RegExp): TextForm {
  return { ...form(head, rest), anywhere: true };
}

/** A form without a letter or digit before it, exactly as spelled. */
export function exactForm(head: string, rest: RegExp): TextForm {
  return { head, pattern: patternOf(head, rest, 'y'), exact: true, anywhere: false, digitAt: undefined };
}

/** A form of a vendor's identifier. */
export function formOf({ head, rest, exact, anywhere: within, digitAt }: IdForm): TextForm {
  const one = exact === true ? exactForm(head, rest) : form(head, rest, digitAt);
  return within === true ? { ...one, anywhere: true } : one;
}

function patternOf(head: string, rest: RegExp, flags: string): RegExp {
  return new RegExp(`${head.replaceAll(/[.*$]/g, String.raw`\$&`)}(?:${rest.source})`, flags);
}

/** Whether a character is a letter or a digit, by its code. */
const IN_WORD = Uint8Array.from({ length: 128 }, (_, code) => (/[A-Za-z0-9]/.test(String.fromCharCode(code)) ? 1 : 0));
/** Characters in small letters, by their codes. */
const SMALL = Uint8Array.from({ length: 128 }, (_, code) => String.fromCharCode(code).toLowerCase().charCodeAt(0));

/** Called for each finding of a group; returns where the search of this group goes on. */
export type WhereToGoOn = (group: number, start: number, end: number) => number;

/**
 * Groups of forms that are searched together. A pattern is tried only where the two first characters of one of them stand,
 * so each character of a text is read once, however many forms there are.
 */
export class Forms {
  /** By two characters in small letters: one more than the place in `#lists` of the forms that begin with them. */
  readonly #table = new Uint8Array(1 << 14);
  readonly #lists: { readonly group: number; readonly form: TextForm }[][] = [];
  readonly #goOn: Int32Array;

  constructor(groups: readonly (readonly TextForm[])[]) {
    this.#goOn = new Int32Array(groups.length);
    for (const [group, forms] of groups.entries()) {
      for (const one of forms) {
        const pair = (smallAt(one.head, 0) << 7) | smallAt(one.head, 1);
        const list = this.#table[pair] as number;
        if (list === 0) this.#table[pair] = this.#lists.push([{ group, form: one }]);
        else this.#lists[list - 1]?.push({ group, form: one });
      }
    }
  }

  /** Finds texts in these forms; findings of one group do not overlap. @param groups those that are searched, as bits */
  find(text: string, groups: number, found: WhereToGoOn): void {
    const table = this.#table;
    const goOn = this.#goOn.fill(0);
    let first = 0;
    for (let i = 0; i < text.length; i++) {
      const second = smallAt(text, i);
      const list = table[(first << 7) | second] as number;
      first = second;
      if (list === 0) continue;
      for (const { group, form: one } of this.#lists[list - 1] ?? []) {
        if (((groups >> group) & 1) === 0 || i - 1 < (goOn[group] as number)) continue;
        const end = endOf(text, i - 1, one);
        if (end >= 0) goOn[group] = found(group, i - 1, end);
      }
    }
  }
}

/** Where the text in this form ends; -1 = it is not there. Its first two characters are there, in capitals or not. */
function endOf(text: string, start: number, { head, pattern, exact, anywhere: within, digitAt }: TextForm): number {
  const before = codeAt(text, start - 1);
  if (!within && before < 128 && IN_WORD[before] === 1) return -1;
  if (digitAt !== undefined && !isDigit(codeAt(text, start + digitAt))) return -1;
  if (!begins(text, start, head, exact)) return -1;
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** A character in small letters, by its code; 0 = it is not ASCII, so no head has it. */
function smallAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? (SMALL[code] as number) : 0;
}

/** Whether this head stands here in a text; its first two characters are known to be there, in capitals or not. */
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
