import { AD_SIGNALS } from '../../core/signals.ts';
import { asString } from '../json.ts';
import { FUNDING_CHOICES, fundingChoices } from '../platforms/funding-choices.ts';
import { jsonObject, NO_RECORD, perCookie, type Context, type Platform } from '../platform.ts';
import { restriction, unreadable } from '../reading.ts';
import { isNothing } from '../text.ts';
import type { Reading } from '../types.ts';

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

/** iubenda's record for the laws of US states: what may be done, by purpose. */
const IUBENDA = { name: '_iub_cs-*-uspr', is: /^_iub_cs-s?\d{1,20}-uspr$/ };
/** Sale, sharing, targeted advertising. */
const IUBENDA_ADS = ['s', 'sh', 'adv'];

/**
 * IAB US Privacy, and records that say the same in another form: an opt-out takes the advertising signals away, on every
 * site. A record without an opt-out (unreadable, `1---`) takes nothing away, except where the site lists the platform.
 */
export const usPrivacy: Platform = {
  name: 'usprivacy',
  title: 'IAB US Privacy',
  fixed: true,
  cookies: ['usprivacy', 'us_privacy', IUBENDA, FUNDING_CHOICES],
  always: true,
  read: perCookie((value, context, name) => {
    if (name === FUNDING_CHOICES) return readTexts(value, context);
    return name.startsWith('_iub') ? readIubenda(value, context) : readString(value, context);
  }, 0),
};

function readString(value: string, context: Context): Reading | typeof NO_RECORD {
  if (isNothing(value)) return NO_RECORD;
  // iubenda wraps the string in JSON.
  const text = value.length === 4 ? value : asString(jsonObject(value)?.get('uspString'));
  const flags = text === undefined ? undefined : decodeUsPrivacy(text);
  if (flags === undefined) return doubtful(context, 'cannot be read');
  return readUsPrivacy(flags, context);
}

function readIubenda(value: string, context: Context): Reading {
  const purposes = jsonObject(value);
  if (purposes === undefined) return doubtful(context, 'cannot be read');
  const optsOut = IUBENDA_ADS.some((purpose) => purposes.get(purpose) === false);
  return optsOut ? optedOut(context.source) : notOptedOut(context);
}

/** A US Privacy string among the texts of Funding Choices. */
function readTexts(value: string, { source }: Context): Reading | typeof NO_RECORD {
  const texts = fundingChoices(value)?.texts ?? [];
  return texts.some((text) => decodeUsPrivacy(text)?.optOutSale === 'Y') ? optedOut(source) : NO_RECORD;
}

/** What the flags take away. Where the string applies, an opt-out may never be unknown. */
export function readUsPrivacy({ notice, optOutSale, lspa }: UsPrivacy, context: Context): Reading {
  if (optOutSale === 'Y') return optedOut(context.source);
  const applies = optOutSale === 'N' || notice !== '-' || lspa !== '-';
  if (applies && optOutSale === '-' && context.listed) {
    return restriction(context.source, 'none', 0, AD_SIGNALS, 'the opt-out is left open');
  }
  return notOptedOut(context);
}

/** What may hold a refusal: everything is withheld where the site lists the platform, and nothing where it does not. */
export function doubtful({ source, listed }: Context, note: string): Reading {
  return listed
    ? unreadable(source, {}, note)
    : { ...restriction(source, 'none', 0, 0, `${note}; the site does not list it`), unreadable: true };
}

/** An opt-out of sale, sharing or targeted advertising: an objection. */
export function optedOut(source: string): Reading {
  return restriction(source, 'denied', AD_SIGNALS, 0, 'opted out of sale or targeted advertising');
}

/** No opt-out: under an opt-out regime that decides; elsewhere it says nothing. */
export function notOptedOut({ source, regime }: Context): Reading {
  return restriction(source, regime === 'opt-out' ? 'not-required' : 'none', 0, 0, 'not opted out');
}
