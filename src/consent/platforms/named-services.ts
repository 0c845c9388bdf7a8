import { AD_SIGNALS } from '../../core/signals.ts';
import { readAdditionalConsent } from '../standards/additional-consent.ts';
import { cookieValues, type Cookies } from '../cookie-header.ts';
import { asCount, asJsonObject, asString, type Json, type JsonObject } from '../json.ts';
import {
  base64Object,
  byCategory,
  chosen,
  flagged,
  jsonObject,
  perObject,
  type Context,
  type Platform,
} from '../platform.ts';
import { services, withServices } from '../service-marks.ts';
import { choice, noChoice, unreadable, type Facts } from '../reading.ts';
import { daysAfter, isEmptied, isoTime, percentDecoded, unixTime } from '../text.ts';
import { servicesOf } from '../services.ts';
import { readTcf } from '../standards/tcf.ts';
import { takenByGpp } from '../standards/gpp.ts';
import { optedOut } from '../standards/us-privacy.ts';
import type { Reading } from '../types.ts';

/** Platforms that write a state beside each of the site's own services or categories (`consent.md` 1). */

type Flag = readonly [name: string, accepted: boolean];

/** The flags of an object: `on` is the only state that grants, names for which `isFlag` is false are something else. */
function flagsOf(entries: JsonObject, on: Json, isFlag: (name: string) => boolean = () => true): Flag[] {
  const flags: Flag[] = [];
  for (const [name, state] of entries) if (isFlag(name)) flags.push([name, state === on]);
  return flags;
}

/** A choice of named categories. */
function named(entries: JsonObject, on: Json, context: Context, facts: Facts = {}): Reading {
  return chosen(context.source, flagged(flagsOf(entries, on), context), facts);
}

export const klaro: Platform = {
  name: 'klaro',
  title: 'Klaro',
  cookies: ['klaro'],
  needsMapping: true,
  read: perObject(jsonObject, (root, context) => chosen(context.source, services(flagsOf(root, true), context))),
};

const readOrejime = perObject(jsonObject, (root, context) => {
  const flags = flagsOf(root, true);
  const marks = context.purposes === undefined ? flagged(flags, context, true) : services(flags, context);
  return chosen(context.source, marks);
});

/**
 * Orejime, which grew from Klaro. Its purposes are the site's own; usual English names need no mapping. Other tools
 * use this cookie name, too: a value that does not begin like Orejime's record is not read as one.
 */
export const orejime: Platform = {
  name: 'orejime',
  title: 'Orejime',
  cookies: ['eu-consent'],
  read({ names, values }, context) {
    const own = names.map((_, i) => i).filter((i) => isOrejime(values[i] as string));
    const found = { names: own.map((i) => names[i] as string), values: own.map((i) => values[i] as string) };
    return readOrejime(found, context);
  },
};

/** An object, and not one of objects, which another banner writes under the same name. */
function isOrejime(value: string): boolean {
  if (!/^(?:\{|%7b)/i.test(value)) return false;
  const flags = [...(jsonObject(value)?.values() ?? [])];
  return flags.length === 0 || flags.some((flag) => typeof flag !== 'object');
}

/** The site's category names vary in case, so the mapping is in lower case. */
export const civic: Platform = {
  name: 'civic',
  title: 'Civic Cookie Control',
  cookies: ['CookieControl'],
  needsMapping: true,
  read: perObject(jsonObject, (root, context) => {
    const at = unixTime(asCount(root.get('consentDate')), 1);
    const until = daysAfter(at, asCount(root.get('consentExpiry')));
    const facts = { at, until, id: asString(root.get('user')) };
    const optional = asJsonObject(root.get('optionalCookies'));
    if (optional === undefined) return unreadable(context.source);
    // A category on legitimate interest was not asked about, so it is neither accepted nor refused.
    const flags = [...optional]
      .filter(([, state]) => state !== 'legitimate interest')
      .map(([name, state]) => [name.toLowerCase(), state === 'accepted'] as const);
    const marks = flagged(flags, context);
    if (root.get('interactedWith') !== true) return noChoice(context.source, facts, 'no choice yet', marks.off);
    return chosen(context.source, marks, facts);
  }),
};

const SECURITI_UUID = '__privaci_cookie_consent_uuid';

/** Securiti: raw JSON, percent-encoded by some servers, in base64 by some versions. */
export const securiti: Platform = {
  name: 'securiti',
  title: 'Securiti',
  cookies: ['__privaci_cookie_consents', SECURITI_UUID],
  needsMapping: true,
  read: perObject(
    (value) => jsonObject(value) ?? base64Object(value),
    (root, context, found) => {
      const facts = {
        at: unixTime(asCount(root.get('ts')), 1000),
        id: percentDecoded(cookieValues(found, SECURITI_UUID)[0] ?? '')?.split(':', 1)[0] || undefined,
      };
      const consents = asJsonObject(root.get('consents'));
      if (consents === undefined) return unreadable(context.source);
      const marks = flagged(flagsOf(consents, 1), context);
      if (root.get('implicit_consent') !== false)
        return noChoice(context.source, facts, 'implied: nobody clicked', marks.off);
      // The browser's own signal, as the platform saw it.
      const objected = root.get('gpcInBrowserOnConsent') === true && context.honourGpc ? AD_SIGNALS : 0;
      return chosen(context.source, { ...marks, off: marks.off | objected }, facts);
    },
    (name) => name !== SECURITI_UUID,
  ),
};

const NOTICE_ACCEPTED = 'cookie_notice_accepted';

/** hu-manity, and the free Cookie Notice it grew from: one word for everything. */
export const huManity: Platform = {
  name: 'hu-manity',
  title: 'hu-manity.co (Cookie Notice)',
  cookies: ['hu-consent', NOTICE_ACCEPTED],
  needsMapping: true,
  read(found, context) {
    const { source, all } = context;
    const words = cookieValues(found, NOTICE_ACCEPTED).map((word) => {
      if (word === 'true') return choice(source, all, 0);
      return word === 'false' ? choice(source, 0, all) : unreadable(source);
    });
    return [...words, ...readHuManity(found, context)];
  },
};

const readHuManity = perObject(
  jsonObject,
  (root, context) => {
    const at = unixTime(asCount(root.get('timestamp')), 1);
    const until = daysAfter(at, asCount(root.get('expiry')));
    const facts = { at, until, id: asString(root.get('consentID')) };
    const categories = asJsonObject(root.get('categories'));
    if (root.get('consent') === false) return choice(context.source, 0, context.all, facts);
    if (root.get('consent') !== true || categories === undefined) return unreadable(context.source);
    return named(categories, true, context, facts);
  },
  (name) => name !== NOTICE_ACCEPTED,
);

/** Ways in which Fides says that the visitor decided; `button` is of early versions. */
const FIDES_CHOICES: readonly Json[] = ['accept', 'reject', 'save', 'individual_notice', 'button'];
/** Its notices for laws of US states, from which a visitor or the browser's own signal opts out. */
const FIDES_OPT_OUTS = /^(?:data_sales|data_sharing|sale_of_data|targeted_advertising)/;

export const fides: Platform = {
  name: 'fides',
  title: 'Fides',
  cookies: ['fides_consent'],
  needsMapping: true,
  read: ({ values }, context) =>
    values.flatMap((value) => {
      // In base64 where the site has set `base64Cookie`.
      const root = jsonObject(value) ?? base64Object(value);
      return root === undefined ? [unreadable(context.source)] : readFides(root, context);
    }),
};

function readFides(root: JsonObject, context: Context): readonly Reading[] {
  const meta = asJsonObject(root.get('fides_meta'));
  const consent = asJsonObject(root.get('consent'));
  if (consent === undefined) return [unreadable(context.source)];
  const facts = {
    at: isoTime(asString(meta?.get('updatedAt'))),
    id: asString(asJsonObject(root.get('identity'))?.get('fides_user_device_id')),
    version: asString(meta?.get('version')),
  };
  const method = meta?.get('consentMethod') ?? null;
  const isChoice = FIDES_CHOICES.includes(method);
  const optsOut = [...consent].some(
    ([notice, state]) => (state === false || state === 'opt_out') && FIDES_OPT_OUTS.test(notice),
  );
  // `TC string,Additional Consent,GPP string`: the first two where the site uses the TCF, the third under US laws.
  const [tcString = '', additional = '', gppString = ''] = (asString(root.get('fides_string')) ?? '').split(',', 3);
  const objects = optsOut && (isChoice || (method === 'gpc' && context.honourGpc));
  const objection = [...(objects ? [optedOut(context.source)] : []), ...takenByGpp(gppString, context)];
  if (!isChoice) {
    const { off } = flagged(flagsOf(consent, true), context);
    return [noChoice(context.source, facts, 'not written for a choice of the visitor', off), ...objection];
  }
  // With the TCF a site often has no notices of its own.
  const byNotice = named(consent, true, context, facts);
  if (tcString === '') return [byNotice, ...objection];
  return [
    ...objection,
    ...(context.purposes === undefined ? [] : [byNotice]),
    readTcf(tcString, { ...context, purposes: undefined }, facts.id),
    ...(additional === '' ? [] : [readAdditionalConsent(additional, context) ?? []].flat()),
  ];
}

export const evidon: Platform = {
  name: 'evidon',
  title: 'Evidon (Crownpeak)',
  cookies: ['_evidon_consent_cookie'],
  needsMapping: true,
  read: perObject(jsonObject, (root, context) => {
    const groups = asJsonObject(root.get('categories'));
    const flags: (readonly [string, boolean])[] = [];
    for (const [notice, group] of groups ?? []) {
      // Without categories of its own a notice has one word for all, under its number.
      if (typeof group === 'boolean') flags.push([notice, group]);
      for (const [name, state] of asJsonObject(group) ?? []) flags.push([name, state === true]);
    }
    if (flags.length === 0) return unreadable(context.source);
    // Vendors are numbers of the platform, by the same groups.
    const vendors: Flag[] = [];
    for (const group of asJsonObject(root.get('vendors'))?.values() ?? [])
      vendors.push(...flagsOf(asJsonObject(group) ?? new Map(), true));
    const marks = flagged(flags, context);
    return chosen(context.source, withServices(marks, servicesOf(vendors, context.book, undefined), context), {
      at: isoTime(asString(root.get('consent_date'))),
    });
  }),
};

const KETCH_BASES = '_swb_consent_';

/**
 * Ketch. `granted` is also its default where opting out is the rule, and the record does not tell which: it counts only
 * where the site says that it asks first (`opt_in`), and not where the cookie with the legal bases, which one site may have
 * by region, says that nobody was asked.
 */
export const ketch: Platform = {
  name: 'ketch',
  title: 'Ketch',
  cookies: ['_ketch_consent_v1_', KETCH_BASES],
  read: perObject(
    base64Object,
    (root, context, found) => {
      const assumed = assumedIn(found);
      // What cannot be read may say that nobody was asked.
      if (assumed === undefined) return unreadable(context.source);
      const states = new Map<Json, boolean>();
      const unasked = new Set<Json>();
      for (const [own, entry] of root) {
        const canonical = asJsonObject(entry)?.get('canonicalPurposes');
        const granted = asJsonObject(entry)?.get('status') === 'granted';
        const names = new Set([own, ...(Array.isArray(canonical) ? (canonical as readonly Json[]) : [])]);
        for (const name of names) {
          if (granted && assumed.has(own)) unasked.add(name);
          else states.set(name, granted && states.get(name) !== false);
        }
      }
      const { on, off } = byCategory(context, KETCH, (name) => {
        const state = states.get(name);
        return state === true && unasked.has(name) ? undefined : state;
      });
      // Nobody is denied by such a default, so what is denied stays off.
      if (!context.optIn) return noChoice(context.source, {}, 'granted may be a default: opt_in is not set', off);
      return (on | off) === 0 && unasked.size > 0
        ? noChoice(context.source, {}, 'granted without a question, by the legal basis')
        : choice(context.source, on, off);
    },
    (name) => name !== KETCH_BASES,
  ),
};

/**
 * Purposes that are on without a question, because their legal basis is another one than a consent that is asked for.
 * Undefined where the cookie cannot be read.
 */
function assumedIn(found: Cookies): ReadonlySet<string> | undefined {
  const assumed = new Set<string>();
  for (const value of cookieValues(found, KETCH_BASES)) {
    if (isEmptied(value)) continue;
    const root = base64Object(value);
    if (root === undefined) return undefined;
    for (const [purpose, entry] of asJsonObject(root.get('purposes')) ?? []) {
      const basis = asJsonObject(entry)?.get('legalBasisCode');
      if (typeof basis === 'string' && basis !== 'consent_optin') assumed.add(purpose);
    }
  }
  return assumed;
}

/** Purposes that Ketch itself names; a site's own have a key of their own. */
const KETCH = { preferences: 'personalization', statistics: 'analytics', marketing: 'behavioral_advertising' };
