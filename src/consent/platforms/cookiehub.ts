import { AD_SIGNALS } from '../../core/signals.ts';
import { asJsonObject, asString, type Json } from '../json.ts';
import { base64Object, byCategory, perObject, type Platform } from '../platform.ts';
import { choice, noChoice, notRequired, unreadable } from '../reading.ts';
import { isoTime } from '../text.ts';

const NAMES = { preferences: 'preferences', statistics: 'analytics', marketing: 'marketing' };

/** CookieHub (`consent.md` 1): a list of categories with their values, or one word for all. */
export const cookieHub: Platform = {
  name: 'cookiehub',
  title: 'CookieHub',
  cookies: ['cookiehub'],
  read: perObject(base64Object, (root, context) => {
    const { source, all } = context;
    const facts = { at: isoTime(asString(root.get('timestamp'))), id: asString(root.get('token')) };
    const categories = root.get('categories');
    // Under laws of US states: an opt-out of sale and sharing.
    const objected = root.get('allowSale') === false ? AD_SIGNALS : 0;
    const listed = Array.isArray(categories) ? (categories as readonly Json[]) : undefined;
    const isOn = (id: string) => isAccepted(listed ?? [], id);
    const { on, off } = byCategory(context, NAMES, isOn);
    const preset = (listed !== undefined && listed.length > 0 ? off : 0) | objected;
    // The key was spelled without its second `i` for years, and is written both ways now.
    if (['implict', 'implicit'].some((key) => root.has(key) && root.get(key) !== false))
      return noChoice(source, facts, 'implied: nobody clicked', preset);
    if (root.get('answered') !== true) return noChoice(source, facts, 'no choice yet', preset);
    if (listed === undefined) return unreadable(source);
    // Where no law asks for consent, it counts itself as answered, and writes no time.
    if (root.get('cookieLaws') === false && facts.at === undefined)
      return notRequired(source, on, off | objected, facts);
    if (listed.length > 0) return choice(source, on, off | objected, facts);
    const allowed = root.get('allAllowed');
    if (typeof allowed !== 'boolean') return unreadable(source);
    return allowed ? choice(source, all, objected, facts) : choice(source, 0, all, facts);
  }),
};

/** Every entry of this id is on, and there is one. */
function isAccepted(categories: readonly Json[], id: string): boolean {
  const entries = categories.map((entry) => asJsonObject(entry)).filter((entry) => entry?.get('id') === id);
  return entries.length > 0 && entries.every((entry) => entry?.get('value') === true);
}
