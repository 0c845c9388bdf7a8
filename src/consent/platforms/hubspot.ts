import { cookieValues } from '../cookie-header.ts';
import { byCategory, readValue, type Context, type Platform } from '../platform.ts';
import { choice, mute, unreadable } from '../reading.ts';
import { percentDecoded } from '../text.ts';
import type { Reading } from '../types.ts';

const CATEGORIES = '__hs_cookie_cat_pref';
const OPT_OUT = '__hs_opt_out';
const DO_NOT_TRACK = '__hs_do_not_track';
const OPT_IN = '__hs_initial_opt_in';

/** HubSpot (`consent.md` 1): categories by number; an opt-out wins over them. */
export const hubSpot: Platform = {
  name: 'hubspot',
  title: 'HubSpot',
  cookies: [CATEGORIES, OPT_OUT, DO_NOT_TRACK, OPT_IN],
  read(found, context) {
    const { source, all } = context;
    const optOut = cookieValues(found, OPT_OUT);
    if (optOut.some((value) => value !== 'no') || cookieValues(found, DO_NOT_TRACK).length > 0) {
      return [choice(source, 0, all)];
    }
    const categories = cookieValues(found, CATEGORIES);
    if (categories.length > 0)
      return categories.map((value) => readValue(value, (text) => readCategories(text, context)));
    // A banner without categories: accepted for everything.
    const optIn = cookieValues(found, OPT_IN);
    const accepted = optOut.length > 0 && optIn.length > 0 && optIn.every((value) => value === 'true');
    // One of the two alone only stops the banner from being shown again.
    return [accepted ? choice(source, all, 0) : mute(source, {}, 'no record of a choice')];
  },
};

const NAMES = { preferences: '3', statistics: '1', marketing: '2' };
const STATES = ['true', 'false'];

function readCategories(value: string, context: Context): Reading {
  const pairs = (percentDecoded(value) ?? '').split(/[,_]/, 64).map((pair) => pair.split(':', 3));
  const names = context.purposes === undefined ? Object.values(NAMES) : [...context.purposes.keys()];
  const known = pairs.filter(([category = '']) => names.includes(category));
  if (known.length === 0 || !known.every((pair) => pair.length === 2 && STATES.includes(pair[1] ?? ''))) {
    return unreadable(context.source);
  }
  const isOn = (category: string) => {
    const states = known.filter(([name]) => name === category).map(([, state]) => state);
    return states.length > 0 && states.every((state) => state === 'true');
  };
  const { on, off } = byCategory(context, NAMES, isOn);
  return choice(context.source, on, off);
}
