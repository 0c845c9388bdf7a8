import { describe, expect, it } from 'vitest';
import { inputOf, readConsent } from './site.ts';
import { siteFor, vectors, type Vector } from './vectors.ts';

/** The number of damaged cookies; for the million of R11: `CONSENT_MUTATIONS=1000000 npx vitest run test/consent`. */
const MUTATIONS = Number(process.env['CONSENT_MUTATIONS'] ?? 20_000);
const SEED = Number(process.env['CONSENT_SEED'] ?? 1);

/**
 * Refusals that stand beside an acceptance, so that damage to the refusal leaves a well-formed acceptance; and strings
 * of bits, where every damage is another string (they are held against the IAB libraries in tcf-string.test.ts).
 */
const AMBIGUOUS = new Set([
  'consentmanager-05',
  'cookieinformation-06',
  'cookieyes-08',
  'onetrust-13',
  'onetrust-14',
  'onetrust-17',
  'tarteaucitron-05',
]);

const refusals = vectors.filter(
  ({ id, cmp, options = {}, expect: { status } }) =>
    status === 'denied' && cmp !== 'tcf' && options['regime'] === undefined && !AMBIGUOUS.has(id),
);

/** A small generator, so that a failure can be repeated from its seed (mulberry32). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

/** Characters that mean something to some format, but none that could turn a refusal into an acceptance. */
const JUNK = Array.from('~!*\'"(){}[],:;%&=+-_.| ZzQ\\/\u00a0\u0085');

type Edit = (text: string, at: number, pick: (below: number) => number) => string;

const EDITS: readonly Edit[] = [
  (text, at) => text.slice(0, at),
  (text, at) => text.slice(0, at) + text.slice(at + 1),
  (text, at) => text.slice(0, at) + (text[at] ?? '') + text.slice(at),
  (text, at) => text.slice(0, at) + (text[at + 1] ?? '') + (text[at] ?? '') + text.slice(at + 2),
  (text, at, pick) => text.slice(0, at) + (JUNK[pick(JUNK.length)] ?? '') + text.slice(at + 1),
  (text, at, pick) => text.slice(0, at) + (JUNK[pick(JUNK.length)] ?? '') + text.slice(at),
  (text, at) => {
    const char = text[at] ?? '';
    return (
      text.slice(0, at) + (char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase()) + text.slice(at + 1)
    );
  },
  (text, at) => text.slice(0, at) + encodeURIComponent(text[at] ?? '') + text.slice(at + 1),
  (text) => encodeURIComponent(text),
  (text) => text + text,
  (text, _, pick) => `${text}${JUNK[pick(JUNK.length)] ?? ''}${text}`,
  (text) => ` "${text}"`,
];

/** Damages the value of one of the cookies, up to twice. Names stay: without its name it is another cookie. */
function damage(cookie: string, pick: (below: number) => number): string {
  const cookies = cookie.split('; ');
  const index = pick(cookies.length);
  const [name = '', ...rest] = (cookies[index] ?? '').split('=');
  let value = rest.join('=');
  for (let edits = 1 + pick(2); edits > 0; edits--) {
    value = EDITS[pick(EDITS.length)]?.(value, pick(value.length), pick) ?? value;
  }
  return cookies.with(index, `${name}=${value}`).join('; ');
}

describe('a refusal, damaged', () => {
  it('stays a refusal (R11)', () => {
    const sites = new Map(refusals.map((vector: Vector) => [vector, siteFor(vector)] as const));
    const pick = generator(SEED);
    expect(refusals.length).toBeGreaterThan(40);
    for (let i = 0; i < MUTATIONS; i++) {
      const vector = refusals[i % refusals.length] as Vector;
      const site = sites.get(vector);
      if (site === undefined) throw new Error('no site');
      const cookie = damage(vector.cookie, pick);
      const { granted } = readConsent(inputOf(cookie), site);
      // One assertion for each of a million would take minutes.
      if (granted !== 0) expect({ id: vector.id, cookie, granted }).toEqual({ id: vector.id, cookie, granted: 0 });
    }
  });
});
