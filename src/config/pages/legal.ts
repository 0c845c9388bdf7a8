import type { Country } from '../../core/values.ts';
import { EEA } from '../../core/countries.ts';
import type { ConfigPath, Remark } from '../lint/finding.ts';
import { ANALYTICS_ADVISED, type SiteConfig } from '../schema.ts';
import { DAY } from '../units.ts';

/** Where each country has written down that storing or reading on a visitor's device takes consent. */
const DEVICE_LAW: Readonly<Record<Country, string>> = {
  AT: '§ 165 (3) TKG 2021',
  DE: '§ 25 TDDDG',
  DK: 'cookiebekendtgørelsen § 3',
  ES: 'LSSI art. 22.2',
  FI: 'laki sähköisen viestinnän palveluista 205 §',
  FR: 'loi Informatique et Libertés art. 82',
  GB: 'PECR regulation 6',
  IE: 'S.I. 336/2011 regulation 5',
  IT: 'Codice privacy art. 122',
  NL: 'Telecommunicatiewet art. 11.7a',
  NO: 'ekomloven § 3-15',
  SE: 'lagen om elektronisk kommunikation 9 kap. 28 §',
};

/** The rule of this country, by name where it is known for certain. */
function deviceLaw(country: Country): string | undefined {
  const named = DEVICE_LAW[country];
  if (named !== undefined) return named;
  return EEA.has(country) ? `Article 5(3) of Directive 2002/58/EC as ${country} has it` : undefined;
}

/**
 * What the law of the site's country says to choices that are allowed here but not safe everywhere. Notes, never
 * errors: the linter is no lawyer (requirements R12, R13, R23, R25, R34, R89).
 */
export function legalNotes(site: SiteConfig, path: ConfigPath): Remark[] {
  const law = deviceLaw(site.country);
  const notes: Remark[] = [];
  const note: Note = (at, message) => {
    notes.push({ kind: 'note', code: 'legal', path: [...path, ...at], message });
  };
  for (const [name, route] of site.destinations) {
    if (route.without_consent !== 'limited' || law === undefined) continue;
    note(
      ['destinations', name, 'without_consent'],
      `a request sent before consent is access to the visitor's device even without an identifier (EDPB Guidelines 2/2023, paragraphs 43 and 51), so ${law} asks for consent to it too`,
    );
  }
  noteBases(site, law, note);
  if (site.privacy.ip === 'truncate') {
    note(
      ['privacy', 'ip'],
      'a truncated address is pseudonymous, not anonymous: it is still personal data, and the privacy statement must say so',
    );
  }
  if (site.privacy.user_agent === 'full') {
    note(
      ['privacy', 'user_agent'],
      'the full User-Agent helps to single a browser out; vendors get it only where every signal it needs is granted',
    );
  }
  if (site.cookies.own_id && law !== undefined) {
    note(
      ['cookies', 'own_id'],
      `pv_id is stored on the visitor's device, and pv_session where pages send JSON events: they are set only with consent to analytics, and belong in the site's cookie list (${law})`,
    );
  }
  if (site.cookies.analytics > ANALYTICS_ADVISED) {
    note(
      ['cookies', 'analytics'],
      `an analytics identifier that lives ${Math.round(site.cookies.analytics / DAY)} days follows a visitor for as long; 7d is what is advised`,
    );
  }
  if (site.country === 'US' && !site.consent.honour.includes('gpc')) {
    note(
      ['consent', 'honour'],
      'Global Privacy Control is binding in California and eleven other states: leave `gpc` in the list',
    );
  }
  return notes;
}

type Note = (at: ConfigPath, message: string) => void;

/** What the law says to purposes that rest on something else than consent. */
function noteBases(site: SiteConfig, law: string | undefined, note: Note): void {
  for (const purpose of ['analytics', 'ads'] as const) {
    if (site.purposes[purpose].on_objection === 'limited') {
      note(
        ['purposes', purpose, 'on_objection'],
        'routes with `without_consent: limited` go on sending their form without identifiers after the visitor has refused: what rests on legitimate interest ends with an objection (GDPR Article 21), unless the request holds no personal data',
      );
    }
    if (site.purposes[purpose].basis !== 'legitimate_interest' || law === undefined) continue;
    const france =
      site.country === 'FR' && purpose === 'analytics'
        ? "; the CNIL exempts only statistics of the site's own, which Google Analytics is not"
        : '';
    note(
      ['purposes', purpose, 'basis'],
      `${law} asks for consent to store or read on the visitor's device, and a legitimate interest does not stand in for it${france}`,
    );
  }
}
