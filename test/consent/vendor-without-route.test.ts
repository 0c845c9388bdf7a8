import { describe, expect, it } from 'vitest';
import { compileGateway } from '../../src/config/compile/index.ts';
import { NO_SECRETS } from '../../src/config/compile/secrets.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ALL_SIGNALS } from '../../src/core/signals.ts';
import { inputOf, M, NOW, readConsent, S } from './site.ts';

// A site with Google Analytics and no route of Google Ads: the banner's `google-ads` still stands for advertising of Google.

const AD = '[ad_storage, ad_user_data, ad_personalization]';
const loaded = loadConfig(
  `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent:
      cmp: [klaro]
      mapping: { klaro: { purposes: { analytics: [analytics_storage], ads: ${AD}, google-ads: ${AD}, facebook-pixel: ${AD} } } }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${A}" }
      meta: { pixel_id: "123456789012345", access_token: "\${B}" }
`,
  'gateway.yaml',
  NOW,
);
if (!('config' in loaded)) throw new Error(JSON.stringify(loaded.findings));
const [first] = compileGateway(loaded.config, NO_SECRETS).sites;
if (first === undefined) throw new Error('no site');
const site = first.consent;

/** What the record lets a route have, and what it may use on any basis. */
function termsOf(route: string, record: object): { readonly consented: number; readonly open: number } {
  const consent = readConsent(inputOf(`klaro=${encodeURIComponent(JSON.stringify(record))}`), site);
  const { consented = ALL_SIGNALS, open = ALL_SIGNALS } = consent.terms?.get(route) ?? {};
  return { consented: consented & (S | M), open: open & (S | M) };
}

const ALL = { analytics: true, ads: true, 'google-ads': true, 'facebook-pixel': true };

describe('advertising of Google Analytics, where the site has no route of Google Ads', () => {
  it('stays when another vendor is refused', () => {
    expect(termsOf('ga4', { ...ALL, 'facebook-pixel': false })).toEqual({ consented: S | M, open: S | M });
    expect(termsOf('meta', { ...ALL, 'facebook-pixel': false }).consented).toBe(0);
  });

  it('goes when Google Ads is refused, and statistics stay', () => {
    expect(termsOf('ga4', { ...ALL, 'google-ads': false })).toEqual({ consented: S, open: S });
    expect(termsOf('meta', { ...ALL, 'google-ads': false }).consented).toBe(M | S);
  });

  it('is not consented to where nobody was asked about Google Ads, which is no objection', () => {
    const { 'google-ads': _, ads: __, ...record } = ALL;
    expect(termsOf('ga4', record)).toEqual({ consented: S, open: S | M });
  });
});
