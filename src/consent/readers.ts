import { Recent } from '../core/recent.ts';
import { defaultsOf, type Defaults } from './combine.ts';
import { contextOf, planOf, type ReadingPlan } from './plan.ts';
import type { Context } from './platform.ts';
import { knownPlatforms } from './platforms/index.ts';
import { ServiceBook } from './services.ts';
import { tcf } from './standards/tcf.ts';
import type { Reading, Regime, SiteConsent } from './types.ts';

/** Sets of cookies remembered, and the bytes they may take. */
const CACHED_READINGS = 1_000;
const CACHED_BYTES = 4 << 20;

/** What reads the consent of one site. It is made once, when the configuration is compiled. */
export interface ConsentReaders {
  readonly site: SiteConsent;
  /** For visitors under the opt-in regime. */
  readonly optIn: ConsentReader;
  /** For visitors under the opt-out regime; undefined where the site has none. */
  readonly optOut: ConsentReader | undefined;
  /** Whose the services of the site's banner are. */
  readonly book: ServiceBook;
  /** Reads every platform; undefined where the site lists them all. */
  readonly everyPlatform: ReadingPlan | undefined;
}

/** One site under one regime, with what was lately read. */
export interface ConsentReader {
  readonly plan: ReadingPlan;
  /** What TC strings inside a hit are read with. */
  readonly tcf: Context;
  readonly defaults: Defaults;
  /** By raw cookies. Only readings that grant something are kept, so that nothing of a refusal is. */
  readonly cache: Recent<Remembered>;
}

/** What cookies grant. */
export interface Remembered {
  /** Which cookies they were. */
  readonly names: string;
  readonly readings: readonly Reading[];
}

/** Compiles the consent section of one site. */
export function consentReaders(site: SiteConsent): ConsentReaders {
  const book = new ServiceBook(site.routes, site.services);
  return {
    site,
    optIn: readerOf(site, 'opt-in', book),
    optOut: site.regime === 'opt-out' ? readerOf(site, 'opt-out', book) : undefined,
    book,
    everyPlatform: everyPlatform(site, book),
  };
}

function readerOf(site: SiteConsent, regime: Regime, book: ServiceBook): ConsentReader {
  return {
    plan: planOf(site, regime, book),
    tcf: contextOf(tcf, site, regime, book),
    defaults: defaultsOf(site.withoutChoice, regime === 'opt-out', site.mapping.get('tcf')?.purposes),
    cache: new Recent(CACHED_READINGS, CACHED_BYTES, bytesOf),
  };
}

function everyPlatform(site: SiteConsent, book: ServiceBook): ReadingPlan | undefined {
  const names = knownPlatforms.map(({ name }) => name);
  if (names.every((name) => site.cmp.includes(name))) return undefined;
  return planOf({ ...site, cmp: names, custom: [] }, 'opt-in', book);
}

/** About how many bytes one kept set of cookies takes. */
function bytesOf({ names, readings }: Remembered): number {
  let bytes = 2 * names.length;
  for (const { id, terms, unknownServices } of readings) {
    bytes += 400 + 2 * (id?.length ?? 0) + 150 * (terms?.size ?? 0) + 150 * (unknownServices?.length ?? 0);
  }
  return bytes;
}
