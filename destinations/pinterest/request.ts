import type { PlannedRequest } from '../../src/core/destination.ts';
import { bearer } from '../../src/core/secret.ts';
import type { Settings } from './settings.ts';

export const HOST = 'api.pinterest.com';

/** One request out of events that are JSON already (`destinations/pinterest.md` 1, 2). */
export function request(_envelope: string, elements: readonly string[], at: Settings): PlannedRequest {
  return {
    method: 'POST',
    url: `https://${HOST}/v5/ad_accounts/${at.ad_account_id}/events${at.test ? '?test=true' : ''}`,
    headers: { 'content-type': 'application/json', authorization: bearer(at.access_token) },
    body: `{"data":[${elements.join(',')}]}`,
  };
}
