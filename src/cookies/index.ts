import { BIT } from '../core/signals.ts';
import { findGoverned } from './found.ts';
import { isAllowed, Jar } from './jar.ts';
import type { ClickIds, CookieInput, CookieReading } from './types.ts';

export { isExpiry } from './set-cookie.ts';
export type { ClickIds, CookieInput, CookieReading, Identifiers } from './types.ts';

/**
 * Reads the identifiers in a hit's cookies and decides what its answer does to them (design 3 and 3a, R25-R33). Pure.
 *
 * - Without its signal, or where its vendor has no open route for it, a governed cookie is read once, for the withdrawal, and expired.
 * - With it, its life is counted from first issue: the time in it, or for ad cookies without one the time it was first
 *   seen. Too old, from the future, contradictory or (analytics) without a readable time: not used, and expired.
 *   Younger ones are written again with what is left of their life; page tags set them to years at every page load,
 *   so every answer that sees them cuts them back.
 * - Click ids of a landing page are kept in the vendor's own format, from now, unless that very id is kept already.
 */
export function readCookies(input: CookieInput): CookieReading {
  const { granted, settings } = input;
  const found = findGoverned(input.cookies);
  const landing = (granted & BIT.ad_storage) !== 0 && hasClick(input.landing) ? input.landing : undefined;
  const wantsOwn = settings.ownId && (granted & BIT.analytics_storage) !== 0;
  if (found.length === 0 && landing === undefined && !wantsOwn) return NOTHING;
  const jar = new Jar(input, found, landing);
  for (const cookie of found) {
    if (!isAllowed(cookie.rule, input)) jar.withdraw(cookie);
    else if (cookie.rule.life !== 'signed') jar.keep(cookie);
  }
  if (landing !== undefined) jar.land(landing);
  if ((granted & BIT.analytics_storage) !== 0) {
    jar.own();
    jar.ownSession();
  }
  jar.remember();
  return jar.close();
}

const NOTHING: CookieReading = {
  identifiers: {},
  subjects: [],
  carried: [],
  set: [],
  withdrawn: undefined,
};

function hasClick(landing: ClickIds | undefined): landing is ClickIds {
  if (landing === undefined) return false;
  for (const param in landing) if (landing[param] !== undefined) return true;
  return false;
}
