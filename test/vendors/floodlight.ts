import * as z from 'zod';
import { cartData, userData } from './data-manager.ts';

/*
 * What the Data Manager API takes for a Floodlight configuration, written from `destinations/floodlight.md` alone. It
 * answers where Google Ads' does (`google-ads.ts`): the account of a request says whose it is.
 */

const number = z.string().regex(/^\d+$/);
const account = z.strictObject({ accountType: z.literal('FLOODLIGHT_CONFIG'), accountId: number });
const consentWord = z.enum(['CONSENT_GRANTED', 'CONSENT_DENIED']);
const event = z
  .strictObject({
    destinationReferences: z.array(z.string()).min(1),
    transactionId: z.string().min(1).max(64),
    eventTimestamp: z.iso.datetime({ offset: true }),
    eventSource: z.literal('WEB'),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .optional(),
    conversionValue: z.number().optional(),
    conversionCount: z.number(),
    consent: z.strictObject({ adUserData: consentWord, adPersonalization: consentWord }),
    adIdentifiers: z.strictObject({ gclid: z.string().optional(), dclid: z.string().optional() }).optional(),
    userData: userData.optional(),
    cartData: cartData.optional(),
    customVariables: z
      .array(z.strictObject({ variable: z.string().regex(/^U\d{1,3}$/), value: z.string().min(1) }))
      .min(1)
      .optional(),
  })
  // "No ad identifiers": a hashed address alone is refused, too.
  .refine((e) => Object.keys(e.adIdentifiers ?? {}).length === 1, 'NO_IDENTIFIERS_PROVIDED');

/** `events:ingest` for Floodlight (2). */
export const floodlightIngest = z
  .strictObject({
    destinations: z
      .array(
        z.strictObject({
          reference: z.string(),
          operatingAccount: account,
          loginAccount: account,
          productDestinationId: number,
        }),
      )
      .min(1)
      .max(10),
    encoding: z.literal('HEX').optional(),
    events: z.array(event).min(1).max(2000),
  })
  .refine(
    (r) => r.encoding !== undefined || r.events.every((e) => e.userData === undefined),
    'user data without an encoding',
  )
  .refine(
    (r) => new Set(r.destinations.map((d) => d.reference)).size === r.destinations.length,
    'DUPLICATE_DESTINATION_REFERENCE',
  )
  .refine(
    (r) =>
      r.events.every((e) => e.destinationReferences.every((name) => r.destinations.some((d) => d.reference === name))),
    'an event names no destination of the request',
  )
  .refine(
    (r) =>
      r.destinations.every(
        (d) => JSON.stringify(d.operatingAccount) === JSON.stringify(d.loginAccount) && d.reference !== '',
      ),
    'OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH',
  );

/** Whether a request to the Data Manager API is for a Floodlight configuration. */
export function isFloodlight(body: string): boolean {
  return body.includes('"FLOODLIGHT_CONFIG"');
}
