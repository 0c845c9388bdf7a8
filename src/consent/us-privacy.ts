import { AD_SIGNALS } from '../core/signals.ts';
import { asString } from './json.ts';
import { jsonObject, perCookie, type Context, type Platform } from './platform.ts';
import { restriction, unreadable } from './reading.ts';
import type { Reading } from './types.ts';

export type UsPrivacyFlag = 'Y' | 'N' | '-';

/** The IAB US Privacy string, version 1. */
export interface UsPrivacy {
  readonly notice: UsPrivacyFlag;
  readonly optOutSale: UsPrivacyFlag;
  readonly lspa: UsPrivacyFlag;
}

const FORMAT = /^1([YN-])([YN-])([YN-])$/i;

/** Decodes `1YNN` and its like; undefined for any other length, version or letter. */
export function decodeUsPrivacy(text: string): UsPrivacy | undefined {
  const parts = FORMAT.exec(text);
  if (parts === null) return undefined;
  const flag = (i: number) => (parts[i] as string).toUpperCase() as UsPrivacyFlag;
  return { notice: flag(1), optOutSale: flag(2), lspa: flag(3) };
}

/** IAB US Privacy: an opt-out of sale takes the advertising signals away. iubenda wraps the string in JSON. */
export const usPrivacy: Platform = {
  name: 'usprivacy',
  title: 'IAB US Privacy',
  cookies: ['usprivacy', 'us_privacy'],
  always: true,
  read: perCookie((value, context) => {
    const text = value.length === 4 ? value : asString(jsonObject(value)?.get('uspString'));
    const flags = text === undefined ? undefined : decodeUsPrivacy(text);
    return flags === undefined ? unreadable(context.source) : readUsPrivacy(flags, context);
  }),
};

/** What the flags take away. Where the string applies, an opt-out may never be unknown. */
export function readUsPrivacy({ notice, optOutSale, lspa }: UsPrivacy, context: Context): Reading {
  if (optOutSale === 'Y') return optedOut(context.source);
  const applies = optOutSale === 'N' || notice !== '-' || lspa !== '-';
  if (applies && optOutSale === '-') {
    return restriction(context.source, 'none', 0, AD_SIGNALS, 'the opt-out is left open');
  }
  return notOptedOut(context);
}

/** An opt-out of sale, sharing or targeted advertising: an objection. */
export function optedOut(source: string): Reading {
  return restriction(source, 'denied', AD_SIGNALS, 0, 'opted out of sale or targeted advertising');
}

/** No opt-out: all there is to say under an opt-out regime, and nothing at all elsewhere. */
export function notOptedOut({ source, regime }: Context): Reading {
  return restriction(source, regime === 'opt-out' ? 'not-required' : 'none', 0, 0, 'not opted out');
}
