import { expect, it } from 'vitest';
import { clientOf } from '../../src/policy/client.ts';
import { gatewayOf, webHit } from '../support/hits.ts';

// Which header gives the client's address (R37, R38): the configured one, from trusted proxies, and never the other.

const gateway = (server: string) =>
  gatewayOf(`
server: { trusted_proxies: [203.0.113.7/32]${server} }
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001 }
`);
const headers = { 'x-forwarded-for': '198.51.100.1', forwarded: 'for="[2001:db8::1]:4711";proto=https' };

it.each([
  ['', headers, '198.51.100.1'],
  [', address_header: x-forwarded-for', headers, '198.51.100.1'],
  [', address_header: forwarded', headers, '2001:db8::1'],
  [', address_header: forwarded', { 'x-forwarded-for': '198.51.100.1' }, '203.0.113.7'],
  ['', { forwarded: headers.forwarded }, '203.0.113.7'],
])('%s %j -> %s', (server, sent, client) => {
  expect(clientOf(webHit({}, { headers: sent }), gateway(server))).toBe(client);
});

it('believes neither from anybody else', () => {
  const stranger = { ...webHit({}, { headers }), peer: '192.0.2.1' };
  expect(clientOf(stranger, gateway(', address_header: forwarded'))).toBe('192.0.2.1');
});
