import { defineDestination, type PlannedRequest, type Probe } from '../../src/core/destination.ts';
import { probeWithout } from '../../src/core/probe.ts';
import { secretText } from '../../src/core/secret.ts';
import { egress } from './egress.ts';
import { matchesOn, plan, reads, wants } from './event.ts';
import { examples } from './examples.ts';
import { judge } from './judge.ts';
import { SERVICES } from './services.ts';
import { settings, warnings, type Settings } from './settings.ts';

const HOST = 'business-api.tiktok.com';

/** One request out of events that are JSON already (`destinations/tiktok.md` 1, 2). */
function request(_envelope: string, elements: readonly string[], at: Settings): PlannedRequest {
  const test = at.test_event_code === undefined ? '' : `,"test_event_code":${JSON.stringify(at.test_event_code)}`;
  return {
    method: 'POST',
    url: `https://${HOST}/open_api/v1.3/event/track/`,
    headers: { 'content-type': 'application/json', 'access-token': secretText`${at.access_token}` },
    body: `{"event_source":"web","event_source_id":"${at.pixel_id}","data":[${elements.join(',')}]${test}}`,
  };
}

/** No events at all: refused as invalid when the token works, as a bad token when it does not (10). */
const probe = (at: Settings): Probe => probeWithout(request('', [], at), judge, 'the access token works');

export default defineDestination({
  name: 'tiktok',
  title: 'TikTok Events API',
  aliases: ['tiktokads', 'tiktokpixel', 'tiktokcapi', 'tiktokevents', 'tiktokeventsapi', 'tiktokbusiness', 'ttq'],
  docs: 'https://business-api.tiktok.com/portal/docs',
  // No field of the API could carry a denial, so all three must be granted; there is no limited form for the same reason.
  needs: ['ad_storage', 'ad_user_data', 'ad_personalization'],
  vendor: 'TikTok',
  services: SERVICES,
  hosts: [HOST],
  egress,
  settings,
  reads,
  wants,
  matchesOn,
  plan,
  maxBatch: () => 1000,
  maxAge: 7 * 86_400_000,
  request,
  judge,
  probe,
  warnings,
  examples,
});
