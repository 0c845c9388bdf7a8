import { defineDestination } from '../../src/core/destination.ts';
import { CAPI_HOST, matchesOn, planEvent, reads, requestEvents, requires, wants } from './capi.ts';
import { egress } from './egress.ts';
import { examples } from './examples.ts';
import { judge, probe } from './judge.ts';
import { PIXEL, PIXEL_HOST, pixelReads, pixelRequires, planPixel, requestPixel } from './pixel.ts';
import { settings } from './settings.ts';
import { SERVICES } from './services.ts';

const DAY = 86_400_000;

/** Microsoft Advertising: UET Conversions API, and the UET pixel as the limited form (`destinations/microsoft.md`). */
export default defineDestination({
  name: 'microsoft_ads',
  title: 'Microsoft Advertising',
  aliases: ['bing', 'bingads', 'microsoft', 'microsoftadvertising', 'uet', 'msads'],
  docs: 'https://learn.microsoft.com/en-us/advertising/guides/uet-conversion-api-integration',
  needs: ['ad_storage', 'ad_personalization'],
  vendor: 'Microsoft',
  services: SERVICES,
  // https://learn.microsoft.com/en-us/advertising/msa-help/hlp_ba_conc_uet_tcf
  tcfVendor: 1126,
  hosts: [CAPI_HOST, PIXEL_HOST],
  egress,
  settings,
  reads,
  wants,
  matchesOn,
  requires,
  plan: planEvent,
  limited: { reads: pixelReads, wants, requires: pixelRequires, plan: planPixel },
  maxBatch: (envelope) => (envelope === PIXEL ? 1 : 1000),
  maxAge: 7 * DAY,
  request: (envelope, elements, set) =>
    envelope === PIXEL ? requestPixel(elements[0] ?? '') : requestEvents(elements, set),
  judge,
  probe,
  examples,
});
