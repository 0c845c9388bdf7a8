import { defineDestination } from '../../src/core/destination.ts';
import { bulkRequests, onceOnly } from '../../src/core/tracking-pairs.ts';
import { egress } from './egress.ts';
import { limitedReads, plan, planLimited, reads, requires, wants } from './event.ts';
import { examples } from './examples.ts';
import { judge } from './judge.ts';
import { SERVICES } from './services.ts';
import { settings } from './settings.ts';

/** Piwik PRO, with its own anonymous form for visitors without consent (`destinations/piwik-pro.md`). */
export default defineDestination({
  name: 'piwik_pro',
  title: 'Piwik PRO',
  aliases: ['piwikpro', 'piwikproanalytics', 'ppas'],
  docs: 'https://developers.piwik.pro',
  needs: ['analytics_storage'],
  vendor: 'Piwik PRO',
  services: SERVICES,
  hosts: ({ host }) => [host],
  recipient: ['app_id'],
  egress,
  settings,
  reads,
  wants,
  requires,
  plan,
  limited: { reads: limitedReads, wants, requires, counts: true, plan: planLimited },
  maxBatch: () => 50,
  maxAge: 7 * 86_400_000,
  repeatable: onceOnly,
  request: (_envelope, elements, { host }) => ({
    method: 'POST',
    url: `https://${host}/ppms.php`,
    headers: { 'content-type': 'application/json' },
    body: `{${bulkRequests(elements)}}`,
  }),
  judge,
  examples,
});
