import * as z from 'zod';

/* Parts of an event of the Data Manager API, whoever it is for (`destinations/google-ads.md` 2.3, 2.4). */

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const identifier = z.union([
  z.strictObject({ emailAddress: hash }),
  z.strictObject({ phoneNumber: hash }),
  z.strictObject({
    address: z.strictObject({
      givenName: hash,
      familyName: hash,
      regionCode: z.string().regex(/^[A-Z]{2}$/),
      postalCode: z.string().min(1),
    }),
  }),
]);

export const userData = z.strictObject({ userIdentifiers: z.array(identifier).min(1).max(10) });

export const cartData = z.strictObject({
  merchantId: z.string(),
  merchantFeedLabel: z.string(),
  merchantFeedLanguageCode: z.string(),
  items: z
    .array(
      z.strictObject({
        merchantProductId: z.string(),
        quantity: z.string().regex(/^\d+$/),
        unitPrice: z.number().optional(),
      }),
    )
    .min(1),
});
