import { cookieValues } from '../cookie-header.ts';
import { asStrings, parseCookieJson } from '../json.ts';
import { listed, readValue, type Context, type Platform } from '../platform.ts';
import { choice, noChoice, unreadable } from '../reading.ts';
import { percentDecoded } from '../text.ts';
import type { Reading } from '../types.ts';

const STATE = 'cookie-agreed';
const CATEGORIES = 'cookie-agreed-categories';

/**
 * Drupal EU Cookie Compliance (`consent.md` 1): 0 = declined, 1 and 2 = agreed to the listed categories. If no
 * categories are listed, the cookie does not tell what the visitor agreed to.
 */
export const drupal: Platform = {
  name: 'drupal-eu-cookie-compliance',
  title: 'Drupal EU Cookie Compliance',
  cookies: [STATE, CATEGORIES],
  read(found, context) {
    const { source, all } = context;
    const states = cookieValues(found, STATE);
    if (states.includes('0')) return [choice(source, 0, all)];
    if (states.length === 0) return [noChoice(source)];
    if (!states.every((state) => state === '1' || state === '2')) return [unreadable(source)];
    const categories = cookieValues(found, CATEGORIES);
    if (categories.length === 0) return [unreadable(source, {}, 'agreed, but to which categories is not recorded')];
    return categories.map((value) => readValue(value, (text) => readCategories(text, context)));
  },
};

function readCategories(value: string, context: Context): Reading {
  const text = percentDecoded(value);
  const accepted = text === undefined ? undefined : asStrings(parseCookieJson(text));
  if (accepted === undefined) return unreadable(context.source);
  const { on, off } = listed(accepted, context, true);
  return choice(context.source, on, off);
}
