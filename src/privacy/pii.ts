import type { Scalars } from '../core/fields.ts';
import { Recent } from '../core/recent.ts';
import { IDENTIFIER_PARAMS } from '../sources/limits.ts';
import { personalParam } from './click-ids.ts';
import { dropKey } from './keys.ts';
import { scrub } from './scrub.ts';
import { cleanText, type UrlPolicy } from './url.ts';

export type { Kind } from './findings.ts';
export { dropKey } from './keys.ts';
export { scrub, scrubCounted, type Scrubbed } from './scrub.ts';

/** Characters; longer values of custom parameters are dropped. */
const LONGEST_VALUE = 4096;

/**
 * Custom parameters fit to be sent (R40, R42): no parameter whose name is personal, an identifier or a click id, no text
 * with personal data, URLs reduced like page addresses, and no text longer than 4 KiB.
 */
export function scrubScalars(record: Scalars, policy: UrlPolicy): Scalars {
  const clean: Record<string, string | number | boolean> = {};
  for (const key of Object.keys(record)) {
    const value = record[key];
    if (value === undefined || !isHarmlessName(key)) continue;
    const kept = cleanScalar(value, policy);
    if (kept !== undefined) clean[key] = kept;
  }
  return clean;
}

/** Names that were found harmless: they come again with every event. What is personal is not remembered. */
const harmless = new Recent<true>(1_000);

function isHarmlessName(name: string): boolean {
  if (harmless.get(name) === true) return true;
  const lower = name.toLowerCase();
  if (IDENTIFIER_PARAMS.has(lower) || personalParam(lower) !== undefined) return false;
  if (dropKey(name) || scrub(name) !== name) return false;
  harmless.set(name, true);
  return true;
}

function cleanScalar(value: string | number | boolean, policy: UrlPolicy): string | number | boolean | undefined {
  if (typeof value === 'string') return value.length > LONGEST_VALUE ? undefined : cleanText(value, policy);
  // A number as long as a national id is one as much as its digits in a text would be.
  if (typeof value === 'number' && Math.abs(value) >= 1e9)
    return scrub(String(value)) === String(value) ? value : undefined;
  return value;
}
