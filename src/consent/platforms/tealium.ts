import { AD_SIGNALS } from '../../core/signals.ts';
import { flagged, perCookie, signalsOfName, type Context, type Platform } from '../platform.ts';
import { choice, noChoice, restriction, unreadable } from '../reading.ts';
import { digitsTime, percentDecoded } from '../text.ts';
import type { Reading } from '../types.ts';

const CATEGORY = /^c(?:[1-9]|1[0-5])$/;
/** Milliseconds. */
const WHOLE_TIME = /^\d{13}$/;
const RECORD = 'CONSENTMGR';
/** Of the older privacy manager: `0:1` is out of everything, `c3:1` out of one category. */
const OPT_OUT = 'OPTOUTMULTI';

/**
 * Tealium (`consent.md` 1): `c1:1|c3:0|ts:...|consent:true`; what c1 to c15 stand for is the site's own. `dns` is "do not
 * sell" under laws of US states.
 */
export const tealium: Platform = {
  name: 'tealium',
  title: 'Tealium Consent Manager',
  cookies: [RECORD, OPT_OUT],
  needsMapping: true,
  read: perCookie((value, context, name) => {
    const { source, all } = context;
    const pairs = (percentDecoded(value) ?? '').split('|').map((pair) => pair.split(':', 3));
    if (name === OPT_OUT) return readOptOut(pairs, context);
    const of = (key: string) => pairs.filter(([other]) => other === key).map(([, state]) => state);
    const facts = { at: digitsTime(of('ts')[0], 1) };
    const answers = of('consent');
    const sale = of('dns');
    const objected = sale.some((state) => state !== 'false') ? AD_SIGNALS : 0;
    if (answers.includes('false')) return choice(source, 0, all, facts);
    if (answers.length === 0 && sale.length > 0)
      return objected === 0 ? noChoice(source, facts) : choice(source, 0, objected, facts);
    if (answers.length === 0 || !answers.every((answer) => answer === 'true')) return unreadable(source);
    // The time is in every record, mostly behind the categories. Without it the record was cut, and what was off may be gone.
    if (!of('ts').some((time) => WHOLE_TIME.test(time ?? ''))) return unreadable(source);
    const flags = pairs
      .filter(([key = '']) => CATEGORY.test(key))
      .map(([key = '', state]) => [key, state === '1'] as const);
    if (flags.length === 0) return choice(source, all, objected, facts);
    const { on, off } = flagged(flags, context);
    return choice(source, on, off | objected, facts);
  }),
};

/** It holds what somebody opted out of, and no consent. */
function readOptOut(pairs: readonly (readonly string[])[], context: Context): Reading {
  let refused = 0;
  for (const [key = '', state] of pairs) {
    if (state !== '1') continue;
    refused |= key === '0' ? context.all : signalsOfName(key, context, false);
  }
  const note = refused === 0 ? 'not opted out' : 'opted out';
  return restriction(context.source, refused === 0 ? 'none' : 'denied', refused, 0, note);
}
