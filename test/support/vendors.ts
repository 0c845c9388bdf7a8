import * as ga4 from '../vendors/ga4.ts';
import * as googleAds from '../vendors/google-ads.ts';
import * as http from '../vendors/http.ts';
import * as hubspot from '../vendors/hubspot.ts';
import * as linkedin from '../vendors/linkedin.ts';
import * as matomo from '../vendors/matomo.ts';
import * as meta from '../vendors/meta.ts';
import * as microsoft from '../vendors/microsoft-ads.ts';
import * as pinterest from '../vendors/pinterest.ts';
import * as reddit from '../vendors/reddit.ts';
import * as snapchat from '../vendors/snapchat.ts';
import * as tiktok from '../vendors/tiktok.ts';
import * as piwikPro from '../vendors/piwik-pro.ts';
import type { FakeVendor } from './recorder.ts';

/** Every vendor, each answering as its sheet says. */
export const VENDORS: readonly FakeVendor[] = [
  ga4.ga4,
  googleAds.googleAdsVendor,
  http.httpReceiver,
  hubspot.hubspotVendor,
  linkedin.linkedin,
  matomo.matomoVendor,
  meta.meta,
  microsoft.microsoftAdsVendor,
  pinterest.pinterest,
  reddit.reddit,
  snapchat.snapchat,
  tiktok.tiktok,
  piwikPro.piwikProVendor,
];

const LISTS = [
  ga4.violations,
  googleAds.violations,
  http.violations,
  hubspot.violations,
  linkedin.violations,
  matomo.violations,
  meta.violations,
  microsoft.violations,
  pinterest.violations,
  reddit.violations,
  snapchat.violations,
  tiktok.violations,
  piwikPro.violations,
];

/** What the vendors have found wrong with what they were sent since the last call. */
export function violations(): string[] {
  return LISTS.flatMap((list) => list.splice(0, list.length));
}
