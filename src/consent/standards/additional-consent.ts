import type { Cookies } from '../cookie-header.ts';
import { FUNDING_CHOICES, fundingChoices } from '../platforms/funding-choices.ts';
import type { Context, Platform } from '../platform.ts';
import { restriction } from '../reading.ts';
import { Narrowing } from '../narrowing.ts';
import type { Service } from '../services.ts';
import { isNothing, readLayers } from '../text.ts';
import type { Reading } from '../types.ts';

/** What a string says of providers outside the TCF. */
export interface AdditionalConsent {
  readonly consented: ReadonlySet<number>;
  /** Those that were shown to the visitor, with or without the consented ones; version 1 does not list them. */
  readonly disclosed: ReadonlySet<number>;
}

const MAX_LENGTH = 8 * 1024;
const VERSIONS: ReadonlySet<string> = new Set(['1', '2']);

/** Decodes Google's Additional Consent string: `1~43.3` or `2~43.3~dv.70.89`; undefined for anything else. */
export function decodeAdditionalConsent(text: string): AdditionalConsent | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const [version = '', consents, disclosed = 'dv.', ...rest] = text.split('~', 5);
  if (!VERSIONS.has(version) || consents === undefined || rest.length > 0) return undefined;
  if (disclosed !== 'dv' && !disclosed.startsWith('dv.')) return undefined;
  const consented = idsOf(consents);
  const told = idsOf(disclosed.slice(3));
  return consented === undefined || told === undefined ? undefined : { consented, disclosed: told };
}

function idsOf(list: string): ReadonlySet<number> | undefined {
  const ids = new Set<number>();
  if (list === '') return ids;
  for (const id of list.split('.')) {
    if (!/^\d{1,9}$/.test(id)) return undefined;
    ids.add(Number(id));
  }
  return ids;
}

/**
 * Google's Additional Consent: vendors that are not on the IAB's list. It never opens anything: a provider that it shows
 * disclosed and not accepted was refused.
 */
export const additionalConsent: Platform = {
  name: 'additional-consent',
  title: "Google's Additional Consent",
  fixed: true,
  cookies: ['addtl_consent', 'OTAdditionalConsentString', FUNDING_CHOICES],
  always: true,
  read(found: Cookies, context: Context) {
    return found.values.flatMap((value, i) => {
      const string = found.names[i] === FUNDING_CHOICES ? fundingChoices(value)?.additionalConsent : value;
      return string === undefined || isNothing(string) ? [] : (readAdditionalConsent(string, context) ?? []);
    });
  },
};

/** Undefined where it closes nothing for this site. */
export function readAdditionalConsent(value: string, context: Context): Reading | undefined {
  const { source, routes, book, readsTcf, listed } = context;
  const string = readLayers(value, 0, decodeAdditionalConsent, (decoded) => decoded !== undefined);
  // A string that cannot be read may hold a refusal, if the site's consent is written in such strings.
  const isRefused = (id: number): boolean =>
    string === undefined ? readsTcf || listed : string.disclosed.has(id) && !string.consented.has(id);
  const refused: Service[] = [];
  for (const { name, acProvider, service } of routes) {
    if (acProvider === undefined || !isRefused(acProvider)) continue;
    refused.push({
      name: String(acProvider),
      owner: { routes: [name], label: service, stated: true },
      allowed: false,
      signals: 0,
    });
  }
  if (refused.length === 0) return undefined;
  const note = string === undefined ? 'cannot be read' : 'discloses a provider that was not accepted';
  return { ...restriction(source, 'denied', 0, 0, note), terms: new Narrowing(book).refuse(refused).terms };
}
