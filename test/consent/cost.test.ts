import { describe, expect, it } from 'vitest';
import type { NamePattern } from '../../src/consent/platform.ts';
import { PLATFORMS } from '../../src/consent/platforms/index.ts';
import { expectLinear } from '../support/growth.ts';
import { inputOf, M, NOW, siteOf, purposes, readConsent } from './site.ts';

/** Values that grow, one for each loop, split, nesting and look-ahead of a reader. */
const GROWING: readonly ((length: number) => string)[] = [
  (n) => 'A'.repeat(n),
  (n) => '['.repeat(n),
  (n) => '{"a":'.repeat(n / 5),
  (n) => `{${Array.from({ length: n / 10 }, (_, i) => `"k${i}":true`).join(',')}}`,
  (n) => `{a:${'{'.repeat(n)}`,
  (n) => `{${"a:'b',".repeat(n / 6)}necessary:true}`,
  (n) => `{stamp:${"'".repeat(n)}}`,
  (n) => '%7B%22'.repeat(n / 6),
  (n) => '%'.repeat(n),
  (n) => '%E0'.repeat(n / 3),
  (n) => '&groups=C0002%3A1'.repeat(n / 17),
  (n) => `groups=${'C0002%3A1%2C'.repeat(n / 12)}`,
  (n) => 'analytics:yes,'.repeat(n / 14),
  (n) => '!gtag=true'.repeat(n / 10),
  (n) => `__${'52_'.repeat(n / 3)}_`,
  (n) => '1:true,'.repeat(n / 7),
  (n) => 'c1:1|'.repeat(n / 5),
  (n) => '0@1@2,'.repeat(n / 6),
  (n) => `permit ${'1,'.repeat(n / 2)}`,
  (n) => `DBAB${'~A'.repeat(n / 2)}`,
  (n) => `D${'B'.repeat(n)}`,
  (n) => `CQraFkAQraFkACGACAENCyFgAP_gAAAAABp3__yW${'IAA___AA'.repeat(n / 8)}`,
  (n) => 'A.'.repeat(n / 2),
  (n) => btoa('{"categories":['.repeat(n / 20)),
  (n) => btoa(`{"purposes":{"enabled":[${'"a",'.repeat(n / 6)}"a"]}}`),
  (n) => ' '.repeat(n),
  (n) => '\\"'.repeat(n / 2),
];

const mapping = new Map(PLATFORMS.map(({ name }) => [name, purposes({ 52: M, a: M, gtag: M, c1: M })]));

/** Names as platforms make them, for those that have a part of the site's own. */
const EXAMPLES = [
  '__cmpcpcx36865',
  '__cmpconsentx36865',
  '__cmpcvcx36865',
  '__cmpiabx36865',
  '_iub_cs-12345678',
  '_iub_cs-12345678-uspr',
  'ppms_privacy_4abb1e4c-0000-4207-8488-64f5e44dc7cf',
  'real_cookie_banner-v:3_blog:1_path:3a3b3c3',
  'cookieconsent_status_ANALYTICS',
  'cookielawinfo-checkbox-analytics',
  'real_cookie_banner-v%3A3_blog%3A1_path%3A3a3b3c3',
];

function nameOf(cookie: string | NamePattern): string {
  if (typeof cookie === 'string') return cookie;
  const name = EXAMPLES.find((example) => cookie.is.test(example));
  if (name === undefined) throw new Error(`no example of ${cookie.name}`);
  return name;
}

describe('the worst cookies of', () => {
  it.each(PLATFORMS.filter(({ cookies }) => cookies.length > 0).map((platform) => [platform.name, platform] as const))(
    '%s take time in proportion to their length',
    (name, { cookies }) => {
      const site = siteOf([name], { mapping });
      for (const cookie of cookies) {
        const key = nameOf(cookie);
        for (const grow of GROWING) {
          expectLinear((length) => {
            const input = inputOf(`${key}=${grow(length).slice(0, length)}`);
            return () => readConsent(input, site);
          }, 8_190);
        }
      }
    },
  );
});

describe('what is remembered', () => {
  it('gives the same answer with and without having seen the cookie', () => {
    const site = siteOf(['bridge']);
    const input = inputOf(`pv_consent=1.p1s0m1.${NOW / 1000}`);
    expect(readConsent(input, site)).toEqual(readConsent(input, site));
    expect(readConsent(input, site)).toEqual(readConsent(input, siteOf(['bridge'])));
  });

  it('keeps nothing of those who refused', () => {
    const site = siteOf(['bridge']);
    const readings = (bits: string) => {
      const input = inputOf(`pv_consent=1.${bits}.${NOW / 1000}`);
      return [readConsent(input, site).readings[0], readConsent(input, site).readings[0]];
    };
    const [accepted, acceptedAgain] = readings('p0s1m0');
    expect(acceptedAgain).toBe(accepted);
    const [refused, refusedAgain] = readings('p0s0m0');
    expect(refusedAgain).not.toBe(refused);
  });

  it('does not mix up sites', () => {
    const strict = siteOf(['bridge'], { categories: { preferences: 0, statistics: 0, marketing: 0 } });
    const input = inputOf(`pv_consent=1.p1s1m1.${NOW / 1000}`);
    expect(readConsent(input, siteOf(['bridge'])).granted).not.toBe(0);
    expect(readConsent(input, strict).granted).toBe(0);
  });
});
