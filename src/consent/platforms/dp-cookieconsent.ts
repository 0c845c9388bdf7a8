import { asJsonObject, type Json } from '../json.ts';
import { chosen, flagged, jsonObject, perObject, type Platform } from '../platform.ts';
import { lapsed, noChoice, unreadable } from '../reading.ts';

/**
 * DP Cookie Consent, an extension of TYPO3: a status, and a box for each category (`dp_cookieconsent.js`). `open`: the
 * visitor has the notice open, to change an earlier choice perhaps.
 */
export const dpCookieConsent: Platform = {
  name: 'dp-cookieconsent',
  title: 'DP Cookie Consent (TYPO3)',
  cookies: ['dp_cookieconsent_status'],
  read: perObject(jsonObject, (root, context) => {
    const status = root.get('status');
    const flags = boxesIn(root.get('checkboxes'));
    if (status === 'open' && flags === undefined) return noChoice(context.source);
    if (flags === undefined || (status !== 'open' && status !== 'approved')) return unreadable(context.source);
    const choice = chosen(context.source, flagged(flags, context, true));
    return status === 'open' ? lapsed(choice, 'the notice is open again') : choice;
  }),
};

/** Category and whether its box is ticked; undefined where it is no list of such. */
function boxesIn(boxes: Json | undefined): readonly (readonly [string, boolean])[] | undefined {
  if (!Array.isArray(boxes) || boxes.length === 0) return undefined;
  const flags: (readonly [string, boolean])[] = [];
  for (const box of boxes as readonly Json[]) {
    const name = asJsonObject(box)?.get('name');
    const checked = asJsonObject(box)?.get('checked');
    if (typeof name !== 'string' || typeof checked !== 'boolean') return undefined;
    flags.push([name, checked]);
  }
  return flags;
}
