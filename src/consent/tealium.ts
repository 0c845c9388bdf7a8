import { flagged, perCookie, type Platform } from './platform.ts';
import { choice, unreadable } from './reading.ts';
import { digitsTime, percentDecoded } from './text.ts';

const CATEGORY = /^c(?:[1-9]|1[0-5])$/;

/** Tealium (`consent.md` 1): `c1:1|c3:0|ts:...|consent:true`; what c1 to c15 stand for is the site's own. */
export const tealium: Platform = {
  name: 'tealium',
  title: 'Tealium Consent Manager',
  cookies: ['CONSENTMGR'],
  needsMapping: true,
  read: perCookie((value, context) => {
    const { source, all } = context;
    const pairs = (percentDecoded(value) ?? '').split('|').map((pair) => pair.split(':', 3));
    const of = (name: string) => pairs.filter(([key]) => key === name).map(([, state]) => state);
    const facts = { at: digitsTime(of('ts')[0], 1) };
    const answers = of('consent');
    if (answers.includes('false')) return choice(source, 0, all, facts);
    if (answers.length === 0 || !answers.every((answer) => answer === 'true')) return unreadable(source);
    const flags = pairs
      .filter(([key = '']) => CATEGORY.test(key))
      .map(([key = '', state]) => [key, state === '1'] as const);
    if (flags.length === 0) return choice(source, all, 0, facts);
    const { on, off } = flagged(flags, context);
    return choice(source, on, off, facts);
  }),
};
