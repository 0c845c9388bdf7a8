import { DATA_MANAGER_HOST, GOOGLE_TOKEN_HOST } from '../../src/core/data-manager/ingest.ts';
import { judgeIngest } from '../../src/core/data-manager/judge.ts';
import { defineDestination } from '../../src/core/destination.ts';
import { fieldsTaken, paramsTaken, matchesOn, plan, reads, request, requires, wants } from './conversion.ts';
import { egress } from './egress.ts';
import { examples } from './examples.ts';
import { SERVICES } from './services.ts';
import { settings } from './settings.ts';
import { later, probe, VERDICTS } from './status.ts';

const HOUR = 3_600_000;

/** Floodlight conversions of Campaign Manager 360 through the Data Manager API (`destinations/floodlight.md` 1, 2). */
export default defineDestination({
  name: 'floodlight',
  title: 'Floodlight',
  aliases: ['campaignmanager', 'campaignmanager360', 'cm360', 'googlemarketingplatform', 'dv360', 'sa360'],
  docs: 'https://developers.google.com/data-manager/api/devguides/events/cm360/offline/send-events',
  needs: ['ad_storage', 'ad_user_data'],
  demands: (at) => ({ needs: [], fields: fieldsTaken(at), params: paramsTaken(at) }),
  vendor: 'Google',
  services: SERVICES,
  tcfVendor: 755,
  hosts: [DATA_MANAGER_HOST, GOOGLE_TOKEN_HOST],
  egress,
  settings,
  reads,
  wants,
  matchesOn,
  requires,
  plan,
  maxBatch: () => 2000,
  // Campaign Manager's own limit; that of the Data Manager API is not known (4).
  maxAge: 28 * 24 * HOUR,
  firstAfterMs: ({ wait_hours = 0 }) => wait_hours * HOUR,
  request,
  judge: (reply, count) => judgeIngest(reply, count),
  later,
  verdicts: VERDICTS,
  probe,
  examples,
});
