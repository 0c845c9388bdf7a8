import { defineDestination, type PlannedRequest, type Probe } from '../../src/core/destination.ts';
import { probeWithout } from '../../src/core/probe.ts';
import { bearer, secretText } from '../../src/core/secret.ts';
import { egress } from './egress.ts';
import { matchesOn, plan, reads, requires, wants } from './event.ts';
import { examples } from './examples.ts';
import { judge } from './judge.ts';
import { SERVICES } from './services.ts';
import { settings, warnings, type Settings } from './settings.ts';

const HOST = 'tr.snapchat.com';

/** A request with this body (`destinations/snapchat.md` 1); `more` is what the path has behind it. */
function post({ pixel_id, access_token, authentication }: Settings, body: string, more = ''): PlannedRequest {
  const url = `https://${HOST}/v3/${pixel_id}/events${more}`;
  const json = { 'content-type': 'application/json' };
  return authentication === 'header'
    ? { method: 'POST', url, headers: { ...json, authorization: bearer(access_token) }, body }
    : { method: 'POST', url: secretText`${url}?access_token=${access_token}`, headers: json, body };
}

/** No events at all, where nothing is recorded: refused as invalid when the token works, else as a bad token (10). */
const probe = (at: Settings): Probe =>
  probeWithout(post(at, '{"data":[]}', '/validate'), judge, 'the access token works');

export default defineDestination({
  name: 'snapchat',
  title: 'Snapchat Conversions API',
  aliases: ['snap', 'snapads', 'snapchatads', 'snappixel', 'snapchatpixel', 'snapcapi', 'snapchatcapi', 'snaptr'],
  acProvider: 2572,
  docs: 'https://developers.snap.com/api/marketing-api/Conversions-API/Introduction',
  // No field of the API could carry a denial, so all three must be granted; there is no limited form for the same reason.
  needs: ['ad_storage', 'ad_user_data', 'ad_personalization'],
  vendor: 'Snap',
  services: SERVICES,
  hosts: [HOST],
  egress,
  settings,
  reads,
  wants,
  matchesOn,
  requires,
  plan,
  // 2,000 are taken (2). A refusal names nobody, and a smaller batch is halved less often.
  maxBatch: () => 100,
  maxAge: 7 * 86_400_000,
  request: (_envelope, elements, at) => post(at, `{"data":[${elements.join(',')}]}`),
  judge,
  probe,
  warnings,
  examples,
});
