import { cookieValues, type Cookies } from '../cookie-header.ts';
import { asCount, asJsonObject, asStrings, parseCookieJson } from '../json.ts';
import {
  byCategory,
  isNamed,
  jsonObject,
  listed,
  readValue,
  signalsOfName,
  type Context,
  type SignalMarks,
  type Platform,
} from '../platform.ts';
import { choice, mute, noChoice, notRequired, unreadable } from '../reading.ts';
import { percentDecoded, unixTime } from '../text.ts';
import type { Reading } from '../types.ts';

const RECORD = 'osano_consentmanager';
const UUID = 'osano_consentmanager_uuid';

const NAMES = { preferences: 'PERSONALIZATION', statistics: 'ANALYTICS', marketing: 'MARKETING' };

/** Osano (`consent.md` 1). The older, encrypted value cannot be read. */
export const osano: Platform = {
  name: 'osano',
  title: 'Osano',
  cookies: [RECORD, UUID],
  read(found, context) {
    const { source } = context;
    const id = cookieValues(found, UUID)[0];
    const records = cookieValues(found, RECORD);
    // An id without a record may be left from another banner, so it does not contradict that banner's record.
    if (records.length === 0) return [mute(source, { id }, 'an id, and no record of a choice')];
    return records.map((record) => {
      const root = jsonObject(record);
      const consent = asJsonObject(root?.get('consent'));
      if (root === undefined || consent === undefined) return unreadable(source, { id });
      const { on, off } = byCategory(context, NAMES, (category) => consent.get(category) === 'ACCEPT');
      // OPT_OUT is the refusal of sale; accepting it takes marketing away.
      const sells = !consent.has('OPT_OUT') || consent.get('OPT_OUT') === 'DENY';
      return choice(source, on, sells ? off : off | context.categories.marketing, {
        at: unixTime(asCount(root.get('consentTimestamp')), 1),
        id,
      });
    });
  },
};

const STATUS = 'cookieconsent_status';
/** What Consentmo, a banner of Shopify shops that grew from this one, has switched off: `analytics,marketing`. */
const DISABLED = 'cookieconsent_preferences_disabled';
/** What was accepted with datareporter.eu, which grew from it, too: `["statistics"]`. */
const ACCEPTED = 'cookieconsent_mode';

/** Version 4 has a cookie for each category. */
const CATEGORY = 'cookieconsent_status_';

/**
 * Osano's open-source banner: one word for everything, less what banners that grew from it write beside it. A notice
 * that was only closed is no consent.
 */
export const osanoCookieconsent: Platform = {
  name: 'osano-cookieconsent',
  title: 'Cookie Consent (Osano, open source)',
  cookies: [STATUS, DISABLED, ACCEPTED, { name: `${CATEGORY}*`, is: /^cookieconsent_status_[A-Z_]{3,32}$/ }],
  read(found, context) {
    const { source } = context;
    const words = cookieValues(found, STATUS);
    const byWord = found.names.some((name) => name.startsWith(CATEGORY)) ? [categories(found, context)] : [];
    const beside = [
      ...cookieValues(found, DISABLED).map((value) => withoutDisabled(value, context)),
      ...cookieValues(found, ACCEPTED).map((value) => acceptedOnly(value, context)),
    ];
    // A page sets the categories before anybody is asked.
    if (words.length === 0 && byWord.length === 0) return [mute(source, {}, 'categories, and no word of the visitor')];
    return [...words.map((value) => readValue(value, (word) => readWord(word, beside, context))), ...byWord];
  },
};

/** `ALLOW`, `DENY`, or `DISMISS`, which is no answer. */
function categories(found: Cookies, context: Context): Reading {
  const marks = byCategory(context, NAMES, (category) => {
    const words = cookieValues(found, CATEGORY + category);
    if (words.includes('DENY')) return false;
    return words.length > 0 && words.every((word) => word === 'ALLOW') ? true : undefined;
  });
  return (marks.on | marks.off) === 0 ? noChoice(context.source) : choice(context.source, marks.on, marks.off);
}

function readWord(word: string, beside: readonly (SignalMarks | undefined)[], { source, all }: Context): Reading {
  switch (word) {
    case 'deny':
      return choice(source, 0, all);
    case 'dismiss':
      return noChoice(source, {}, 'the notice was closed');
    case 'non_gdpr':
      return notRequired(source, all, 0);
    case 'allow':
    case 'accept_all':
      break;
    case 'accept_selected':
      if (beside.length > 0) break;
      return unreadable(source, {}, 'selected, but not what');
    default:
      return unreadable(source);
  }
  let off = 0;
  for (const marks of beside) {
    if (marks === undefined) return unreadable(source);
    off |= marks.off;
  }
  return choice(source, all, off);
}

function withoutDisabled(value: string, context: Context): SignalMarks | undefined {
  const names = percentDecoded(value)
    ?.split(',', 64)
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  // A name that is cut off, or unknown, may be that of any category.
  if (names === undefined || !names.every((name) => isNamed(name, context))) return undefined;
  let off = 0;
  for (const name of names) off |= signalsOfName(name, context, true);
  return { on: 0, off };
}

function acceptedOnly(value: string, context: Context): SignalMarks | undefined {
  const names = asStrings(parseCookieJson(percentDecoded(value) ?? ''));
  return names === undefined ? undefined : listed(names, context, true);
}
