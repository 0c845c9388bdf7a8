import { cookieValues } from '../cookie-header.ts';
import {
  base64Object,
  byCategory,
  jsonObject,
  NO_RECORD,
  perCookie,
  type Context,
  type Platform,
} from '../platform.ts';
import { choice, mute, noChoice, unreadable } from '../reading.ts';
import { digitsTime, percentDecoded } from '../text.ts';
import type { Reading } from '../types.ts';

const NAMES = { preferences: 'functional', statistics: 'analytics', marketing: 'advertisement' };

/** CookieYes (`consent.md` 1): `key:value` pairs. Without `action:yes` nobody has clicked, whatever the other pairs are. */
export const cookieYes: Platform = {
  name: 'cookieyes',
  title: 'CookieYes',
  cookies: ['cookieyes-consent'],
  read: perCookie((value, context) => {
    const text = percentDecoded(value);
    return text?.includes(':') === true ? readPairs(fieldsOf(text), context) : unreadable(context.source);
  }),
};

/**
 * WebToffee's plugin for WordPress, of the house CookieYes comes from: the same pairs, with `consent_time` in milliseconds.
 * Scripts of sites use the name, too: what does not have its `action` is no record of it.
 */
export const webToffee: Platform = {
  name: 'webtoffee',
  title: 'WebToffee (GDPR Cookie Consent)',
  cookies: ['wt_consent'],
  read: perCookie((value, context) => {
    const text = percentDecoded(value);
    if (text === undefined) return unreadable(context.source);
    const fields = fieldsOf(text);
    return fields.has('action') ? readPairs(fields, context) : NO_RECORD;
  }),
};

function readPairs(fields: ReadonlyMap<string, string>, context: Context): Reading {
  const { source } = context;
  const facts = { id: fields.get('consentid') || undefined, at: digitsTime(fields.get('consent_time'), 1) };
  if (fields.get('action') !== 'yes') {
    const isOff = (category: string) => (fields.get(category) === 'no' ? false : undefined);
    const preset = byCategory(context, NAMES, isOff);
    return noChoice(source, facts, 'nobody has clicked', preset.off);
  }
  const { on, off } = byCategory(context, NAMES, (category) => fields.get(category) === 'yes');
  return choice(source, on, off, facts);
}

/** A repeated key keeps its value only if both agree. */
function fieldsOf(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const pair of text.split(',')) {
    const colon = pair.indexOf(':');
    if (colon === -1) continue;
    const key = pair.slice(0, colon).trim();
    const value = pair.slice(colon + 1).trim();
    fields.set(key, fields.has(key) && fields.get(key) !== value ? '' : value);
  }
  return fields;
}

const CHECKBOX = 'cookielawinfo-checkbox-';
const VIEWED = 'viewed_cookie_policy';
const SUMMARY = 'CookieLawInfoConsent';
/** The one category of versions that had no others. */
const EVERYTHING = 'non-necessary';
const BOXES = [...Object.values(NAMES), EVERYTHING];

/**
 * Its predecessor, with a cookie for each category. These are pre-set: only `viewed_cookie_policy` shows a click, and `no`
 * a click on "reject". The boxes alone are defaults of the page, and no record.
 */
export const cookieLawInfo: Platform = {
  name: 'cookie-law-info',
  title: 'CookieYes (GDPR Cookie Consent, Cookie Law Info)',
  cookies: [VIEWED, SUMMARY, { name: `${CHECKBOX}*`, is: /^cookielawinfo-checkbox-[\w%-]{1,128}$/ }],
  read(found, context) {
    const { source, all } = context;
    const viewed = cookieValues(found, VIEWED);
    if (viewed.includes('no')) return [choice(source, 0, all)];
    if (viewed.length === 0) return [mute(source, {}, 'boxes are pre-set, and nobody has clicked')];
    if (viewed.some((value) => value !== 'yes')) return [noChoice(source)];
    const boxes = (category: string) => cookieValues(found, CHECKBOX + category).map((value) => value === 'yes');
    const summaries = cookieValues(found, SUMMARY).map((value) => readSummary(value, context));
    // The summary holds the same as the boxes; it is read where they are gone.
    const names = context.purposes === undefined ? BOXES : [...context.purposes.keys()];
    const hasBoxes = names.some((category) => boxes(category).length > 0);
    return hasBoxes || summaries.length === 0 ? [choiceOf(boxes, context), ...summaries] : summaries;
  },
};

/** The choice of boxes: a category counts if it has one, and all copies of it are ticked. */
function choiceOf(boxes: (category: string) => readonly boolean[], context: Context): Reading {
  const everything = boxes(EVERYTHING);
  const isOn = (category: string) => {
    const own = boxes(category);
    return own.length > 0 && own.every((box) => box);
  };
  if (
    context.purposes === undefined &&
    everything.length > 0 &&
    BOXES.every((category) => category === EVERYTHING || boxes(category).length === 0)
  ) {
    return isOn(EVERYTHING) ? choice(context.source, context.all, 0) : choice(context.source, 0, context.all);
  }
  const { on, off } = byCategory(context, NAMES, isOn);
  return choice(context.source, on, off);
}

/** In base64 or as it is; older versions wrote the states as text. */
function readSummary(value: string, context: Context): Reading {
  const root = base64Object(value) ?? jsonObject(value);
  if (root === undefined) return unreadable(context.source);
  return choiceOf((category) => {
    const state = root.get(category);
    return state === undefined ? [] : [state === true || state === 'true'];
  }, context);
}
