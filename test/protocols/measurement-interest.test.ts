import { describe, expect, it } from 'vitest';
import { decideRequest } from '../../src/decide/request.ts';
import { gatewayOf, NOW } from '../support/hits.ts';
import { hitOf } from './reading.ts';

// An event of the Measurement Protocol without a record of a choice (`protocols/measurement-protocol.md` 4): only what
// the site itself rests on legitimate interest may be sent, and no key of the protocol widens this.

const site = (purposes: string) => `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    mp_secrets: ["\${MP_SECRET}"]
    consent: { cmp: [cookiebot] }
    ${purposes}
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${GA4_API_SECRET}" }
      meta: { pixel_id: "123456789012345", access_token: "\${META_ACCESS_TOKEN}" }
`;
const INTEREST = 'purposes: { analytics: { basis: legitimate_interest }, ads: { basis: consent } }';
const REFUND = { name: 'refund', params: { transaction_id: 'T-1', currency: 'NOK', value: 599 } };
const SECRET = 'secret-of-the-measurement-test-0123456789';

function sentFor(purposes: string, more: object = {}): readonly string[] {
  const body = JSON.stringify({ client_id: `482310557.${Math.floor(NOW / 1000) - 3600}`, events: [REFUND], ...more });
  const query = `measurement_id=G-TEST000001&api_secret=${SECRET}`;
  const done = decideRequest(
    { ...hitOf({ path: '/mp/collect', query, body }), host: 'shop.example.no', at: NOW },
    gatewayOf(site(purposes), NOW, SECRET),
  );
  if (!('trace' in done)) throw new Error(done.problem.detail);
  return done.trace.events.flatMap(({ routes }) =>
    routes.flatMap(({ route, outcome }) => (outcome === 'planned' ? [route.name] : [])),
  );
}

describe('without a record of a choice', () => {
  it('nothing is sent where statistics need consent', () => {
    expect(sentFor('')).toEqual([]);
  });

  it('statistics are, where the site rests them on legitimate interest, and nothing else is', () => {
    expect(sentFor(INTEREST)).toEqual(['ga4']);
    expect(sentFor(INTEREST, { consent: { ad_user_data: 'GRANTED', ad_personalization: 'GRANTED' } })).toEqual(['ga4']);
  });

  it('not where the sender says that the visitor refused', () => {
    const consent = { analytics_storage: 'DENIED', time: new Date(NOW - 3_600_000).toISOString() };
    expect(sentFor(INTEREST, { portvakt: { consent } })).toEqual([]);
  });
});
