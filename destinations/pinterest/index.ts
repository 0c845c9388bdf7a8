import { defineDestination } from '../../src/core/destination.ts';
import { egress } from './egress.ts';
import { matchesOn, plan, reads, requires, wants } from './event.ts';
import { examples } from './examples.ts';
import { judge, probe } from './judge.ts';
import { HOST, request } from './request.ts';
import { SERVICES } from './services.ts';
import { settings, warnings } from './settings.ts';

export default defineDestination({
  name: 'pinterest',
  title: 'Pinterest Conversions API',
  aliases: ['pinterestads', 'pinterestconversions', 'pinterestcapi', 'pinteresttag', 'pinterestpixel', 'pintrk'],
  docs: 'https://developers.pinterest.com/docs/conversions/conversions/',
  // No field of the API could carry a denial of the EEA, so all three must be granted; there is no limited form.
  needs: ['ad_storage', 'ad_user_data', 'ad_personalization'],
  vendor: 'Pinterest',
  services: SERVICES,
  hosts: [HOST],
  egress,
  settings,
  reads,
  wants,
  matchesOn,
  requires,
  plan,
  // Pinterest takes 1,000; the answer to so many would be cut off (`destinations/pinterest.md` 2).
  maxBatch: () => 250,
  maxAge: 7 * 86_400_000,
  request,
  judge,
  probe,
  warnings,
  examples,
});
