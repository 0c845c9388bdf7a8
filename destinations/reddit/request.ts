import type { PlannedRequest } from '../../src/core/destination.ts';
import { bearer } from '../../src/core/secret.ts';
import type { Settings } from './settings.ts';

export const HOST = 'ads-api.reddit.com';

/** One request out of events that are JSON already (`destinations/reddit.md` 1, 2). */
export function request(_envelope: string, elements: readonly string[], at: Settings): PlannedRequest {
  const test = at.test_id === undefined ? '' : `,"test_id":${JSON.stringify(at.test_id)}`;
  return {
    method: 'POST',
    url: `https://${HOST}/api/v3/pixels/${at.pixel_id}/conversion_events`,
    headers: { 'content-type': 'application/json', authorization: bearer(at.access_token) },
    body: `{"data":{"events":[${elements.join(',')}]${test}}}`,
  };
}
