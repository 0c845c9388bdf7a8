import type { Regime } from '../consent/types.ts';
import { COUNTRIES } from '../core/countries.ts';
import type { Country } from '../core/values.ts';

/**
 * Codes that people write though they are no countries, and the right text for each (R88: tools drop `EU` without a
 * word).
 */
const NOT_A_COUNTRY: Readonly<Record<string, string>> = {
  EU: 'the country the site is aimed at, one site entry for each, e.g. `NO`, `SE`, `DE`',
  EEA: 'the country the site is aimed at, one site entry for each, e.g. `NO`, `SE`, `DE`',
  UK: 'GB',
  EL: 'GR',
};

/** `NO, SE` */
const LIST = /^[A-Z]{2}(?:\s*[,;/+&]\s*[A-Z]{2})+$/;

/** What to write in place of a text that is no country. */
export function insteadOfCountry(text: string): string {
  const upper = text.toUpperCase();
  const main = upper.split('-')[0] ?? '';
  if (LIST.test(upper)) return NOT_A_COUNTRY['EU'] as string;
  return (
    NOT_A_COUNTRY[upper] ??
    [main, upper.split(/[-_]/).at(-1) ?? '', calledCountry(text) ?? ''].find((code) => COUNTRIES.includes(code)) ??
    'an ISO 3166-1 code of two capital letters, e.g. `NO`'
  );
}

const LANGUAGES = ['en', 'nb', 'sv', 'da', 'fi', 'de', 'fr', 'nl', 'es', 'it'];

/** The country with this name in one of these languages. */
function calledCountry(name: string): string | undefined {
  const wanted = name.trim().toLowerCase();
  const languages = LANGUAGES.map((language) => new Intl.DisplayNames(language, { type: 'region' }));
  return COUNTRIES.find((code) => languages.some((names) => names.of(code)?.toLowerCase() === wanted));
}

/** Opt-in everywhere but in the United States: a country that is not known to be opt-out is opt-in (R88). */
export function regimeOf(country: Country): Regime {
  return country === 'US' ? 'opt-out' : 'opt-in';
}
