import { asCount, asNumber, asString } from '../json.ts';
import { base64Object, categorised, perObject, type Context, type Platform } from '../platform.ts';
import { choice, noChoice, unreadable, type Facts } from '../reading.ts';
import { unixTime } from '../text.ts';
import type { Reading } from '../types.ts';

/** Bits of `preferences`: the categories that are blocked. 8 are those nobody has classified. */
const BLOCKED = { preferences: 1, statistics: 2, marketing: 4 };
const MOST = 15;

/** Pandectes (`consent.md` 1): one word, and which categories are blocked all the same (its script `pandectes-rules`). */
export const pandectes: Platform = {
  name: 'pandectes',
  title: 'Pandectes',
  fixed: true,
  cookies: ['_pandectes_gdpr'],
  read: perObject(base64Object, (root, context) => {
    const { source, all } = context;
    const facts = { at: unixTime(asCount(root.get('timestamp')), 1000), id: asString(root.get('id')) };
    switch (root.get('status')) {
      case 'allow':
        return readAllowed(asNumber(root.get('preferences')), context, facts);
      case 'deny':
        return choice(source, 0, all, facts);
      case '':
        return noChoice(source, facts);
      default:
        return unreadable(source);
    }
  }),
};

function readAllowed(blocked: number | undefined, context: Context, facts: Facts): Reading {
  if (blocked === undefined || !Number.isInteger(blocked) || blocked < 0 || blocked > MOST) {
    return unreadable(context.source);
  }
  const isOn = (bit: number): boolean => (blocked & bit) === 0;
  const { preferences, statistics, marketing } = BLOCKED;
  const { on, off } = categorised(context, isOn(preferences), isOn(statistics), isOn(marketing));
  return choice(context.source, on, off, facts);
}
