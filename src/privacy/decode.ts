import { decodePart } from '../sources/percent.ts';

/** Named entities that can stand for a character an identifier is made of. */
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  commat: '@',
  period: '.',
  plus: '+',
  num: '#',
  percnt: '%',
  semi: ';',
  hyphen: '-',
  dash: '-',
  ndash: '-',
  lowbar: '_',
};

// Every quantifier is bounded and nothing repeats inside a repetition: linear.
const ENTITY = /&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-z]{2,6}));?/g;
const UNICODE_ESCAPE = /[%\\]u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})/gi;
/** A percent sign that was encoded any number of times. */
const PERCENT_AGAIN = /%(?:25)+(?=[0-9a-fA-Fu])/g;
const INVISIBLE = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g;
const DASHES = /[\u2010-\u2015\u2212]/g;

/**
 * One round of decoding (R41): percent sequences however often they were encoded, `%uXXXX`, escapes of JSON and scripts
 * (`\u0040`, `\x40`), HTML entities, compatibility forms such as full-width letters, and characters nobody sees. A plus
 * stays: in a form it is a blank, elsewhere a sign, and detectors take it as either. What is not valid stays as it is.
 * The same text when there is nothing to decode.
 */
export function decodeOnce(text: string): string {
  let out = text.includes('%') ? percentDecoded(text.replace(PERCENT_AGAIN, '%')) : text;
  const escaped = out.includes('\\');
  if (escaped || out.includes('%')) {
    out = out.replace(UNICODE_ESCAPE, (_, four?: string, two?: string) =>
      character(Number.parseInt(four ?? two ?? '', 16)),
    );
  }
  // What stands before a quote or a slash in JSON is no part of a value.
  if (escaped) out = out.replaceAll('\\', '');
  if (out.includes('&')) out = out.replace(ENTITY, entity);
  return isAscii(out) ? out : out.normalize('NFKC').replace(INVISIBLE, '').replace(DASHES, '-');
}

/** Percent sequences decoded once; a plus stays a plus. */
export function percentDecoded(text: string): string {
  const escaped = text.includes('+') ? text.replaceAll('+', '%2B') : text;
  return decodePart(escaped, 0, escaped.length);
}

function entity(whole: string, decimal?: string, hex?: string, name?: string): string {
  if (name !== undefined) return ENTITIES[name] ?? whole;
  return character(Number.parseInt(decimal ?? hex ?? '', decimal === undefined ? 16 : 10));
}

function character(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '';
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}
