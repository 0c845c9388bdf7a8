import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { PlatformMapping } from '../../src/consent/types.ts';
import { inputOf, M, purposes, S, siteOf, readConsent } from '../consent/site.ts';

// What banner libraries of the npm registry wrote in a browser, step by step, and what the visitor had said.

interface Banner {
  readonly banner: string;
  readonly version: string;
  readonly step: string;
  /** S = statistics, M = marketing, - = neither. */
  readonly want: string;
  readonly cookie: string;
}

const BANNERS = JSON.parse(readFileSync(new URL('banners.json', import.meta.url), 'utf8')) as readonly Banner[];

/** How a site with this banner is configured, as the documentation asks for. */
const SITES: readonly (readonly [RegExp, readonly string[], readonly (readonly [string, PlatformMapping])[]])[] = [
  [/^klaro/, ['klaro'], [['klaro', purposes({ 'google-analytics': S, 'facebook-pixel': M })]]],
  [/^tarteaucitron/, ['tarteaucitron'], [['tarteaucitron', purposes({ gtag: S, facebookpixel: M })]]],
  [/renamed/, ['vanilla-cookieconsent'], [['vanilla-cookieconsent', { cookie: 'my_consent' }]]],
  [/^vanilla/, ['vanilla-cookieconsent'], []],
  [/^cookieconsent/, ['osano-cookieconsent'], []],
  // Its cookie has the name of Cookiebot's and is no record: the bridge counts.
  [/^bridge/, ['bridge', 'cookiebot'], []],
];

describe.each([...Map.groupBy(BANNERS, ({ banner }) => banner)])('%s', (banner, steps) => {
  const [, cmp, mapping] = SITES.find(([name]) => name.test(banner)) ?? [undefined, [], []];
  it.each(steps)('$version, $step: $want', ({ want, cookie }) => {
    const { granted } = readConsent(
      inputOf(cookie, { at: Date.parse('2026-12-01T00:00:00Z') }),
      siteOf(cmp, { mapping: new Map(mapping) }),
    );
    expect(`${(granted & S) === S ? 'S' : '-'}${(granted & M) === M ? 'M' : '-'}`).toBe(want);
  });
});
