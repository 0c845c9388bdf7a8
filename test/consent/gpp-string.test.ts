import { readFileSync } from 'node:fs';
import { GppModel } from '@iabgpp/cmpapi';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeGppString, decodeUsSection } from '../../src/consent/standards/gpp-string.ts';
import { decodeUsPrivacy } from '../../src/consent/standards/us-privacy.ts';

/** The sections of the United States: their names in the library, their ids in the GPP specification, their opt-outs. */
const SALE = ['SaleOptOut', 'TargetedAdvertisingOptOut'] as const;
const SECTIONS = [
  { name: 'usnat', id: 7, fields: ['SaleOptOut', 'SharingOptOut', 'TargetedAdvertisingOptOut'], gpc: true },
  { name: 'usca', id: 8, fields: ['SaleOptOut', 'SharingOptOut'], gpc: true },
  { name: 'usva', id: 9, fields: SALE, gpc: false },
  { name: 'usco', id: 10, fields: SALE, gpc: true },
  { name: 'usut', id: 11, fields: SALE, gpc: false },
  { name: 'usct', id: 12, fields: SALE, gpc: true },
  { name: 'usfl', id: 13, fields: SALE, gpc: false },
  { name: 'usmt', id: 14, fields: SALE, gpc: true },
  { name: 'usor', id: 15, fields: SALE, gpc: true },
  { name: 'ustx', id: 16, fields: SALE, gpc: true },
  { name: 'usde', id: 17, fields: SALE, gpc: true },
  { name: 'usia', id: 18, fields: SALE, gpc: true },
  { name: 'usne', id: 19, fields: SALE, gpc: true },
  { name: 'usnh', id: 20, fields: SALE, gpc: true },
  { name: 'usnj', id: 21, fields: SALE, gpc: true },
  { name: 'ustn', id: 22, fields: SALE, gpc: true },
  { name: 'usmn', id: 23, fields: SALE, gpc: true },
  { name: 'usmd', id: 24, fields: SALE, gpc: true },
  { name: 'usin', id: 25, fields: SALE, gpc: false },
  { name: 'usky', id: 26, fields: SALE, gpc: false },
  { name: 'usri', id: 27, fields: SALE, gpc: false },
] as const;

describe('GPP against @iabgpp/cmpapi', () => {
  it('finds the sections of any combination, in order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...SECTIONS), { minLength: 1 }), (chosen) => {
        const model = new GppModel();
        for (const { name, fields } of chosen) model.setFieldValue(name, fields[0], 1);
        const text = model.encode();
        const encoded = text.split('~').slice(1);
        const expected = model.getSectionIds().map((id, i) => [id, encoded[i]]);
        expect([...(decodeGppString(text) ?? [])]).toEqual(expected);
      }),
    );
  });

  it.each(SECTIONS)('reads the opt-outs and the GPC of $name', ({ name, id, fields, gpc }) => {
    const optOut = fc.constantFrom(0, 1, 2);
    fc.assert(
      fc.property(
        fc.array(optOut, { minLength: 3, maxLength: 3 }),
        fc.boolean(),
        fc.boolean(),
        (values, signal, noise) => {
          const model = new GppModel();
          fields.forEach((field, i) => model.setFieldValue(name, field, values[i]));
          if (noise && name !== 'usnat') model.setFieldValue(name, 'SaleOptOutNotice', 1);
          if (gpc) model.setFieldValue(name, 'Gpc', signal);
          const text = decodeGppString(model.encode())?.get(id) as string;
          expect(decodeUsSection(id, text)).toEqual({ optOuts: values.slice(0, fields.length), gpc: gpc && signal });
        },
      ),
      { numRuns: 40 },
    );
  });
});

interface Vector {
  readonly id: string;
  readonly cookie: string;
  readonly expect: {
    readonly gpp?: {
      readonly sections: readonly number[];
      readonly usnat?: { SaleOptOut: number; SharingOptOut: number; TargetedAdvertisingOptOut: number; Gpc: boolean };
    };
    readonly usp?: unknown;
  };
}

const vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as readonly Vector[];
const valueOf = (cookie: string) => decodeURIComponent(cookie.slice(cookie.indexOf('=') + 1));

describe('consent/vectors.json, the strings themselves', () => {
  it.each(vectors.filter((vector) => vector.expect.gpp !== undefined).map((vector) => [vector.id, vector] as const))(
    '%s',
    (_, { cookie, expect: { gpp } }) => {
      const sections = decodeGppString(valueOf(cookie));
      expect([...(sections?.keys() ?? [])]).toEqual(gpp?.sections);
      const section = sections?.get(7);
      const { usnat } = gpp ?? {};
      expect(section && decodeUsSection(7, section)).toEqual(
        usnat && {
          optOuts: [usnat.SaleOptOut, usnat.SharingOptOut, usnat.TargetedAdvertisingOptOut],
          gpc: usnat.Gpc,
        },
      );
    },
  );

  it.each(vectors.filter((vector) => vector.expect.usp !== undefined).map((vector) => [vector.id, vector] as const))(
    '%s',
    (_, { cookie, expect: { usp } }) => {
      const value = valueOf(cookie);
      const text = value.startsWith('{') ? (JSON.parse(value) as { uspString: string }).uspString : value;
      expect(decodeUsPrivacy(text)).toEqual(usp);
    },
  );
});

describe('decodeGppString on hostile headers', () => {
  it('refuses a TC string (R91), other versions and nonsense', () => {
    for (const text of [
      'CQraFkAQraFkACGACAENCyFgAP',
      'DCABLA~BVQVAAAAAAGA',
      '',
      '~',
      'DBABLA',
      'DBABLA~a~b',
      'D',
      'DBAB',
    ]) {
      expect(decodeGppString(text)).toBeUndefined();
    }
  });

  it('bounds the number of sections', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^DB[A-Za-z0-9_-]{2,60}$/), fc.nat({ max: 100 }), (header, parts) => {
        const sections = decodeGppString(header + '~A'.repeat(parts));
        expect(sections?.size ?? 0).toBeLessThanOrEqual(64);
      }),
    );
  });

  it('knows no section of a version it was not written for', () => {
    // Version 3 of usnat, version 2 of usva; the first sextet is the version.
    expect(decodeUsSection(7, 'DVQVAAAAAAGA')).toBeUndefined();
    expect(decodeUsSection(7, 'CVQVAAAAAAGA')).toBeDefined();
    expect(decodeUsSection(9, 'CVQVAAAAAAGA')).toBeUndefined();
    expect(decodeUsSection(9, 'BVQVAAAAAAGA')).toBeDefined();
    expect(decodeUsSection(28, 'BVQVAAAAAAGA')).toBeUndefined();
  });
});
