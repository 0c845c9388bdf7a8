import { DATA_MANAGER_HOST, GOOGLE_TOKEN_HOST } from '../../src/core/data-manager/ingest.ts';
import { defineDestination } from '../../src/core/destination.ts';
import { matchesOn, planConversion, reads, requestConversions, wants } from './conversion.ts';
import { egress } from './egress.ts';
import { examples } from './examples.ts';
import { judge } from './judge.ts';
import { PING, PING_HOST, pingReads, pingWants, planPing, requestPing } from './ping.ts';
import { settings } from './settings.ts';
import { later, probe, VERDICTS } from './status.ts';
import { SERVICES } from './services.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Google Ads conversions through the Data Manager API (`destinations/google-ads.md` 2). */
export default defineDestination({
  name: 'google_ads',
  title: 'Google Ads',
  aliases: ['google', 'googleads', 'adwords', 'gads', 'aw'],
  docs: 'https://developers.google.com/data-manager/api/devguides/events/send-events',
  needs: ['ad_storage', 'ad_user_data'],
  vendor: 'Google',
  services: SERVICES,
  tcfVendor: 755,
  hosts: [DATA_MANAGER_HOST, GOOGLE_TOKEN_HOST, PING_HOST],
  egress,
  settings,
  reads,
  wants,
  matchesOn,
  plan: planConversion,
  limited: {
    reads: pingReads,
    needsSettings: ['conversion_id', 'labels'],
    wants: pingWants,
    plan: planPing,
  },
  maxBatch: (envelope) => (envelope === PING ? 1 : 2000),
  // The shorter of Google's two windows: user data matches for 63 days, clicks for 90 (2.6).
  maxAge: 63 * DAY,
  // 2.6. A ping has no time in it: Google counts it when it comes.
  firstAfterMs: ({ wait_hours = 0 }) => wait_hours * HOUR,
  atOnce: (envelope) => envelope === PING,
  request: (envelope, elements, set) =>
    envelope === PING ? requestPing(elements[0] ?? '', set) : requestConversions(elements, set),
  judge,
  later,
  verdicts: VERDICTS,
  probe,
  examples,
});
