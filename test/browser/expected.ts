import { expect } from 'vitest';
import type { Recorded } from '../support/recorder.ts';
import { content, FAMILY } from './world.ts';

/**
 * What vendors receive from the shop of `choices.test.ts` under the demo's configuration, from the vendors' sheets: every
 * key that may be there, and no other.
 */

/** Clicks on four vendors' ads, as links carry them. */
export const CLICK = {
  gclid: 'Cj0KCQTest_aBcDeFg',
  fbclid: 'IwAR2Test_hIjKlMn',
  msclkid: 'cdd4afcccb1c9a4cad9544dd7e5006d5',
  li_fat_id: 'b3f1a7e0-5c2d-4e8f-9a6b-0c1d2e3f4a5b',
};
const DAY_S = 86_400;
/** `cookies.analytics` and `cookies.ads` of the demo's configuration. */
export const ANALYTICS_S = 7 * DAY_S;
export const ADS_S = 30 * DAY_S;

/** The gateway's own id of an event that brought none. */
export const HIT_EVENT = expect.stringMatching(/^[0-9a-f]{32}-0$/) as unknown as string;
/** Design 3a: a number in place of the id, and the beginning of the window, a whole number of caps since 1970. */
export const ROTATING = new RegExp(`^\\d{1,16}\\.${Math.floor(Date.now() / 1000 / ANALYTICS_S) * ANALYTICS_S}$`);

/** Which vendors' requests hold which click id. */
export function recipients(requests: readonly Recorded[]): Readonly<Record<string, readonly string[]>> {
  const hostsWith = (id: string) => requests.filter((one) => JSON.stringify(one).includes(id)).map(({ host }) => host);
  return Object.fromEntries(
    Object.entries(CLICK).map(([param, id]) => [param, [...new Set(hostsWith(id))].toSorted()]),
  );
}

/** What HTTP itself needs, and what a vendor's sheet asks for; nothing of the visitor's connection. */
const HEADERS = new Set([
  'host',
  'connection',
  'content-type',
  'content-length',
  'authorization',
  'user-agent',
  'accept',
  'accept-encoding',
  'linkedin-version',
  'x-restli-protocol-version',
  'x-restli-method',
]);

interface Plain {
  readonly request: string;
  readonly agent: string | undefined;
  readonly content: unknown;
}

/** A request as one value: headers are held to the list, the rest is compared whole. */
export function plainly(recorded: Recorded): Plain {
  const { method, host, path, headers } = recorded;
  expect(Object.keys(headers).filter((name) => !HEADERS.has(name))).toEqual([]);
  return { request: `${method} ${host}${path}`, agent: headers['user-agent'], content: content(recorded) };
}

export function byUrl(a: Plain, b: Plain): number {
  const host = (one: Plain) => one.request.slice(one.request.indexOf(' ') + 1);
  return host(a) < host(b) ? -1 : 1;
}

/** `destinations/google-ads.md` 4, as the demo's configuration has it: no key beside these. */
export function ping(origin: string, gcs: string, gcd: string): Plain {
  return {
    request: 'GET pagead2.googlesyndication.com/pagead/conversion/987654321/',
    agent: OWN_AGENT,
    content: {
      label: 'AbC-D_efGhIjKl',
      value: '599',
      currency_code: 'NOK',
      url: `${origin}/`,
      gcs,
      gcd,
      npa: '1',
      dma: '1',
      dma_cps: '-',
      pscdl: 'denied',
      random: expect.stringMatching(/^\d+$/) as unknown,
    },
  };
}

/** If a sheet demands no user agent, the header names the software that sends. */
const OWN_AGENT = expect.stringMatching(/^portvakt\/[\d.]+$/) as unknown as string;

/** `destinations/ga4.md` 3: a hit written anew. */
export function ga4(keys: Readonly<Record<string, unknown>>): Plain {
  return {
    request: 'GET region1.google-analytics.com/g/collect',
    agent: FAMILY,
    content: {
      v: '2',
      tid: 'G-DEMO000001',
      _p: expect.stringMatching(/^\d+$/) as unknown,
      dma: '1',
      cid: expect.stringMatching(ROTATING) as unknown,
      ul: 'en-gb',
      sr: '1280x720',
      sid: expect.stringMatching(/^\d+$/) as unknown,
      sct: '1',
      _s: '1',
      seg: '1',
      dt: 'Shop',
      ...keys,
    },
  };
}

export const page_view = () => ({ en: 'page_view' });
export const purchase = (order: string) => ({
  en: 'purchase',
  cu: 'NOK',
  'epn.value': '599',
  'ep.transaction_id': order,
  pr1: 'idSKU-1~nmMug~caHome~pr299.5~qt2',
});

const SECONDS = expect.closeTo(Date.now() / 1000, -3) as unknown as number;

/** `destinations/meta.md` 2-6. */
export function meta(origin: string, events: readonly object[]): Plain {
  return {
    request: 'POST graph.facebook.com/v26.0/123456789012345/events',
    agent: OWN_AGENT,
    content: {
      data: events.map((event) => ({
        event_time: SECONDS,
        action_source: 'website',
        event_source_url: `${origin}/?utm_source=newsletter`,
        user_data: {
          client_user_agent: FAMILY,
          fbc: expect.stringMatching(new RegExp(`^fb\\.\\d\\.\\d{13}\\.${CLICK.fbclid}$`)) as unknown,
        },
        data_processing_options: [],
        ...event,
      })),
      partner_agent: expect.stringMatching(/^portvakt/) as unknown,
    },
  };
}

/** `destinations/microsoft.md` A. */
export function microsoft(origin: string, events: readonly object[]): Plain {
  return {
    request: 'POST capi.uet.microsoft.com/v1/97000001/events',
    agent: OWN_AGENT,
    content: {
      continueOnValidationError: true,
      dataProvider: 'portvakt',
      data: events.map((event) => ({
        eventTime: SECONDS,
        eventSourceUrl: `${origin}/?utm_source=newsletter`,
        pageLoadId: expect.stringMatching(
          /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        ) as unknown,
        adStorageConsent: 'G',
        userData: { clientUserAgent: FAMILY, msclkid: CLICK.msclkid },
        ...event,
      })),
    },
  };
}

/** `destinations/google-ads.md` 2. */
export function googleAds(order: string): Plain {
  return {
    request: 'POST datamanager.googleapis.com/v1/events:ingest',
    agent: OWN_AGENT,
    content: {
      destinations: [
        {
          reference: '700123456',
          operatingAccount: { accountType: 'GOOGLE_ADS', accountId: '1234567890' },
          productDestinationId: '700123456',
        },
      ],
      events: [
        {
          destinationReferences: ['700123456'],
          transactionId: order,
          eventTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown,
          eventSource: 'WEB',
          currency: 'NOK',
          conversionValue: 599,
          consent: { adUserData: 'CONSENT_GRANTED', adPersonalization: 'CONSENT_GRANTED' },
          adIdentifiers: { gclid: CLICK.gclid },
        },
      ],
    },
  };
}

/** `destinations/linkedin.md` 3. */
export function linkedin(order: string): Plain {
  return {
    request: 'POST api.linkedin.com/rest/conversionEvents',
    agent: OWN_AGENT,
    content: {
      elements: [
        {
          conversion: 'urn:lla:llaPartnerConversion:104012',
          conversionHappenedAt: expect.closeTo(Date.now(), -6) as unknown,
          // Two decimals, as in the sheet's own example.
          conversionValue: { currencyCode: 'NOK', amount: '599.00' },
          eventId: order,
          user: { userIds: [{ idType: 'LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID', idValue: CLICK.li_fat_id }] },
        },
      ],
    },
  };
}
