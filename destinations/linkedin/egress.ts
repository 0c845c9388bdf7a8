import { SECRET, type EgressForm, type Leaf } from '../../src/core/egress.ts';
import { exactly, matching, sha256 } from '../../src/core/egress-claims.ts';

const any: Leaf = {};
const hash: Leaf = { may: sha256 };

/** `destinations/linkedin.md` 1, 3. No field could carry a denial, so every event takes all three signals. */
export const egress: readonly EgressForm[] = [
  {
    kind: 'full',
    needs: ['ad_storage', 'ad_user_data', 'ad_personalization'],
    methods: ['POST'],
    hosts: ['api.linkedin.com'],
    path: /^\/rest\/conversionEvents$/,
    query: {},
    headers: {
      authorization: { secret: true, may: exactly(`Bearer ${SECRET}`), required: true },
      'content-type': { may: exactly('application/json') },
      'linkedin-version': { may: matching(/^20\d{4}$/), required: true },
      'x-restli-protocol-version': { may: exactly('2.0.0') },
      'x-restli-method': { may: exactly('BATCH_CREATE') },
    },
    body: {
      json: {
        keys: {
          elements: {
            perRow: true,
            required: true,
            each: {
              keys: {
                conversion: { may: matching(/^urn:lla:llaPartnerConversion:\d{1,20}$/), required: true },
                conversionHappenedAt: any,
                conversionValue: {
                  keys: { currencyCode: { may: matching(/^[A-Z]{3}$/) }, amount: { may: matching(/^-?[\d.]{1,24}$/) } },
                },
                eventId: any,
                user: {
                  required: true,
                  keys: {
                    // A hash of an address or LinkedIn's own click id, which has hyphens and is shorter than a hash.
                    userIds: {
                      required: true,
                      each: {
                        keys: {
                          idType: { may: exactly('SHA256_EMAIL', 'LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID') },
                          idValue: { may: matching(/^(?:[0-9a-f]{64}|(?=.{1,64}$)[0-9A-Za-z]+(?:-[0-9A-Za-z]+)+)$/) },
                        },
                      },
                    },
                    userInfo: {
                      keys: {
                        hashedFirstName: hash,
                        hashedLastName: hash,
                        countryCode: { may: matching(/^[A-Z]{2}$/) },
                      },
                    },
                    externalIds: { each: hash },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
];
