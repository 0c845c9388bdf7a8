import type { Probe } from '../../src/core/destination.ts';
import { parseObject } from '../../src/core/reply.ts';

/**
 * Asks Google's validation host about an event that is stored nowhere (`destinations/ga4.md` 2.9). It looks at the
 * form of a request only: whether `api_secret` and `measurement_id` are right it does not say, so neither secret is
 * sent.
 */
export function probeMeasurement(host: string, measurementId: string): Probe {
  return {
    request: {
      method: 'POST',
      url: `https://${host}/debug/mp/collect?measurement_id=${measurementId}&api_secret=unchecked`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_id: '1.1',
        consent: { ad_user_data: 'DENIED', ad_personalization: 'DENIED' },
        validation_behavior: 'ENFORCE_RECOMMENDATIONS',
        events: [{ name: 'page_view', params: { engagement_time_msec: 1 } }],
      }),
    },
    read(reply) {
      if (reply.status !== 200) return { ok: false, message: `HTTP ${reply.status} from the validation host` };
      const codes = validationCodes(reply.body);
      if (codes === undefined) return { ok: false, message: 'the validation host did not answer with a validation' };
      if (codes.length > 0) return { ok: false, message: `the validation host objects: ${codes.join(', ')}` };
      return {
        ok: true,
        message:
          'Google can be reached and takes the form of our events; it does not tell whether the id and the secret are right',
      };
    },
  };
}

/** The codes of a validation; undefined = this is none. Only words of the sheet's kind are repeated. */
function validationCodes(body: string): string[] | undefined {
  const messages = parseObject(body)?.['validationMessages'];
  if (!Array.isArray(messages)) return undefined;
  return messages.map((message: unknown) => {
    const code: unknown =
      typeof message === 'object' && message !== null && 'validationCode' in message
        ? message.validationCode
        : undefined;
    return typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? code : 'UNKNOWN';
  });
}
