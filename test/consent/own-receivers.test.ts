import { describe, expect, it } from 'vitest';
import { decideRequest } from '../../src/decide/request.ts';
import type { Gateway } from '../../src/policy/gateway.ts';
import { gatewayOf, jsonHit, NOW } from '../support/hits.ts';

// A receiver of the site's own, beside a banner that lists services (docs/consent-platforms.md): the service that
// its route names decides; without one it is treated as a vendor that the banner does not ask about.

const M = '[ad_storage, ad_user_data, ad_personalization]';
const route = (name: string, more = '') => `
      ${name}:
        type: http
        host: ${name}.example.com
        path: /in
        needs: [ad_storage, ad_user_data]
        recipient: { name: Example AS, country: NO, purpose: sales }
        events: [generate_lead]${more}`;
const site = (consent: string): Gateway =>
  gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: ${consent}
    destinations:
      meta: { pixel_id: "123456789012345", access_token: "\${TOKEN}" }${route('named', '\n        services: [salesforce]')}${route('unnamed')}
`);

function open(gateway: Gateway, cookies: string): string[] {
  const done = decideRequest(jsonHit({ events: [{ name: 'generate_lead', id: 'lead-1' }] }, { cookies }), gateway);
  if ('problem' in done) throw new Error(done.problem.title);
  return (done.trace.events[0]?.routes ?? [])
    .filter((one) => one.outcome === 'planned' && one.route.destination.name === 'http')
    .map((one) => one.route.name);
}

const json = (value: unknown): string => encodeURIComponent(JSON.stringify(value));

describe('names that are mapped to signals (Klaro)', () => {
  const klaro = (services: Readonly<Record<string, boolean>>) => `klaro=${json(services)}`;
  const known = site(`{ cmp: [klaro], mapping: { klaro: { purposes: { facebook-pixel: ${M}, salesforce: ${M} } } } }`);

  it.each<[Record<string, boolean>, readonly string[]]>([
    [{ 'facebook-pixel': true, salesforce: true }, ['named', 'unnamed']],
    // An unnamed service with these signals was refused: it may be this receiver.
    [{ 'facebook-pixel': false, salesforce: true }, ['named']],
    [{ 'facebook-pixel': true, salesforce: false }, []],
    [{ 'facebook-pixel': false, salesforce: false }, []],
    [{}, []],
  ])('%j: %j', (services, routes) => {
    expect(open(known, klaro(services))).toEqual(routes);
  });

  // A mapped name without a known owner belongs to every route that needs its signals.
  const mixed = site(`{ cmp: [klaro], mapping: { klaro: { purposes: { salesforce: ${M}, zapier: ${M} } } } }`);

  it.each<[Record<string, boolean>, readonly string[]]>([
    [{ salesforce: true, zapier: true }, ['named', 'unnamed']],
    [{ salesforce: true, zapier: false }, ['named']],
    [{ salesforce: false, zapier: false }, []],
  ])('with a name that is nobody’s, %j: %j', (services, routes) => {
    expect(open(mixed, klaro(services))).toEqual(routes);
  });
});

describe('a list of what is allowed (CookieConsent 3)', () => {
  const gateway = site('{ cmp: [vanilla-cookieconsent] }');
  const listing = (...marketing: readonly string[]) =>
    `cc_cookie=${json({
      categories: ['necessary', 'marketing'],
      revision: 0,
      consentTimestamp: new Date(NOW - 3_600_000).toISOString(),
      services: { necessary: [], analytics: [], marketing },
    })}`;

  it('opens the route whose service is in it, and no route by a name that many use', () => {
    expect(open(gateway, listing('salesforce', 'facebook-pixel'))).toEqual(['named']);
    expect(open(gateway, listing('facebook-pixel'))).toEqual([]);
    for (const usual of ['webhook', 'crm', 'make', 'zapier', 'n8n', 'http'])
      expect(open(gateway, listing(usual))).toEqual([]);
  });

  it('that is empty decides nothing: the category does', () => {
    expect(open(gateway, listing())).toEqual(['named', 'unnamed']);
  });
});

describe('a list of refusals beside categories (Complianz)', () => {
  const gateway = site('{ cmp: [complianz] }');
  const said = (services: object) =>
    `cmplz_consented_services=${json(services)}; cmplz_marketing=allow; cmplz_statistics=allow; cmplz_preferences=allow; cmplz_banner-status=dismissed`;

  it('closes the route whose service was refused; of others the category decides', () => {
    expect(open(gateway, said({ salesforce: true }))).toEqual(['named', 'unnamed']);
    expect(open(gateway, said({ salesforce: false }))).toEqual(['unnamed']);
    expect(open(gateway, said({ facebook: false }))).toEqual(['named', 'unnamed']);
  });
});
