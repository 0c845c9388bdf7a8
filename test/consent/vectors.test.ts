import { describe, expect, it } from 'vitest';
import { CATEGORY_SIGNALS } from '../../src/core/signals.ts';
import type { Consent, Status } from '../../src/consent/types.ts';
import { expectWithin } from '../support/growth.ts';
import { inputOf, readConsent } from './site.ts';
import { siteFor, vectors } from './vectors.ts';

const CATEGORIES = ['preferences', 'statistics', 'marketing'] as const;

/** A vector describes one reading; several readings are combined as in a consent. */
function statusOf({ readings, granted }: Consent): Status {
  const stated = readings.filter(({ source }) => source !== 'gpc').map(({ status }) => status);
  const [first, ...others] = new Set(stated);
  if (others.length === 0) return first ?? 'none';
  return granted === 0 ? 'denied' : 'given';
}

/** The value all readings share. */
function shared<T>(values: readonly (T | undefined)[]): T | null {
  const [first, ...others] = new Set(values);
  return others.length === 0 ? (first ?? null) : null;
}

describe('consent/vectors.json', () => {
  it.each(vectors.map((vector) => [vector.id, vector] as const))('%s', (_, vector) => {
    const { cookie, headers = {}, expect: expected } = vector;
    const input = inputOf(cookie, { gpc: headers['sec-gpc'] === '1' });
    const consent = readConsent(input, siteFor(vector));

    const choices = consent.readings.filter(({ source }) => source !== 'gpc');
    expect(statusOf(consent)).toBe(expected.status);
    for (const category of CATEGORIES) {
      const mask = CATEGORY_SIGNALS[category];
      expect([category, consent.granted & mask]).toEqual([category, expected[category] ? mask : 0]);
    }
    const at = shared(choices.map((reading) => reading.at));
    expect(at === null ? null : new Date(at).toISOString()).toBe(expected.timestamp);
    expect(shared(choices.map((reading) => reading.id))).toBe(expected.consentId);
    expect(consent.conflict).toBe(expected.conflict === true);
    const notes = choices.map(({ note }) => note).join();
    expect(expected.implied === true && !notes.includes('implied')).toBe(false);
    // `dnt` is recorded nowhere: it decides nothing and is personal data (README 1, "record only").
    const gpc = consent.readings.some(({ source }) => source === 'gpc');
    expect(gpc).toBe(expected.signals?.gpc === true);
  });

  // Records made to cost much: seconds in libraries that expand them. A usual one takes some 20 microseconds.
  const usual = vectors.find(({ cmp, expect: { status } }) => cmp === 'tcf' && status === 'given');
  it.each(
    vectors.flatMap((vector) => {
      const { maxMillis } = vector.expect;
      return maxMillis === undefined ? [] : [[vector.id, vector, maxMillis] as const];
    }),
  )('%s is read in the time it may take', (_, vector, maxMillis) => {
    const read = (of = vector) => {
      const [input, site] = [inputOf(of.cookie), siteFor(of)];
      return () => readConsent(input, site);
    };
    expect(usual).toBeDefined();
    expectWithin(maxMillis / 0.02, read(usual), read());
  });

  it.each(vectors.filter(({ expect: { status } }) => status === 'not-required').map((v) => [v.id, v] as const))(
    '%s grants nothing where consent must be opted into',
    (_, vector) => {
      const consent = readConsent(inputOf(vector.cookie), { ...siteFor(vector), regime: 'opt-in' });
      expect(consent.granted).toBe(0);
    },
  );
});
