import { AD_SIGNALS, ALL_SIGNALS, BIT, type SignalMask } from '../../core/signals.ts';
import type { PrivacyKeys } from '../../core/values.ts';
import { decodeGppString, decodeUsSection } from './gpp-string.ts';
import type { Context } from '../platform.ts';
import { MOST_AHEAD, restriction } from '../reading.ts';
import { readTcf } from './tcf.ts';
import { isNothing } from '../text.ts';
import type { Reading, RouteTerms } from '../types.ts';
import { decodeUsPrivacy } from './us-privacy.ts';

/*
 * Privacy strings inside a web hit (`destinations/consent-mode.md` 5 and 8): what the rest of the page told the tag. They
 * can only take away, and only advertising, except that a TC string speaks for statistics where the site reads TCF.
 */

const TCF_EU = 2;
const US_PRIVACY = 6;
/** Sections of the EU of old, of GPP itself, and of Canada: none of them holds an opt-out of a US state law. */
const ELSEWHERE: ReadonlySet<number> = new Set([1, 3, 4, 5]);

/** One reading for each key that says something; `now` in unix milliseconds. */
export function readPrivacyKeys(
  npa: string | undefined,
  keys: PrivacyKeys | undefined,
  tcf: Context,
  now: number,
): readonly Reading[] {
  const readings: (Reading | undefined)[] = [readNpa(npa)];
  if (keys !== undefined) {
    const { us_privacy, sst_us_privacy, gdpr, gdpr_consent, gpp, gpp_sid } = keys;
    readings.push(
      readUsString('us_privacy', us_privacy),
      readUsString('sst.us_privacy', sst_us_privacy),
      gdpr === '0' ? undefined : readTcString('gdpr_consent', gdpr_consent, tcf, now),
      ...readGppString(gpp, gpp_sid, gdpr, tcf, now),
    );
  }
  return readings.filter((reading) => reading !== undefined);
}

const CANNOT_BE_READ = 'cannot be read';

const closed = (source: string, note = CANNOT_BE_READ): Reading => restriction(source, 'none', 0, AD_SIGNALS, note);

const objection = (source: string): Reading =>
  restriction(source, 'denied', AD_SIGNALS, 0, 'opted out of sale or sharing');

/**
 * Nobody objected: `allow_ad_personalization_signals: false` in the tag's own settings has it in every hit.
 */
const NOT_PERSONALISED: Reading = {
  ...restriction('npa', 'denied', 0, BIT.ad_personalization, 'the tag asks for ads that are not personalised'),
  byDefault: BIT.ad_personalization,
};

function readNpa(npa: string | undefined): Reading | undefined {
  if (npa === undefined || npa === '0' || isNothing(npa)) return undefined;
  return npa === '1' ? NOT_PERSONALISED : closed('npa');
}

function readUsString(source: string, text: string | undefined): Reading | undefined {
  if (text === undefined || isNothing(text)) return undefined;
  const flags = decodeUsPrivacy(text);
  if (flags === undefined) return closed(source);
  const { notice, optOutSale, lspa } = flags;
  if (optOutSale === 'Y') return objection(source);
  const open = optOutSale === '-' && (notice !== '-' || lspa !== '-');
  return open ? closed(source, 'the opt-out is left open') : undefined;
}

/** A TC string as something that takes away: what it does not consent to, for everybody and for each vendor. */
function readTcString(source: string, text: string | undefined, tcf: Context, now: number): Reading | undefined {
  if (text === undefined || isNothing(text)) return undefined;
  const said = readTcf(text, { ...tcf, source });
  if (said.unreadable === true || (said.at ?? 0) > now + MOST_AHEAD) return closed(source);
  const mask = AD_SIGNALS | (tcf.listed ? BIT.analytics_storage : 0);
  const refused = said.refused & mask;
  const note = refused === 0 ? 'takes nothing away' : 'not consented to in the TC string';
  return {
    ...restriction(source, refused === 0 ? 'none' : 'denied', refused, 0, note),
    terms: said.terms === undefined ? undefined : outside(said.terms, mask),
  };
}

/** The terms, in which routes that the string says nothing about keep everything. */
function outside(terms: ReadonlyMap<string, RouteTerms>, mask: SignalMask): ReadonlyMap<string, RouteTerms> {
  const rest = ALL_SIGNALS & ~mask;
  return new Map(
    [...terms].map(([name, { consented, open }]) => [name, { consented: consented | rest, open: open | rest }]),
  );
}

/** `gpp_sid` says which sections are in force; what a section plainly states counts without. */
function readGppString(
  text: string | undefined,
  sid: string | undefined,
  gdpr: string | undefined,
  tcf: Context,
  now: number,
): readonly (Reading | undefined)[] {
  if (text === undefined || isNothing(text)) return [];
  const sections = decodeGppString(text);
  if (sections === undefined) return [closed('gpp')];
  const inForce = sectionsIn(sid);
  return [...sections].map(([id, section]) => {
    const applies = inForce === undefined || inForce.has(id);
    if (id === TCF_EU) return applies && gdpr !== '0' ? readTcString('gpp', section, tcf, now) : undefined;
    const reading = ELSEWHERE.has(id) ? undefined : readUsSection(id, section);
    return applies || (reading !== undefined && reading.refused !== 0) ? reading : undefined;
  });
}

/** Undefined where `gpp_sid` is missing: then every section counts. */
function sectionsIn(sid: string | undefined): ReadonlySet<number> | undefined {
  if (sid === undefined || isNothing(sid)) return undefined;
  const ids = sid.split(/[,_.|]/, 64);
  return ids.every((id) => /^-?\d{1,3}$/.test(id)) ? new Set(ids.map(Number)) : undefined;
}

function readUsSection(id: number, text: string): Reading | undefined {
  if (id === US_PRIVACY) return readUsString('gpp', text);
  const section = decodeUsSection(id, text);
  if (section === undefined) return closed('gpp', 'an unknown or malformed section');
  if (section.optOuts.includes(1) || section.gpc) return objection('gpp');
  return section.optOuts.includes(3) ? closed('gpp', 'an opt-out with no known value') : undefined;
}
