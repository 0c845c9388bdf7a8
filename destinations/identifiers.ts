// Written by `npm run gen` from the folders beside it.
import type { Identifier } from '../src/core/identifiers.ts';
import { identifiers as ga4 } from './ga4/identifiers.ts';
import { identifiers as googleAds } from './google-ads/identifiers.ts';
import { identifiers as hubspot } from './hubspot/identifiers.ts';
import { identifiers as linkedin } from './linkedin/identifiers.ts';
import { identifiers as matomo } from './matomo/identifiers.ts';
import { identifiers as meta } from './meta/identifiers.ts';
import { identifiers as microsoftAds } from './microsoft-ads/identifiers.ts';
import { identifiers as pinterest } from './pinterest/identifiers.ts';
import { identifiers as reddit } from './reddit/identifiers.ts';
import { identifiers as snapchat } from './snapchat/identifiers.ts';
import { identifiers as tiktok } from './tiktok/identifiers.ts';

/** What every vendor knows visitors and clicks by. */
export const IDENTIFIERS: readonly Identifier[] = [
  ...ga4,
  ...googleAds,
  ...hubspot,
  ...linkedin,
  ...matomo,
  ...meta,
  ...microsoftAds,
  ...pinterest,
  ...reddit,
  ...snapchat,
  ...tiktok,
];
