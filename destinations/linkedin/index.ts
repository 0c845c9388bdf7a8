import { defineDestination, type PlannedRequest } from '../../src/core/destination.ts';
import { bearer } from '../../src/core/secret.ts';
import { egress } from './egress.ts';
import { matchesOn, plan, reads, wants } from './event.ts';
import { examples } from './examples.ts';
import { judge } from './judge.ts';
import { settings, warnings, type Settings } from './settings.ts';
import { SERVICES } from './services.ts';

const HOST = 'api.linkedin.com';

/** One batch out of conversions that are JSON already (`destinations/linkedin.md` 1). */
function request(_envelope: string, elements: readonly string[], at: Settings): PlannedRequest {
  return {
    method: 'POST',
    url: `https://${HOST}/rest/conversionEvents`,
    headers: {
      'content-type': 'application/json',
      authorization: bearer(at.access_token),
      'linkedin-version': at.api_version,
      'x-restli-protocol-version': '2.0.0',
      'x-restli-method': 'BATCH_CREATE',
    },
    body: `{"elements":[${elements.join(',')}]}`,
  };
}

export default defineDestination({
  name: 'linkedin',
  title: 'LinkedIn Conversions API',
  aliases: ['linkedinads', 'linkedininsight', 'insight', 'linkedincapi', 'li', 'insighttag', 'linkedininsighttag'],
  docs: 'https://learn.microsoft.com/en-us/linkedin/marketing/integrations/ads-reporting/conversions-api',
  // No field of the API could carry a denial, so all three must be granted; there is no limited form for the same reason.
  needs: ['ad_storage', 'ad_user_data', 'ad_personalization'],
  vendor: 'LinkedIn',
  services: SERVICES,
  tcfVendor: 804,
  hosts: [HOST],
  egress,
  settings,
  reads,
  wants,
  matchesOn,
  plan,
  // Conversion rules of one ad account share their ids (5).
  dedupesByIdAlone: true,
  maxBatch: () => 5000,
  maxAge: 90 * 86_400_000,
  request,
  judge,
  warnings,
  examples,
});
