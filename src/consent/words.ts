import { cookieValues, type Cookies } from './cookie-header.ts';
import { asJsonObject } from './json.ts';
import { chosen, jsonObject, type Context, type Platform } from './platform.ts';
import { withServices } from './service-marks.ts';
import { choice, mute, noChoice, unreadable } from './reading.ts';
import { servicesOf } from './services.ts';
import type { Category } from '../core/signals.ts';
import type { Reading } from './types.ts';

/** Platforms that write one word into one cookie for each category (`consent.md` 1). */
interface Words {
  readonly cookies: Readonly<Partial<Record<Category, string>>>;
  readonly on: string;
  readonly off: string;
  /** What any other word means: `off`, or the whole record is unreadable. */
  readonly other: 'off' | 'unreadable';
  /** A cookie with single services, as JSON: name -> whether it is allowed. */
  readonly services?: string;
}

const CATEGORIES = ['preferences', 'statistics', 'marketing'] as const;

/** The one reading of these cookies; undefined if none of them came. */
function readWords(found: Cookies, words: Words, context: Context): Reading | undefined {
  const marks = { on: 0, off: 0 };
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
    const signals = context.purposes === undefined ? context.categories[category] : context.purposes.get(category);
    if (values.every((value) => value === words.on)) marks.on |= signals ?? 0;
    else marks.off |= signals ?? 0;
  }
  if (!present) return undefined;
  const services = words.services === undefined ? [] : serviceFlags(cookieValues(found, words.services));
  return services === undefined
    ? unreadable(context.source)
    : chosen(context.source, withServices(marks, servicesOf(services, context.book, undefined), context));
}

/** Services and their state; an empty cookie has none. Undefined where one of the cookies is no such object. */
function serviceFlags(values: readonly string[]): readonly (readonly [string, boolean])[] | undefined {
  const flags: (readonly [string, boolean])[] = [];
  for (const value of values) {
    if (value === '') continue;
    // PHP writes an empty list for an object without entries.
    if (value === '[]' || value === '%5B%5D') continue;
    const services = asJsonObject(jsonObject(value));
    if (services === undefined) return undefined;
    for (const [name, state] of services) flags.push([name, state === true || state === 1]);
  }
  return flags;
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

const COMPLIANZ: readonly Words[] = ['cmplz_', 'cmplz_rt_'].map((prefix) => ({
  ...complianzWords(prefix),
  services: `${prefix}consented_services`,
}));

/** Complianz; the root of a multisite has a prefix of its own. */
export const complianz: Platform = {
  name: 'complianz',
  title: 'Complianz',
  cookies: [
    ...COMPLIANZ.flatMap(({ cookies, services = '' }) => [...Object.values(cookies), services]),
    'cmplz_banner-status',
    'cmplz_rt_banner-status',
  ],
  read(found, context) {
    const readings = COMPLIANZ.flatMap((words) => readWords(found, words, context) ?? []);
    // Services without categories are left over from an earlier banner and say nothing.
    const isOver = found.names.every((name) => COMPLIANZ.some(({ services }) => services === name));
    return readings.length === 0 && !isOver
      ? [mute(context.source, {}, 'closed, but no record of the choice')]
      : readings;
  },
};

const WP_SERVICES = 'wp_consent_consented_services';
const WP_CONSENT: Words = { ...complianzWords('wp_consent_'), services: WP_SERVICES };
const WP_ANONYMOUS = 'wp_consent_statistics-anonymous';

/** WP Consent API, since version 2 with single services. Anonymous statistics are not consent for identified ones. */
export const wpConsentApi: Platform = {
  name: 'wp-consent-api',
  title: 'WP Consent API',
  cookies: [...Object.values(WP_CONSENT.cookies), 'wp_consent_functional', WP_ANONYMOUS, WP_SERVICES],
  read(found, context) {
    const { source, categories } = context;
    const reading = readWords(found, WP_CONSENT, context);
    if (reading !== undefined) return [reading];
    const anonymous = cookieValues(found, WP_ANONYMOUS);
    // What is needed to work, and services without categories, are no choice of anything that is read.
    if (anonymous.length === 0) return [mute(source, {}, 'no category that is read')];
    return [choice(source, 0, anonymous.includes('deny') ? categories.statistics : 0)];
  },
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
