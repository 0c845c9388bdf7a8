import { cookieValues, type Cookies } from './cookie-header.ts';
import type { Context, Marks, Platform } from './platform.ts';
import { choice, noChoice, unreadable } from './reading.ts';
import type { Category } from '../core/signals.ts';
import type { Reading } from './types.ts';

/** Platforms that write one word into one cookie for each category (`consent/README.md` 1). */
interface Words {
  readonly cookies: Readonly<Partial<Record<Category, string>>>;
  readonly on: string;
  readonly off: string;
  /** A word that is neither: `off`, or the whole record unreadable. */
  readonly other: 'off' | 'unreadable';
}

const CATEGORIES = ['preferences', 'statistics', 'marketing'] as const;

/** The one reading of these cookies; undefined if none of them came. */
function readWords(found: Cookies, words: Words, context: Context): Reading | undefined {
  const marks: { -readonly [K in keyof Marks]: number } = { on: 0, off: 0 };
  let present = false;
  for (const category of CATEGORIES) {
    const cookie = words.cookies[category];
    if (cookie === undefined) continue;
    const values = cookieValues(found, cookie);
    if (words.other === 'unreadable' && values.some((value) => value !== words.on && value !== words.off)) {
      return unreadable(context.source);
    }
    if (values.length === 0) continue;
    present = true;
    if (values.every((value) => value === words.on)) marks.on |= context.categories[category];
    else marks.off |= context.categories[category];
  }
  return present ? choice(context.source, marks.on, marks.off) : undefined;
}

const complianzWords = (prefix: string): Words => ({
  cookies: {
    preferences: `${prefix}preferences`,
    statistics: `${prefix}statistics`,
    marketing: `${prefix}marketing`,
  },
  on: 'allow',
  off: 'deny',
  other: 'off',
});

const COMPLIANZ = ['cmplz_', 'cmplz_rt_'].map(complianzWords);

/** Complianz; the root of a multisite has a prefix of its own. */
export const complianz: Platform = {
  name: 'complianz',
  title: 'Complianz',
  cookies: [
    ...COMPLIANZ.flatMap(({ cookies }) => Object.values(cookies)),
    'cmplz_banner-status',
    'cmplz_rt_banner-status',
  ],
  read(found, context) {
    const readings = COMPLIANZ.flatMap((words) => readWords(found, words, context) ?? []);
    return readings.length === 0 ? [noChoice(context.source)] : readings;
  },
};

const WP_CONSENT: Words = complianzWords('wp_consent_');

/** WP Consent API. Anonymous statistics are not consent for identified ones. */
export const wpConsentApi: Platform = {
  name: 'wp-consent-api',
  title: 'WP Consent API',
  cookies: [...Object.values(WP_CONSENT.cookies), 'wp_consent_functional', 'wp_consent_statistics-anonymous'],
  read: (found, context) => [readWords(found, WP_CONSENT, context) ?? choice(context.source, 0, 0)],
};

const SQUARESPACE: Words = {
  cookies: { statistics: 'ss_performanceCookiesAllowed', marketing: 'ss_marketingCookiesAllowed' },
  on: 'true',
  off: 'false',
  other: 'unreadable',
};

/** Squarespace. `ss_cookieAllowed` is of an earlier banner and no record any more. */
export const squarespace: Platform = {
  name: 'squarespace',
  title: 'Squarespace',
  cookies: Object.values(SQUARESPACE.cookies),
  read: (found, context) => [readWords(found, SQUARESPACE, context) ?? noChoice(context.source)],
};
