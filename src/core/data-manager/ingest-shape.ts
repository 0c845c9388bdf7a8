import type { Leaf, ObjectShape } from '../egress.ts';
import { digits, matching, sha256 } from '../egress-claims.ts';

const any: Leaf = {};
const hash: Leaf = { may: sha256 };

/** What may be in `userData` of an event (`destinations/google-ads.md` 2.4): hashes, and of an address country and postal code. */
export const GOOGLE_USER_DATA: ObjectShape = {
  needs: ['ad_user_data'],
  keys: {
    userIdentifiers: {
      each: {
        keys: {
          emailAddress: hash,
          phoneNumber: hash,
          address: {
            keys: {
              givenName: hash,
              familyName: hash,
              regionCode: { may: matching(/^[A-Z]{2}$/) },
              postalCode: any,
            },
          },
        },
      },
    },
  },
};

/** What may be in `cartData` (2.3). */
export const CART_DATA: ObjectShape = {
  keys: {
    merchantId: { may: digits },
    merchantFeedLabel: any,
    merchantFeedLanguageCode: any,
    items: { each: { keys: { merchantProductId: any, quantity: any, unitPrice: any } } },
  },
};
