// Written by `npm run gen` from the folders beside it.
import type { Destination } from '../src/core/destination.ts';
import floodlight from './floodlight/index.ts';
import ga4 from './ga4/index.ts';
import googleAds from './google-ads/index.ts';
import http from './http/index.ts';
import hubspot from './hubspot/index.ts';
import linkedin from './linkedin/index.ts';
import matomo from './matomo/index.ts';
import meta from './meta/index.ts';
import microsoftAds from './microsoft-ads/index.ts';
import pinterest from './pinterest/index.ts';
import piwikPro from './piwik-pro/index.ts';
import reddit from './reddit/index.ts';
import snapchat from './snapchat/index.ts';
import tiktok from './tiktok/index.ts';

/** Every destination by its `type`. */
export const destinations: Readonly<Record<string, Destination>> = {
  floodlight,
  ga4,
  google_ads: googleAds,
  http,
  hubspot,
  linkedin,
  matomo,
  meta,
  microsoft_ads: microsoftAds,
  pinterest,
  piwik_pro: piwikPro,
  reddit,
  snapchat,
  tiktok,
};
