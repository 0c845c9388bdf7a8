import { defineDestination } from '../../src/core/destination.ts';
import { egress } from './egress.ts';
import { fieldsTaken, HOST, paramsTaken, matchesOn, plan, reads, request, wants } from './event.ts';
import { examples } from './examples.ts';
import { judge } from './judge.ts';
import { SERVICES } from './services.ts';
import { settings } from './settings.ts';

/** HubSpot: custom events of contacts (`destinations/hubspot.md`). */
export default defineDestination({
  name: 'hubspot',
  title: 'HubSpot',
  aliases: ['hubspotcrm', 'hs', 'hubspotevents'],
  docs: 'https://developers.hubspot.com/docs/api-reference/latest/events/send-event-data/guide',
  // No field could carry a denial, and an occurrence belongs to somebody: there is no limited form.
  needs: ['ad_storage', 'ad_user_data'],
  demands: (at) => ({ needs: [], fields: fieldsTaken(at), params: paramsTaken(at) }),
  vendor: 'HubSpot',
  services: SERVICES,
  hosts: [HOST],
  egress,
  settings,
  reads,
  wants,
  matchesOn,
  plan,
  maxBatch: () => 500,
  maxAge: 7 * 86_400_000,
  request,
  judge,
  examples,
});
