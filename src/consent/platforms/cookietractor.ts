import { asJsonObject, asString, asStrings } from '../json.ts';
import { byCategory, jsonObject, NO_RECORD, perCookie, type Platform } from '../platform.ts';
import { choice } from '../reading.ts';
import { isoTime } from '../text.ts';

const NAMES = { preferences: 'functional', statistics: 'statistical', marketing: 'marketing' };

/**
 * CookieTractor: a list of the accepted categories, as the vendor's own code reads it (its template "CookieTractor Consent
 * State" for Google Tag Manager, and `cookietractor-declaration.js`). Sites write words of their own into a cookie of this
 * name; what has no list is no record, and the bridge may speak.
 */
export const cookieTractor: Platform = {
  name: 'cookietractor',
  title: 'CookieTractor',
  cookies: ['_cc_cookieConsent'],
  bridged: true,
  read: perCookie((value, context) => {
    const root = asJsonObject(jsonObject(value));
    const accepted = asStrings(root?.get('consents'));
    if (root === undefined || accepted === undefined) return NO_RECORD;
    const isOn = (category: string) => accepted.includes(category);
    const { on, off } = byCategory(context, NAMES, isOn);
    return choice(context.source, on, off, { at: isoTime(asString(root.get('utc'))), id: asString(root.get('user')) });
  }),
};
