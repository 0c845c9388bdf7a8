import type { Consent } from '../consent/types.ts';
import { type CookieReading, readCookies } from '../cookies/index.ts';
import { BIT, type SignalMask } from '../core/signals.ts';
import type { Site } from '../policy/gateway.ts';
import { closedToVendors } from '../policy/signals.ts';
import type { PageUrl } from '../privacy/url/url.ts';
import type { Visitor } from '../protocols/hit.ts';
import type { OneHit } from './one-hit.ts';
import type { Understood } from './understand.ts';

/** Cookies are one per visitor: what all of its events allow. */
export function cookiesOf({ hit, site, protocol, sender }: OneHit, understood: readonly Understood[]): CookieReading[] {
  const readings: CookieReading[] = [];
  for (let i = 0; i < understood.length; i++) {
    const { source, cookies } = understood[i] as Understood;
    const before = i === 0 ? undefined : understood[i - 1];
    if (before !== undefined && before.source.visitor === source.visitor) {
      readings.push(readings[i - 1] as CookieReading);
      continue;
    }
    let granted: SignalMask = -1;
    for (const other of understood) if (other.source.visitor === source.visitor) granted &= other.signals;
    readings.push(
      readCookies({
        cookies,
        granted,
        closed: closedTo(site, source.visitor, understood),
        at: hit.at,
        hitId: hit.id,
        host: hit.host,
        site: site.name,
        settings: site.cookies,
        clickParams: site.clickParams,
        landing: landingOf(site, source.visitor, granted, understood),
        // An answer to a back end sets no cookies in the visitor's browser, so its events begin no session.
        session: sender !== 'browser' ? 'read' : protocol.keepsSession === true ? 'kept' : undefined,
        streams: site.streams,
      }),
    );
  }
  return readings;
}

/** The signals that are closed to single vendors, because any of the visitor's events says so. */
function closedTo(
  site: Site,
  visitor: Visitor,
  understood: readonly Understood[],
): ReadonlyMap<string, SignalMask> | undefined {
  let all: Map<string, SignalMask> | undefined;
  let read: Consent | undefined;
  for (const { source, consent, signals } of understood) {
    if (source.visitor !== visitor || consent === read) continue;
    read = consent;
    for (const [vendor, bits] of closedToVendors(site, consent, signals) ?? []) {
      (all ??= new Map()).set(vendor, (all.get(vendor) ?? 0) | bits);
    }
  }
  return all;
}

/** Click ids of the visitor's first page that can be read; undefined where they may not be used. */
function landingOf(
  site: Site,
  visitor: Visitor,
  granted: SignalMask,
  understood: readonly Understood[],
): PageUrl['clickIds'] | undefined {
  // Nothing may be matched on ids that are replaced, so they are not kept either.
  if ((granted & BIT.ad_storage) === 0 || site.privacy.replacedIds !== undefined) return undefined;
  for (const { source, page } of understood) {
    const url = source.visitor === visitor ? page.url : undefined;
    if (url !== undefined) return url.clickIds;
  }
  return undefined;
}
