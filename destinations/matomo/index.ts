import { defineDestination, type PlannedRequest } from '../../src/core/destination.ts';
import { SECRET } from '../../src/core/egress.ts';
import { bulkRequests, onceOnly } from '../../src/core/tracking-pairs.ts';
import { egress } from './egress.ts';
import { limitedReads, limitedRequires, plan, planLimited, reads, requires, wants } from './event.ts';
import { examples } from './examples.ts';
import { judge } from './judge.ts';
import { SERVICES } from './services.ts';
import { settings, type Settings } from './settings.ts';

const DAY = 86_400_000;

/** Many events in one body; the token stands in it, never in an address (`destinations/matomo.md` 1). */
function request(_envelope: string, elements: readonly string[], { host, path, token }: Settings): PlannedRequest {
  const requests = bulkRequests(elements);
  return {
    method: 'POST',
    url: `https://${host}${path}`,
    headers: { 'content-type': 'application/json' },
    ...(token === undefined
      ? { body: `{${requests}}` }
      : { body: `{${requests},"token_auth":${JSON.stringify(SECRET)}}`, bodySecret: token }),
  };
}

/** Matomo, on the operator's own host or in the vendor's cloud (`destinations/matomo.md`). */
export default defineDestination({
  name: 'matomo',
  title: 'Matomo',
  aliases: ['piwik', 'matomoanalytics', 'matomocloud'],
  docs: 'https://developer.matomo.org/api-reference/tracking-api',
  needs: ['analytics_storage'],
  vendor: 'Matomo',
  services: SERVICES,
  hosts: ({ host }) => [host],
  recipient: ['path', 'site_id'],
  egress,
  settings,
  reads,
  wants,
  requires,
  plan,
  limited: { reads: limitedReads, wants, requires: limitedRequires, counts: true, plan: planLimited },
  maxBatch: () => 50,
  maxAge: 7 * DAY,
  repeatable: onceOnly,
  request,
  judge,
  examples,
});
