import { cookiebot } from '../../support/hits.ts';
import type { Ask } from '../../support/ask.ts';

/** Vendor hosts as the sink sees them, by route name. */
export const HOST = {
  ga4: 'region1.google-analytics.com',
  meta: 'graph.facebook.com',
  linkedin: 'api.linkedin.com',
  microsoft_ads: 'capi.uet.microsoft.com',
} as const;
export type RouteName = keyof typeof HOST;

const DESTINATIONS: Readonly<Record<RouteName, string>> = {
  ga4: `
      ga4:
        measurement_id: G-TEST000001
        api_secret: \${GA4_API_SECRET}
        region: eu`,
  meta: `
      meta:
        pixel_id: "123456789012345"
        access_token: \${META_ACCESS_TOKEN}`,
  linkedin: `
      linkedin:
        conversions: { purchase: "104012" }
        access_token: \${LINKEDIN_ACCESS_TOKEN}`,
  microsoft_ads: `
      microsoft_ads:
        tag_id: "97000001"
        access_token: \${MICROSOFT_UET_TOKEN}`,
};

/** A small shop with these routes. `delivery` is the inside of that section, e.g. `max_size: 8MB`. */
export function configOf(routes: readonly RouteName[], delivery = ''): string {
  return `sites:
  - hosts: [127.0.0.1]
    origins: [https://shop.example.no]
    country: NO
    consent:
      cmp: [cookiebot]
    destinations:${routes.map((name) => DESTINATIONS[name]).join('')}
${delivery === '' ? '' : `delivery: { ${delivery} }\n`}`;
}

/** A route's key in metrics and in the outbox. */
export const keyOf = (route: RouteName): string => `127.0.0.1/${route}`;

/** An event id that can be found in any request to a vendor. */
export const eventId = (n: number): string => `n${n}z`;

const ID = /n\d+z/g;

/** The ids in a request to a vendor, each once. */
export function idsIn(text: string): string[] {
  return [...new Set(text.match(ID))];
}

const STARTED = Date.now();

/** The cookies of visitor `n`: consent as given, `_ga` and `_fbp`. */
export function cookiesOf(n: number, consent = { statistics: true, marketing: true }): string {
  const seconds = Math.floor(STARTED / 1000) - 60;
  return `${cookiebot(consent, STARTED - 60_000)}; _ga=GA1.1.${1_000_000_000 + n}.${seconds}; _fbp=fb.1.${seconds * 1000}.${n}`;
}

/** One purchase per number, all of one visitor, with so many things in each basket. */
export function purchases(numbers: readonly number[], visitor = numbers[0] ?? 0, basket = 0): Ask {
  const items = Array.from({ length: basket }, (_, i) => ({ item_id: `SKU-${i}`, item_name: `Krus ${i}`, price: 1 }));
  const events = numbers.map((n) => ({
    name: 'purchase',
    id: eventId(n),
    params: { currency: 'NOK', value: 100, transaction_id: eventId(n), ...(basket > 0 && { items }) },
    user: { email: `visitor${visitor}@example.no` },
  }));
  return { path: '/v1/events', headers: headersOf(cookiesOf(visitor)), body: JSON.stringify({ events }) };
}

/** The same visitor, who has taken back the marketing consent. */
export function withdrawal(visitor: number): Ask {
  const events = [{ name: 'page_view' }];
  const cookies = cookiesOf(visitor, { statistics: true, marketing: false });
  return { path: '/v1/events', headers: headersOf(cookies), body: JSON.stringify({ events }) };
}

export function headersOf(cookie: string): Readonly<Record<string, string>> {
  return { origin: 'https://shop.example.no', 'content-type': 'application/json', cookie };
}
