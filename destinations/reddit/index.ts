import { defineDestination } from '../../src/core/destination.ts';
import { egress } from './egress.ts';
import { matchesOn, plan, reads, requires, wants } from './event.ts';
import { examples } from './examples.ts';
import { judge, probe } from './judge.ts';
import { HOST, request } from './request.ts';
import { SERVICES } from './services.ts';
import { settings, warnings } from './settings.ts';

export default defineDestination({
  name: 'reddit',
  title: 'Reddit Conversions API',
  aliases: ['redditads', 'redditpixel', 'redditconversions', 'redditcapi', 'rdt'],
  docs: 'https://ads-api.reddit.com/docs/v3/operations/Post%20Conversion%20Events',
  // No field of the API could carry a denial of the EEA, so all three must be granted; there is no limited form.
  needs: ['ad_storage', 'ad_user_data', 'ad_personalization'],
  vendor: 'Reddit',
  services: SERVICES,
  hosts: [HOST],
  egress,
  settings,
  reads,
  wants,
  matchesOn,
  requires,
  plan,
  maxBatch: () => 1000,
  maxAge: 7 * 86_400_000,
  request,
  judge,
  probe,
  warnings,
  examples,
});
