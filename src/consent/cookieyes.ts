import { cookieValues } from './cookie-header.ts';
import { base64Object, categorised, perCookie, type Context, type Platform } from './platform.ts';
import { choice, noChoice, unreadable } from './reading.ts';
import { percentDecoded } from './text.ts';
import type { Reading } from './types.ts';

/** CookieYes (`consent.md` 1): `key:value` pairs. Until `action:yes` nobody has clicked, whatever else it says. */
export const cookieYes: Platform = {
  name: 'cookieyes',
  title: 'CookieYes',
  cookies: ['cookieyes-consent'],
  read: perCookie((value, context) => {
    const { source } = context;
    const text = percentDecoded(value);
    if (text === undefined || !text.includes(':')) return unreadable(source);
    const fields = fieldsOf(text);
    const facts = { id: fields.get('consentid') || undefined };
    if (fields.get('action') !== 'yes') return noChoice(source, facts);
    const isOn = (category: string) => fields.get(category) === 'yes';
    const { on, off } = categorised(context, isOn('functional'), isOn('analytics'), isOn('advertisement'));
    return choice(source, on, off, facts);
  }),
};

/** A repeated key keeps its value only if both agree. */
function fieldsOf(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const pair of text.split(',')) {
    const colon = pair.indexOf(':');
    if (colon === -1) continue;
    const key = pair.slice(0, colon);
    const value = pair.slice(colon + 1);
    fields.set(key, fields.has(key) && fields.get(key) !== value ? '' : value);
  }
  return fields;
}

const CHECKBOX = 'cookielawinfo-checkbox-';
const VIEWED = 'viewed_cookie_policy';
const SUMMARY = 'CookieLawInfoConsent';

/** Its forerunner, a cookie for each category. They are pre-set: only `viewed_cookie_policy` tells of a click. */
export const cookieLawInfo: Platform = {
  name: 'cookie-law-info',
  title: 'CookieYes (GDPR Cookie Consent, Cookie Law Info)',
  cookies: [VIEWED, SUMMARY, ...['functional', 'analytics', 'advertisement'].map((category) => CHECKBOX + category)],
  read(found, context) {
    const viewed = cookieValues(found, VIEWED);
    if (viewed.length === 0 || viewed.some((value) => value !== 'yes')) return [noChoice(context.source)];
    const isOn = (category: string) => {
      const boxes = cookieValues(found, CHECKBOX + category);
      return boxes.length > 0 && boxes.every((value) => value === 'yes');
    };
    const { on, off } = categorised(context, isOn('functional'), isOn('analytics'), isOn('advertisement'));
    return [
      choice(context.source, on, off),
      ...cookieValues(found, SUMMARY).map((value) => readSummary(value, context)),
    ];
  },
};

function readSummary(value: string, context: Context): Reading {
  const root = base64Object(value);
  if (root === undefined) return unreadable(context.source);
  const isOn = (category: string) => root.get(category) === true;
  const { on, off } = categorised(context, isOn('functional'), isOn('analytics'), isOn('advertisement'));
  return choice(context.source, on, off);
}
