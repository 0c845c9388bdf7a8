import { AD_SIGNALS } from '../../core/signals.ts';
import { asJsonObject, asString, type JsonObject } from '../json.ts';
import { categorised, jsonObject, perObject, type Context, type Platform } from '../platform.ts';
import { choice, noChoice, notRequired, unreadable, type Facts } from '../reading.ts';
import { demandsOptIn } from '../regions.ts';
import type { Reading } from '../types.ts';

/**
 * Shopify (`consent.md` 1). It stopped writing this cookie on 15 September 2025. Old ones are still read; newer choices
 * come in the bridge cookie.
 */
export const shopify: Platform = {
  name: 'shopify',
  title: 'Shopify',
  fixed: true,
  cookies: ['_tracking_consent'],
  bridged: true,
  read: perObject(jsonObject, (root, context) => {
    const { source } = context;
    const con = asJsonObject(root.get('con'));
    const facts = { id: asString(root.get('consent_id')), version: asString(root.get('v')) };
    const states = asJsonObject(con?.get('CMP'));
    if (states === undefined) return con?.has('GDPR') === true ? readOneWord(con, context, facts) : unreadable(source);
    // `s` is the sale of data: refusing it is an objection to advertising.
    const objected = states.get('s') === '0' ? AD_SIGNALS : 0;
    const keys = ['p', 'a', 'm'];
    const answered = keys.filter((key) => states.get(key) === '1' || states.get(key) === '0');
    if (answered.length > 0) {
      const isOn = (key: string) => states.get(key) === '1';
      const { on, off } = categorised(context, isOn('p'), isOn('a'), isOn('m'));
      return choice(source, on, off | objected, facts);
    }
    if (objected !== 0) return choice(source, 0, objected, facts);
    const purposes = asJsonObject(root.get('purposes'));
    if (demandsOptIn(asString(root.get('region')))) return noChoice(source, facts, 'nobody has answered', context.all);
    if (purposes === undefined) return noChoice(source, facts);
    const isAllowed = (key: string) => purposes.get(key) === true;
    const { on, off } = categorised(context, isAllowed('p'), isAllowed('a'), isAllowed('m'));
    return notRequired(source, on, off, facts);
  }),
};

/** Version 2.0: one word for everything, by law. */
function readOneWord(con: JsonObject, { source, all }: Context, facts: Facts): Reading {
  const words = ['GDPR', 'CCPA'].map((law) => con.get(law));
  if (words.includes('0')) return choice(source, 0, all, facts);
  return con.get('GDPR') === '1' ? choice(source, all, 0, facts) : noChoice(source, facts, 'nobody has answered', all);
}
