import { bitAt, bitLength, isBase64Url, bitsAt } from './bits.ts';

/** What a TC string says about one vendor the site sends to. */
export interface TcfVendor {
  readonly consent: boolean;
  readonly legitimateInterest: boolean;
  /** Undefined where the string has no list of disclosed vendors (before TCF 2.3). */
  readonly disclosed: boolean | undefined;
  /** Purposes the publisher restricts for this vendor; type 0 = not allowed, 1 = consent only, 2 = legitimate interest. */
  readonly restrictions: readonly { readonly purpose: number; readonly type: number }[];
}

/** The part of an IAB TCF 2.x string the gateway needs. Bit n - 1 of a purpose mask stands for purpose n. */
export interface TcString {
  readonly version: number;
  /** Unix milliseconds, to the day. */
  readonly lastUpdated: number;
  readonly cmpId: number;
  readonly policyVersion: number;
  readonly isServiceSpecific: boolean;
  readonly purposeConsents: number;
  readonly purposeLegitimateInterests: number;
  readonly purposeOneTreatment: boolean;
  readonly publisherCountry: string;
  readonly hasDisclosedVendors: boolean;
  readonly vendors: ReadonlyMap<number, TcfVendor>;
}

const MAX_LENGTH = 8 * 1024;
/** Bits before the first vendor section of the core. */
const HEAD = 213;
/** Kinds of segments; 2, the vendors allowed out of band, is no longer used. */
const DISCLOSED = 1;
const PUBLISHER = 3;

/**
 * Decodes a TC string for the wanted vendors only. Lists of ranges are walked once and never expanded, so the time is
 * linear in the string. Undefined for anything that is not a whole, well-formed version 2 string.
 */
export function decodeTcString(text: string, wanted: readonly number[]): TcString | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const segments = text.split('.').map(withoutPadding);
  if (segments.length > 4 || !segments.every(isBase64Url)) return undefined;
  const core = segments[0] as string;
  if (bitLength(core) < HEAD || bitsAt(core, 0, 6) !== 2) return undefined;
  // Ids of platforms start at 2.
  const cmpId = bitsAt(core, 78, 12);
  if (cmpId < 2) return undefined;

  const consents = readVendors(core, HEAD, wanted);
  const interests = consents && readVendors(core, consents.end, wanted);
  const restrictions = interests && readRestrictions(core, interests.end, wanted);
  if (restrictions === undefined) return undefined;

  let disclosed: VendorList | undefined;
  let kinds = 0;
  for (const segment of segments.slice(1)) {
    const kind = bitsAt(segment, 0, 3);
    // 0 would be a second core; a kind that comes twice contradicts itself.
    if (kind === 0 || kind > 3 || (kinds & (1 << kind)) !== 0) return undefined;
    kinds |= 1 << kind;
    if (kind === PUBLISHER) {
      if (!isWholePublisherSegment(segment)) return undefined;
      continue;
    }
    const list = readVendors(segment, 3, wanted);
    if (list === undefined) return undefined;
    if (kind === DISCLOSED) disclosed = list;
  }

  const vendors = new Map<number, TcfVendor>();
  wanted.forEach((id, i) => {
    vendors.set(id, {
      consent: has(consents, i),
      legitimateInterest: has(interests, i),
      disclosed: disclosed === undefined ? undefined : has(disclosed, i),
      restrictions: restrictions.filter(({ vendor }) => vendor === id).map(({ purpose, type }) => ({ purpose, type })),
    });
  });
  return {
    version: 2,
    lastUpdated: bitsAt(core, 42, 36) * 100,
    cmpId,
    policyVersion: bitsAt(core, 132, 6),
    isServiceSpecific: bitAt(core, 138),
    purposeConsents: purposes(core, 152),
    purposeLegitimateInterests: purposes(core, 176),
    purposeOneTreatment: bitAt(core, 200),
    publisherCountry: letterAt(core, 201) + letterAt(core, 207),
    hasDisclosedVendors: disclosed !== undefined,
    vendors,
  };
}

/** Some encoders fill up with `=`, which the format does not need. */
function withoutPadding(segment: string): string {
  return segment.endsWith('==') ? segment.slice(0, -2) : segment.endsWith('=') ? segment.slice(0, -1) : segment;
}

/** The publisher's own purposes are not used, but they are read to find out whether the string was cut off in them. */
function isWholePublisherSegment(segment: string): boolean {
  const length = bitLength(segment);
  return length >= 57 && length >= 57 + 2 * bitsAt(segment, 51, 6);
}

/** 24 bits, purpose 1 first, turned around so that purpose n is bit n - 1. */
function purposes(core: string, at: number): number {
  let mask = 0;
  for (let i = 0; i < 24; i++) if (bitAt(core, at + i)) mask |= 1 << i;
  return mask;
}

function letterAt(core: string, at: number): string {
  return String.fromCharCode(65 + bitsAt(core, at, 6));
}

/** Which of the wanted vendors are in a list, by index, and where the list ends. */
interface VendorList {
  readonly found: readonly boolean[];
  readonly end: number;
}

function has(list: VendorList | undefined, index: number): boolean {
  return list?.found[index] === true;
}

/** A vendor section: 16 bits of highest id, then a bit for each id or a list of ranges. */
function readVendors(text: string, at: number, wanted: readonly number[]): VendorList | undefined {
  const length = bitLength(text);
  if (at + 17 > length) return undefined;
  const highest = bitsAt(text, at, 16);
  const start = at + 17;
  if (!bitAt(text, at + 16)) {
    const end = start + highest;
    if (end > length) return undefined;
    return { found: wanted.map((id) => id >= 1 && id <= highest && bitAt(text, start + id - 1)), end };
  }
  const found = wanted.map(() => false);
  const end = readRanges(text, start, (first, last) => {
    for (let i = 0; i < wanted.length; i++) {
      const id = wanted[i] as number;
      if (id >= first && id <= last) found[i] = true;
    }
  });
  return end === undefined ? undefined : { found, end };
}

/** Walks `12 bits of count, then single ids and ranges`; the end, or undefined where the text is too short. */
function readRanges(text: string, at: number, visit: (first: number, last: number) => void): number | undefined {
  const length = bitLength(text);
  if (at + 12 > length) return undefined;
  const count = bitsAt(text, at, 12);
  let i = at + 12;
  for (let entry = 0; entry < count; entry++) {
    if (i + 17 > length) return undefined;
    const isRange = bitAt(text, i);
    const first = bitsAt(text, i + 1, 16);
    i += 17;
    let last = first;
    if (isRange) {
      if (i + 16 > length) return undefined;
      last = bitsAt(text, i, 16);
      i += 16;
    }
    if (first === 0 || last < first) return undefined;
    visit(first, last);
  }
  return i;
}

interface Restriction {
  readonly purpose: number;
  readonly type: number;
  readonly vendor: number;
}

/** The publisher's restrictions for wanted vendors. */
function readRestrictions(text: string, at: number, wanted: readonly number[]): readonly Restriction[] | undefined {
  const length = bitLength(text);
  if (at + 12 > length) return undefined;
  const count = bitsAt(text, at, 12);
  const restrictions: Restriction[] = [];
  let i = at + 12;
  for (let n = 0; n < count; n++) {
    if (i + 8 > length) return undefined;
    const purpose = bitsAt(text, i, 6);
    const type = bitsAt(text, i + 6, 2);
    if (purpose === 0 || type === 3) return undefined;
    const end = readRanges(text, i + 8, (first, last) => {
      for (const vendor of wanted) {
        if (vendor >= first && vendor <= last) restrictions.push({ purpose, type, vendor });
      }
    });
    if (end === undefined) return undefined;
    i = end;
  }
  return restrictions;
}
