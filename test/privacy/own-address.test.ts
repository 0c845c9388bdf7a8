import { expect, it } from 'vitest';
import { decideRequest } from '../../src/decide/request.ts';
import { cookiebot, gatewayOf, webHit } from '../support/hits.ts';

const GATEWAY = gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001 }
`);

/** The page that is left of this address, with everything granted. */
function pageOf(dl: string): unknown {
  const query = { v: '2', tid: 'G-TEST000001', en: 'page_view', cid: '1234567890.1795400000', dl };
  const done = decideRequest(webHit(query, { cookies: cookiebot({ statistics: true, marketing: true }) }), GATEWAY);
  if (!('trace' in done)) throw new Error('refused');
  return done.trace.events[0]?.event?.page_location;
}

// R25, R46: a copy of an id goes wherever it stands. What is left must be an address, or no vendor gets the event.
it('keeps the site of an address in whose path a click id is hidden by encoding', () => {
  expect(pageOf('https://shop.example.no/krus?gclid=----%2A-')).toBe('https://shop.example.no/krus');
  expect(pageOf('https://shop.example.no/----%2A-?gclid=----%2A-')).toBe('https://shop.example.no/');
});
