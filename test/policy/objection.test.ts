import { describe, expect, it } from 'vitest';
import { accountOf } from '../../src/ledger/account.ts';
import { Decisions } from '../../src/ledger/decisions.ts';
import { explain } from '../../src/config/cases/explanation.ts';
import { decideRequest } from '../../src/decide/request.ts';
import type { Trace } from '../../src/decide/trace.ts';
import { cookiebot, gatewayOf, NOW, webHit } from '../support/hits.ts';

// What rests on legitimate interest ends when the visitor objects (GDPR Art. 21), the form without identifiers too.

const site = (purposes: string) =>
  gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    purposes: { ${purposes} }
    destinations:
      ga4: { measurement_id: G-TEST000001, without_consent: limited }
      google_ads:
        customer_id: "1234567890"
        conversions: { purchase: "700123456" }
        credentials: "\${C}"
        conversion_id: "1234567890"
        labels: { purchase: AbC-D_efG1234 }
        without_consent: limited
`);

function traced(purposes: string, more: Parameters<typeof webHit>[1] = {}, query: Record<string, string> = {}): Trace {
  const done = decideRequest(
    webHit(
      {
        v: '2',
        tid: 'G-TEST000001',
        cid: `482310557.${NOW / 1000 - 60}`,
        dl: 'https://shop.example.no/takk',
        en: 'purchase',
        cu: 'NOK',
        'epn.value': '10',
        ...query,
      },
      more,
    ),
    site(purposes),
  );
  if (!('trace' in done)) throw new Error(JSON.stringify(done.problem));
  return done.trace;
}

/** GA4 and Google Ads: f = full, l = the form without identifiers, - = nothing. */
const sent = (trace: Trace): string =>
  (trace.events[0]?.routes ?? [])
    .map(({ outcome, permit }) => (outcome !== 'planned' ? '-' : permit.verdict === 'full' ? 'f' : 'l'))
    .join('');

const INTEREST = 'analytics: { basis: legitimate_interest }';

describe('an objection', () => {
  const refused = { cookies: cookiebot({}) };
  const marketing = { cookies: cookiebot({ statistics: true }) };
  const gpc = { headers: { 'sec-gpc': '1' } };

  it.each([
    ['nobody has chosen', INTEREST, {}, 'fl'],
    ['everything refused', INTEREST, refused, '--'],
    ['marketing refused', INTEREST, marketing, 'f-'],
    ['Global Privacy Control', INTEREST, gpc, 'f-'],
    ['a consent cookie that cannot be read', INTEREST, { cookies: 'CookieConsent={statistics:tru' }, '--'],
    ['everything refused, and the site goes on for ads', `${INTEREST}, ads: { on_objection: limited }`, refused, '-l'],
    ['GPC, and the site goes on for ads', `${INTEREST}, ads: { on_objection: limited }`, gpc, 'fl'],
    ['everything refused where all rests on consent', '', refused, 'll'],
    ['the same, and it ends there too', 'ads: { on_objection: nothing }', refused, 'l-'],
  ])('%s', (_, purposes, more, expected) => {
    expect(sent(traced(purposes, more))).toBe(expected);
  });

  it('is none where the tag was denied by default', () => {
    expect(sent(traced(INTEREST, {}, { gcs: 'G100', gcd: '13p3p3p2p5l1' }))).toBe('fl');
    expect(sent(traced(INTEREST, {}, { gcs: 'G100', gcd: '13q3q3q2q5l1' }))).toBe('--');
  });
});

describe('on which ground a signal is in force', () => {
  const BOTH = `${INTEREST}, ads: { basis: legitimate_interest }`;
  const ADS = ['ad_storage', 'ad_user_data', 'ad_personalization'];

  it.each([
    ['nobody has chosen', {}, [...ADS.slice(0, 1), 'analytics_storage', ...ADS.slice(1)]],
    ['statistics granted', { cookies: cookiebot({ statistics: true }) }, []],
    ['everything granted', { cookies: cookiebot({ preferences: true, statistics: true, marketing: true }) }, []],
    ['GPC, nothing chosen', { headers: { 'sec-gpc': '1' } }, ['analytics_storage']],
  ])('%s', (_, more, interest) => {
    const trace = traced(BOTH, more);
    expect(explain(trace).events[0]?.interest).toEqual(interest);
    const decisions = new Decisions();
    decisions.add(accountOf(trace, true), [], 'p');
    for (const line of decisions.take(Infinity)) {
      expect(line.interest).toEqual(interest);
      expect(line.signals).toEqual(expect.arrayContaining(interest));
    }
  });
});
