import { asString, asStrings } from '../json.ts';
import { byCategory, jsonObject, perObject, type Platform } from '../platform.ts';
import { choice, unreadable } from '../reading.ts';
import { isoTime } from '../text.ts';

const NAMES = {
  preferences: 'cookie_cat_functional',
  statistics: 'cookie_cat_statistic',
  marketing: 'cookie_cat_marketing',
};

/** Cookie Information (`consent.md` 1): the approved categories, without the denied ones. */
export const cookieInformation: Platform = {
  name: 'cookie-information',
  title: 'Cookie Information',
  cookies: ['CookieInformationConsent'],
  read: perObject(jsonObject, (root, context) => {
    const approved = asStrings(root.get('consents_approved'));
    const denied = root.has('consents_denied') ? asStrings(root.get('consents_denied')) : [];
    if (approved === undefined || denied === undefined) return unreadable(context.source);
    const isOn = (category: string) => approved.includes(category) && !denied.includes(category);
    const { on, off } = byCategory(context, NAMES, isOn);
    const facts = { at: isoTime(asString(root.get('timestamp'))), id: asString(root.get('user_uid')) };
    return choice(context.source, on, off, facts);
  }),
};
