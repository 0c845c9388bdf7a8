import type { Category } from '../../core/signals.ts';
import { asJsonObject, asString, type JsonObject } from '../json.ts';
import { jsonObject, perObject, type Platform } from '../platform.ts';
import { choice, noChoice, unreadable } from '../reading.ts';
import { isoTime } from '../text.ts';

/** Piwik PRO's purposes; marketing needs every one of its purposes that the site has. */
const PURPOSES: readonly (readonly [string, Category])[] = [
  ['ab_testing_and_personalization', 'preferences'],
  ['analytics', 'statistics'],
  ['remarketing', 'marketing'],
  ['conversion_tracking', 'marketing'],
  ['marketing_automation', 'marketing'],
];

/** Piwik PRO (`consent.md` 1): 1 accepted, 0 refused, -1 not asked yet. */
export const piwikPro: Platform = {
  name: 'piwik-pro',
  title: 'Piwik PRO Consent Manager',
  cookies: [{ name: 'ppms_privacy_*', is: /^ppms_privacy_[0-9A-Fa-f-]{1,64}$/ }],
  read: perObject(jsonObject, (root, context) => {
    const { source, categories } = context;
    const consents = asJsonObject(root.get('consents'));
    const facts = { id: asString(root.get('visitorId')), at: answeredAt(consents) };
    if (consents === undefined) return unreadable(source, facts);
    let on = 0;
    let off = 0;
    let blocked = 0;
    let answered = false;
    const usual = PURPOSES.map(([purpose, category]) => [purpose, categories[category]] as const);
    for (const [purpose, signals] of context.purposes ?? usual) {
      const status = asJsonObject(consents.get(purpose))?.get('status');
      if (status === undefined) continue;
      if (status !== 1 && status !== 0 && status !== -1) return unreadable(source, facts);
      answered ||= status !== -1;
      if (status === 1) on |= signals;
      else if (status === 0) off |= signals;
      else blocked |= signals;
    }
    return answered ? choice(source, on & ~blocked, off, facts) : noChoice(source, facts, 'not asked yet', blocked);
  }),
};

/** The time of the oldest answer; undefined where one of them has none. */
function answeredAt(consents: JsonObject | undefined): number | undefined {
  let oldest: number | undefined;
  for (const [purpose] of PURPOSES) {
    const answer = asJsonObject(consents?.get(purpose));
    if (answer === undefined || answer.get('status') === -1) continue;
    const at = isoTime(asString(answer.get('updatedAt')));
    if (at === undefined) return undefined;
    oldest = Math.min(at, oldest ?? at);
  }
  return oldest;
}
