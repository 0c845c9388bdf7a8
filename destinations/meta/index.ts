import { defineDestination, type PlannedRequest, type Probe } from '../../src/core/destination.ts';
import { probeWithout } from '../../src/core/probe.ts';
import { bearer, secretText, type Text } from '../../src/core/secret.ts';
import { egress } from './egress.ts';
import { matchesOn, plan, reads, requires, wants } from './event.ts';
import { examples } from './examples.ts';
import { judge } from './judge.ts';
import { settings, warnings, type Settings } from './settings.ts';
import { SERVICES } from './services.ts';

const HOST = 'graph.facebook.com';

/** Tells Meta which integration sends (at most 23 characters, `destinations/meta.md` 2). */
const PARTNER_AGENT = 'portvakt-0.1';

/** Shows that a request comes from the app its token belongs to: HMAC of the token with the app's secret (1). */
function address({ api_version, pixel_id, access_token, app_secret }: Settings): Text {
  const url = `https://${HOST}/${api_version}/${pixel_id}/events`;
  if (app_secret === undefined) return url;
  const proof = { kind: 'signature', key: app_secret, keyForm: 'text', over: [access_token], form: 'hex' } as const;
  return secretText`${url}?appsecret_proof=${proof}`;
}

/** One request out of events that are JSON already (`destinations/meta.md` 1, 2). */
function request(_envelope: string, elements: readonly string[], at: Settings): PlannedRequest {
  const test = at.test_event_code === undefined ? '' : `,"test_event_code":${JSON.stringify(at.test_event_code)}`;
  return {
    method: 'POST',
    url: address(at),
    headers: { 'content-type': 'application/json', authorization: bearer(at.access_token) },
    body: `{"data":[${elements.join(',')}],"partner_agent":"${PARTNER_AGENT}"${test}}`,
  };
}

/** No events at all: refused as invalid when the token works, as a bad token when it does not (10). */
const probe = (at: Settings): Probe => probeWithout(request('', [], at), judge, 'the access token works');

export default defineDestination({
  name: 'meta',
  title: 'Meta Conversions API',
  aliases: [
    'facebook',
    'fb',
    'instagram',
    'metaads',
    'facebookpixel',
    'pixel',
    'capi',
    'facebookcapi',
    'conversionsapi',
    'facebookads',
    'metapixel',
    'fbpixel',
  ],
  acProvider: 89,
  docs: 'https://developers.facebook.com/docs/marketing-api/conversions-api',
  // No field of the API could carry a denial, so all three must be granted; there is no limited form for the same reason.
  needs: ['ad_storage', 'ad_user_data', 'ad_personalization'],
  vendor: 'Meta',
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
  needsUserAgent: 'Meta takes events of a website with the User-Agent of the browser only (`client_user_agent`)',
  examples,
});
