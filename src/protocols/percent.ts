/**
 * Decodes one part of an `application/x-www-form-urlencoded` list: `+` is a space, `%XX` runs are UTF-8. What is not
 * valid stays as it is, so this never throws and reads every input in one pass.
 */
export function decodePart(text: string, start: number, end: number): string {
  let out = '';
  let from = start;
  let i = start;
  while (i < end) {
    const code = text.charCodeAt(i);
    if (code === PLUS) {
      out += text.slice(from, i) + ' ';
      from = ++i;
    } else if (code === PERCENT) {
      const point = codePoint(text, i, end);
      if (point === -1) {
        i++;
        continue;
      }
      out += text.slice(from, i) + String.fromCodePoint(point);
      from = i += 3 * utf8Length(point);
    } else {
      i++;
    }
  }
  return from === start ? text.slice(start, end) : out + text.slice(from, end);
}

const PLUS = 43;
const PERCENT = 37;

/** The code point that the percent sequence at `i` stands for; -1 = malformed, overlong, a surrogate or out of range. */
function codePoint(text: string, i: number, end: number): number {
  const lead = byteAt(text, i, end);
  if (lead < 0x80) return lead;
  let more: number;
  let point: number;
  if (lead >= 0xc2 && lead < 0xe0) {
    more = 1;
    point = lead & 0x1f;
  } else if (lead >= 0xe0 && lead < 0xf0) {
    more = 2;
    point = lead & 0x0f;
  } else if (lead >= 0xf0 && lead < 0xf5) {
    more = 3;
    point = lead & 0x07;
  } else {
    return -1;
  }
  for (let n = 1; n <= more; n++) {
    const next = byteAt(text, i + 3 * n, end);
    if (next < 0x80 || next > 0xbf) return -1;
    point = (point << 6) | (next & 0x3f);
  }
  if (utf8Length(point) !== more + 1 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return -1;
  return point;
}

function utf8Length(point: number): number {
  if (point < 0x80) return 1;
  if (point < 0x800) return 2;
  return point < 0x10000 ? 3 : 4;
}

/** The byte of `%XX` at `i`, or -1. */
function byteAt(text: string, i: number, end: number): number {
  if (i + 2 >= end || text.charCodeAt(i) !== PERCENT) return -1;
  const high = hexDigit(text.charCodeAt(i + 1));
  const low = hexDigit(text.charCodeAt(i + 2));
  return high === -1 || low === -1 ? -1 : (high << 4) | low;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
