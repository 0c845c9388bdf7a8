import { asCount, asString, asStrings, parseCookieJson, type JsonObject } from '../json.ts';
import { byCategory, jsonObject, perObject, type Platform } from '../platform.ts';
import { choice, noChoice, unreadable } from '../reading.ts';
import { unixTime } from '../text.ts';

const NAMES = { preferences: 'functionality', statistics: 'performance', marketing: 'targeting' };

/** Cookie-Script (`consent.md` 1): an action and the accepted categories, a JSON list inside a string. */
export const cookieScript: Platform = {
  name: 'cookie-script',
  title: 'Cookie-Script',
  cookies: ['CookieScriptConsent'],
  read: perObject(jsonObject, (root, context) => {
    const { source, all } = context;
    const facts = { at: unixTime(asCount(root.get('consenttime')), 1000), id: asString(root.get('key')) };
    const action = root.get('action');
    if (action === undefined) return noChoice(source, facts);
    if (action === 'close') return noChoice(source, facts, 'the notice was closed');
    if (action === 'reject') return choice(source, 0, all, facts);
    if (action !== 'accept') return unreadable(source);
    if (!root.has('categories')) return choice(source, all, 0, facts);
    const accepted = categoriesOf(root);
    if (accepted === undefined) return unreadable(source);
    const isOn = (category: string) => accepted.includes(category);
    const { on, off } = byCategory(context, NAMES, isOn);
    return choice(source, on, off, facts);
  }),
};

function categoriesOf(root: JsonObject): readonly string[] | undefined {
  const categories = root.get('categories');
  return asStrings(typeof categories === 'string' ? parseCookieJson(categories) : categories);
}
