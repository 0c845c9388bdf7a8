import { bitAt, bitLength, isBase64Url, bitsAt } from './bits.ts';

const MAX_LENGTH = 8 * 1024;
const MAX_SECTIONS = 64;
/** `D` begins the header of a GPP string. A TC string begins with `C` and is not read here (R91). */
const HEADER_TYPE = 3;

/** The sections of an IAB GPP string by id, still encoded. Undefined for anything that is not a whole version 1 string. */
export function decodeGppString(text: string): ReadonlyMap<number, string> | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const parts = text.split('~', MAX_SECTIONS + 2);
  const ids = sectionIds(parts[0] as string);
  if (ids === undefined || ids.length !== parts.length - 1) return undefined;
  const sections = new Map<number, string>();
  ids.forEach((id, i) => sections.set(id, parts[i + 1] as string));
  return sections.size === ids.length ? sections : undefined;
}

/** The ids a header announces: 12 bits of count, then single ids and ranges as Fibonacci-coded differences. */
function sectionIds(header: string): readonly number[] | undefined {
  const length = bitLength(header);
  if (length < 24 || !isBase64Url(header) || bitsAt(header, 0, 6) !== HEADER_TYPE || bitsAt(header, 6, 6) !== 1) {
    return undefined;
  }
  const count = bitsAt(header, 12, 12);
  const ids: number[] = [];
  let at = 24;
  let last = 0;
  for (let entry = 0; entry < count; entry++) {
    if (at >= length) return undefined;
    const isRange = bitAt(header, at);
    const first = fibonacciAt(header, at + 1);
    if (first === undefined) return undefined;
    at = first.end;
    const from = last + first.value;
    last = from;
    if (isRange) {
      const span = fibonacciAt(header, at);
      if (span === undefined) return undefined;
      at = span.end;
      last = from + span.value;
    }
    if (ids.length + last - from >= MAX_SECTIONS) return undefined;
    for (let id = from; id <= last; id++) ids.push(id);
  }
  return ids;
}

const MAX_FIBONACCI_BITS = 32;

/** A Fibonacci code: bits for 1, 2, 3, 5, 8 ..., ended by a second 1 in a row. */
function fibonacciAt(text: string, start: number): { readonly value: number; readonly end: number } | undefined {
  const end = Math.min(bitLength(text), start + MAX_FIBONACCI_BITS);
  let value = 0;
  let smaller = 1;
  let step = 1;
  let before = false;
  for (let at = start; at < end; at++) {
    const bit = bitAt(text, at);
    if (bit && before) return { value, end: at + 1 };
    if (bit) value += step;
    before = bit;
    [smaller, step] = [step, smaller + step];
  }
  return undefined;
}

/** An opt-out as the US sections write it: 0 does not apply, 1 opted out, 2 did not; 3 is no value. */
export interface UsSection {
  /** Sale, then sharing and targeted advertising, as far as the section has them. */
  readonly optOuts: readonly number[];
  /** The Global Privacy Control that the page saw. */
  readonly gpc: boolean;
}

/** Where the opt-outs of a section start, how many there are, and its highest known version. */
const US_SECTIONS: ReadonlyMap<number, { readonly at: number; readonly count: number; readonly version: number }> =
  new Map([
    [7, { at: 18, count: 3, version: 2 }],
    // Utah and Iowa have one more notice before them, the sections from 24 on the MSPA fields.
    ...[11, 18].map((id) => [id, { at: 14, count: 2, version: 1 }] as const),
    ...[24, 25, 26, 27].map((id) => [id, { at: 16, count: 2, version: 1 }] as const),
    ...[8, 9, 10, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23].map(
      (id) => [id, { at: 12, count: 2, version: 1 }] as const,
    ),
  ]);

/** The opt-outs of a US section; undefined for an unknown section or version and for malformed text. */
export function decodeUsSection(id: number, text: string): UsSection | undefined {
  const layout = US_SECTIONS.get(id);
  if (layout === undefined) return undefined;
  const segments = text.split('.', 4);
  const core = segments[0] as string;
  if (segments.length > 3 || !segments.every(isBase64Url)) return undefined;
  if (bitLength(core) < layout.at + 2 * layout.count) return undefined;
  const version = bitsAt(core, 0, 6);
  if (version < 1 || version > layout.version) return undefined;
  const optOuts: number[] = [];
  for (let i = 0; i < layout.count; i++) optOuts.push(bitsAt(core, layout.at + 2 * i, 2));
  // Type 1 of the further segments is the Global Privacy Control.
  const gpc = segments.slice(1).some((segment) => bitsAt(segment, 0, 2) === 1 && bitAt(segment, 2));
  return { optOuts, gpc };
}
