import { type Cookies, NO_COOKIES, parseCookies } from '../consent/cookie-header.ts';
import { readConsent } from '../consent/index.ts';
import type { Consent } from '../consent/types.ts';
import type { SignalMask } from '../core/signals.ts';
import type { PrivacyKeys } from '../core/values.ts';
import { siteSignals } from '../policy/signals.ts';
import { Cleaner } from '../privacy/cleaner.ts';
import { OwnIds } from '../privacy/own-ids.ts';
import type { HitReading, SourceEvent, Visitor } from '../protocols/hit.ts';
import type { OneHit } from './one-hit.ts';
import { PageAddress } from './page.ts';

/** What is known of one event before the routes are asked. */
export interface Understood {
  readonly source: SourceEvent;
  readonly cookies: Cookies;
  readonly consent: Consent;
  readonly signals: SignalMask;
  /** As `EventTrace` has it. */
  readonly decidedAt: number;
  readonly page: PageAddress;
  /** Cleans the texts of this visitor's events. */
  readonly cleaner: Cleaner;
}

/** Consent and page of every event. Events of one visitor and one set of consent keys share the reading. */
export function understand({ hit, site, sender }: OneHit, reading: HitReading): Understood[] {
  const understood: Understood[] = [];
  let before: Understood | undefined;
  for (const source of reading.events) {
    const { raw, visitor } = source;
    const mode = raw.consent_mode;
    let consent: Consent;
    const was = before?.source;
    const cookies = before !== undefined && was?.visitor === visitor ? before.cookies : parseCookies(visitor.cookies);
    if (
      before !== undefined &&
      was?.visitor === visitor &&
      was.raw.consent_mode?.gcs === mode?.gcs &&
      was.raw.consent_mode?.gcd === mode?.gcd &&
      was.raw.consent_mode?.npa === mode?.npa &&
      sameKeys(was.raw.privacy_keys, raw.privacy_keys)
    ) {
      consent = before.consent;
    } else {
      consent = readConsent(
        {
          cookies,
          gpc: visitor.gpc,
          gcs: mode?.gcs,
          gcd: mode?.gcd,
          npa: mode?.npa,
          privacy: raw.privacy_keys,
          stated: visitor.stated,
          at: hit.at,
          country: visitor.country,
        },
        site.consentReaders,
      );
    }
    const page =
      before !== undefined && before.page.raw === raw.page_location
        ? before.page
        : new PageAddress(raw.page_location, hit, site);
    const decidedAt = sender === 'browser' ? hit.at : Math.min(hit.at, consent.at ?? raw.event_time ?? hit.at);
    const cleaner: Cleaner =
      before !== undefined && was?.visitor === visitor
        ? before.cleaner
        : new Cleaner(site.privacy.url, () => ownIdsOf(visitor, understood, hit.at), reading.events.length > 1);
    before = { source, cookies, consent, signals: siteSignals(site, consent), decidedAt, page, cleaner };
    understood.push(before);
  }
  return understood;
}

/** The visitor's ids in the events of this hit; copies of them are taken out of the texts of a stored event. */
function ownIdsOf(visitor: Visitor, understood: readonly Understood[], at: number): OwnIds {
  const values: (string | undefined)[] = [visitor.clientId];
  const userIds: (string | undefined)[] = [];
  let cookies = NO_COOKIES;
  for (const { source, cookies: own, page } of understood) {
    if (source.visitor !== visitor) continue;
    const { client_id, user_id, other_ids } = source.raw;
    cookies = own;
    if (values.at(-1) !== client_id) values.push(client_id);
    if (user_id !== undefined) userIds.push(user_id);
    if (other_ids !== undefined) values.push(...other_ids);
    const clickIds = page.url?.clickIds;
    for (const param in clickIds) values.push(clickIds[param]);
  }
  return new OwnIds({ cookies, values, userIds, at });
}

function sameKeys(a: PrivacyKeys | undefined, b: PrivacyKeys | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.us_privacy === b.us_privacy &&
    a.sst_us_privacy === b.sst_us_privacy &&
    a.gdpr === b.gdpr &&
    a.gdpr_consent === b.gdpr_consent &&
    a.gpp === b.gpp &&
    a.gpp_sid === b.gpp_sid
  );
}
