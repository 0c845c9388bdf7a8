import { parseCookies } from '../../src/consent/cookie-header.ts';
import { readCookies, type CookieInput, type CookieReading } from '../../src/cookies/index.ts';
import type { SigningKey, SiteCookies } from '../../src/cookies/types.ts';
import { keyedHash } from '../../src/core/hash.ts';
import { BIT } from '../../src/core/signals.ts';

export const DAY = 86_400_000;
export const HOUR = 3_600_000;
/** 2026-11-23T00:00:00Z. */
export const NOW = Date.UTC(2026, 10, 23);
export const HOST = 'metrics.example.no';

export const ANALYTICS = BIT.analytics_storage;
export const ADS = BIT.ad_storage;

export function signingKey(id: string, fill: number): SigningKey {
  return { id, mac: keyedHash(new Uint8Array(32).fill(fill)) };
}

/** The contract's cookies section: 7 days for analytics, 30 for ads. */
export const SETTINGS: SiteCookies = {
  domain: 'example.no',
  analytics: 7 * DAY,
  ads: 30 * DAY,
  ownId: false,
  signing: [signingKey('k1', 1)],
};

/** One hit with this Cookie header; both storage signals granted unless the test says otherwise. */
export function visit(header: string, more: Partial<CookieInput> = {}): CookieReading {
  return readCookies({
    cookies: parseCookies(header),
    granted: ANALYTICS | ADS,
    at: NOW,
    hitId: '00112233445566778899aabbccddeeff',
    host: HOST,
    site: HOST,
    settings: SETTINGS,
    landing: undefined,
    ...more,
  });
}

/** Unix seconds as they stand in cookies. */
export function seconds(time: number): string {
  return String(Math.floor(time / 1000));
}
