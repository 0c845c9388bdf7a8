import { asObject, asString } from './json.ts';
import { categorised, jsonObject, perObject, type Platform } from './platform.ts';
import { choice, noChoice, notRequired, unreadable } from './reading.ts';
import { demandsOptIn } from './regions.ts';

/**
 * Shopify (`consent.md` 1). It stopped writing this cookie on 15 September 2025; what still comes is read, and
 * the bridge speaks for the rest.
 */
export const shopify: Platform = {
  name: 'shopify',
  title: 'Shopify',
  cookies: ['_tracking_consent'],
  bridged: true,
  read: perObject(jsonObject, (root, context) => {
    const { source } = context;
    const states = asObject(asObject(root.get('con'))?.get('CMP'));
    if (states === undefined) return unreadable(source);
    const facts = { id: asString(root.get('consent_id')), version: asString(root.get('v')) };
    const keys = ['p', 'a', 'm'];
    const answered = keys.filter((key) => states.get(key) === '1' || states.get(key) === '0');
    if (answered.length > 0) {
      const isOn = (key: string) => states.get(key) === '1';
      const { on, off } = categorised(context, isOn('p'), isOn('a'), isOn('m'));
      return choice(source, on, off, facts);
    }
    const purposes = asObject(root.get('purposes'));
    if (purposes === undefined || demandsOptIn(asString(root.get('region')))) return noChoice(source, facts);
    const isAllowed = (key: string) => purposes.get(key) === true;
    const { on, off } = categorised(context, isAllowed('p'), isAllowed('a'), isAllowed('m'));
    return notRequired(source, on, off, facts);
  }),
};
