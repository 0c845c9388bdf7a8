import { readFileSync } from 'node:fs';
import { RestrictionType, TCString } from '@iabtechlabtcf/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeGppString } from '../../src/consent/standards/gpp-string.ts';
import { decodeTcString, type TcfVendor, type TcString } from '../../src/consent/standards/tcf-string.ts';
import { encodeTcString as encode, HIGHEST_VENDOR as HIGHEST, type TcWish as Wish } from '../support/tc-string.ts';

const WANTED = [755, 804, 1126];
const TYPES = [RestrictionType.NOT_ALLOWED, RestrictionType.REQUIRE_CONSENT, RestrictionType.REQUIRE_LI];

const vendor = fc.oneof(fc.constantFrom(...WANTED), fc.integer({ min: 1, max: HIGHEST }));
const purpose = fc.integer({ min: 1, max: 11 });

const wish: fc.Arbitrary<Wish> = fc.record({
  purposes: fc.uniqueArray(purpose),
  interests: fc.uniqueArray(fc.integer({ min: 2, max: 11 })),
  consents: fc.uniqueArray(vendor, { maxLength: 300 }),
  vendorInterests: fc.uniqueArray(vendor, { maxLength: 60 }),
  disclosed: fc.uniqueArray(vendor, { maxLength: 300 }),
  restrictions: fc.array(fc.record({ vendor, purpose, type: fc.constantFrom(...TYPES) }), { maxLength: 6 }),
  cmpId: fc.integer({ min: 2, max: 4000 }),
  treatment: fc.boolean(),
});

/** The library's reading in the shape of ours. */
function oracle(text: string): TcString {
  const model = TCString.decode(text);
  const mask = (set: { has(id: number): boolean }) =>
    Array.from({ length: 24 }, (_, i) => (set.has(i + 1) ? 1 << i : 0)).reduce((a, b) => a | b, 0);
  const disclosed = text
    .split('.')
    .slice(1)
    .some((segment) => segment.startsWith('I'));
  return {
    version: Number(model.version),
    lastUpdated: model.lastUpdated.getTime(),
    cmpId: Number(model.cmpId),
    policyVersion: Number(model.policyVersion),
    isServiceSpecific: model.isServiceSpecific,
    purposeConsents: mask(model.purposeConsents),
    purposeLegitimateInterests: mask(model.purposeLegitimateInterests),
    purposeOneTreatment: model.purposeOneTreatment,
    publisherCountry: model.publisherCountryCode,
    hasDisclosedVendors: disclosed,
    vendors: new Map(
      WANTED.map((id) => [
        id,
        {
          consent: model.vendorConsents.has(id),
          legitimateInterest: model.vendorLegitimateInterests.has(id),
          disclosed: disclosed ? model.vendorsDisclosed.has(id) : undefined,
          restrictions: model.publisherRestrictions
            .getRestrictions(id)
            .map(({ purposeId, restrictionType }) => ({ purpose: purposeId, type: restrictionType })),
        },
      ]),
    ),
  };
}

/** Restrictions are a set: a damaged string may say one of them twice, which the library keeps once. */
function asSet(restrictions: TcfVendor['restrictions']): number[] {
  return [...new Set(restrictions.map(({ purpose, type }) => purpose * 4 + type))].toSorted((a, b) => a - b);
}

/** Everything of a string that decides what is granted. */
function granting({ lastUpdated, purposeConsents, hasDisclosedVendors, vendors }: TcString) {
  const decisive = [...vendors].map(
    ([id, { consent, disclosed, restrictions }]) => [id, consent, disclosed, asSet(restrictions)] as const,
  );
  return { lastUpdated, purposeConsents, hasDisclosedVendors, decisive };
}

/** A whole string, comparable. */
function sorted(string: TcString) {
  const vendors = [...string.vendors].map(
    ([id, vendor]) => [id, { ...vendor, restrictions: asSet(vendor.restrictions) }] as const,
  );
  return { ...string, vendors: new Map(vendors) };
}

/** Damage by which two vendors' restrictions become one, said twice. */
const SAID_TWICE: [Wish, number, string] = [
  {
    purposes: [],
    interests: [],
    consents: [755, 1, 3],
    vendorInterests: [1126, 804],
    disclosed: [1, 2, 4, 755, 1126, 5, 7],
    restrictions: [
      { vendor: 1126, purpose: 8, type: 0 },
      { vendor: 1126, purpose: 8, type: 2 },
      { vendor: 1, purpose: 8, type: 0 },
      { vendor: 804, purpose: 1, type: 2 },
    ],
    cmpId: 2,
    treatment: false,
  },
  1_905_795_422,
  'I',
];

describe('decodeTcString against @iabtechlabtcf/core', () => {
  it('reads what the library wrote as the library reads it', () => {
    fc.assert(
      fc.property(wish, (wanted) => {
        const text = encode(wanted);
        const ours = decodeTcString(text, WANTED);
        expect(ours && sorted(ours)).toEqual(sorted(oracle(text)));
      }),
      { numRuns: 400 },
    );
  });

  it('reads the model that went in', () => {
    fc.assert(
      fc.property(wish, (wanted) => {
        const ours = decodeTcString(encode(wanted), WANTED);
        for (const id of WANTED) {
          expect(ours?.vendors.get(id)?.consent).toBe(wanted.consents.includes(id));
          expect(ours?.vendors.get(id)?.disclosed).toBe(wanted.disclosed.includes(id));
        }
        expect(ours?.purposeConsents).toBe(wanted.purposes.reduce((mask, id) => mask | (1 << (id - 1)), 0));
      }),
      { numRuns: 200 },
    );
  });

  it('never makes more of a damaged string than the library does', () => {
    const damage = fc.tuple(wish, fc.nat(), fc.constantFrom(...Array.from('ABCIgw0189-_.')));
    fc.assert(
      fc.property(damage, ([wanted, where, by]) => {
        const text = encode(wanted);
        const at = where % text.length;
        const damaged = text.slice(0, at) + by + text.slice(at + 1);
        const ours = decodeTcString(damaged, WANTED);
        // Characters 33 to 36 hold the publisher's country, which decides nothing here and which the library checks.
        fc.pre(ours !== undefined && /^[A-Z]{2}$/.test(ours.publisherCountry));
        expect(ours && granting(ours)).toEqual(granting(oracle(damaged)));
      }),
      { numRuns: 600, examples: [[SAID_TWICE]] },
    );
  });
});

interface Vector {
  readonly id: string;
  readonly cookie: string;
  readonly expect: {
    readonly tcf?: {
      readonly policyVersion: number;
      readonly cmpId: number;
      readonly publisherCC: string;
      readonly isServiceSpecific: boolean;
      readonly purposeOneTreatment: boolean;
      readonly purposeConsents: readonly number[];
      readonly purposeLegitimateInterests: readonly number[];
      readonly hasDisclosedVendors: boolean;
      readonly vendors: Readonly<
        Record<string, { consent: boolean; legitimateInterest: boolean; disclosed: boolean | null }>
      >;
      readonly restrictions755?: readonly { purpose: number; type: number }[];
    };
  };
}

const vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as readonly Vector[];

/** The TC string of a vector's cookies, wherever it is kept. */
function stringOf(cookie: string): string {
  const plain = decodeURIComponent(cookie);
  const [, header] = plain.split('GppString=');
  if (header !== undefined) return decodeGppString(header)?.get(2) ?? '';
  const name = /(?:euconsent-v2|eupubconsent-v2|TC|\[null,null,null,\[)[="]+([A-Za-z0-9_.-]+)/;
  return name.exec(plain)?.[1] ?? '';
}

const numbers = (mask: number) => Array.from({ length: 24 }, (_, i) => i + 1).filter((id) => (mask >> (id - 1)) & 1);

describe('consent/vectors.json, the strings themselves', () => {
  it.each(vectors.filter((vector) => vector.expect.tcf !== undefined).map((vector) => [vector.id, vector] as const))(
    '%s',
    (_, { cookie, expect: { tcf } }) => {
      const string = decodeTcString(stringOf(cookie), WANTED);
      const vendor = string?.vendors.get(755);
      expect({
        policyVersion: string?.policyVersion,
        cmpId: string?.cmpId,
        publisherCC: string?.publisherCountry,
        isServiceSpecific: string?.isServiceSpecific,
        purposeOneTreatment: string?.purposeOneTreatment,
        purposeConsents: numbers(string?.purposeConsents ?? 0),
        purposeLegitimateInterests: numbers(string?.purposeLegitimateInterests ?? 0),
        hasDisclosedVendors: string?.hasDisclosedVendors,
        vendor: [vendor?.consent, vendor?.legitimateInterest, vendor?.disclosed ?? null],
        restrictions: vendor?.restrictions,
      }).toEqual({
        policyVersion: tcf?.policyVersion,
        cmpId: tcf?.cmpId,
        publisherCC: tcf?.publisherCC,
        isServiceSpecific: tcf?.isServiceSpecific,
        purposeOneTreatment: tcf?.purposeOneTreatment,
        purposeConsents: tcf?.purposeConsents,
        purposeLegitimateInterests: tcf?.purposeLegitimateInterests,
        hasDisclosedVendors: tcf?.hasDisclosedVendors,
        vendor: [
          tcf?.vendors['755']?.consent,
          tcf?.vendors['755']?.legitimateInterest,
          tcf?.vendors['755']?.disclosed ?? null,
        ],
        restrictions: tcf?.restrictions755 ?? [],
      });
    },
  );
});

describe('decodeTcString on what no library would survive', () => {
  /** Bits as base64url text, padded with zeros. */
  function text(bits: string): string {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    return (bits.match(/.{1,6}/g) ?? []).map((six) => alphabet[Number.parseInt(six.padEnd(6, '0'), 2)]).join('');
  }

  const bits = (value: number, length: number) => value.toString(2).padStart(length, '0');
  const head = (bits(2, 6).padEnd(78, '0') + bits(134, 12)).padEnd(213, '0');
  const everybody = '1' + bits(1, 16) + bits(65_535, 16);

  it('walks overlapping ranges once', () => {
    const ranges = 700;
    const bomb = text(head + bits(65_535, 16) + '1' + bits(ranges, 12) + everybody.repeat(ranges) + bits(0, 17 + 12));
    expect(bomb.length).toBeGreaterThan(3_800);
    const string = decodeTcString(bomb, WANTED);
    expect(string?.vendors.get(755)).toMatchObject({ consent: true, legitimateInterest: false });
  });

  it('refuses a count that the string does not hold', () => {
    const short = text(head + bits(65_535, 16) + '1' + bits(4_095, 12) + everybody);
    expect(decodeTcString(short, WANTED)).toBeUndefined();
  });

  it('refuses a range that runs backwards or starts at nobody', () => {
    const list = (range: string) => text(head + bits(900, 16) + '1' + bits(1, 12) + range + bits(0, 17 + 12));
    expect(decodeTcString(list('1' + bits(800, 16) + bits(700, 16)), WANTED)).toBeUndefined();
    expect(decodeTcString(list('1' + bits(0, 16) + bits(900, 16)), WANTED)).toBeUndefined();
    expect(decodeTcString(list('1' + bits(700, 16) + bits(800, 16)), WANTED)?.vendors.get(755)?.consent).toBe(true);
  });

  it('refuses two segments of one kind', () => {
    const core = text(head + bits(0, 17 + 17 + 12));
    const disclosed = text('001' + bits(0, 17));
    expect(decodeTcString(`${core}.${disclosed}`, WANTED)?.hasDisclosedVendors).toBe(true);
    expect(decodeTcString(`${core}.${disclosed}.${disclosed}`, WANTED)).toBeUndefined();
  });

  it('refuses more than 8 KiB', () => {
    const core = text(head + bits(0, 17 + 17 + 12));
    expect(decodeTcString(core + 'A'.repeat(8_000), WANTED)).toBeDefined();
    expect(decodeTcString(core + 'A'.repeat(8_200), WANTED)).toBeUndefined();
  });
});
