import { SECRET, type EgressForm, type Leaf } from '../../src/core/egress.ts';
import { exactly, matching, sha256 } from '../../src/core/egress-claims.ts';

const any: Leaf = {};
const hash: Leaf = { may: sha256 };
const count: Leaf = { may: matching(/^\d{1,9}$/) };

/** `destinations/reddit.md` 1-5. No field carries a denial of the EEA, so every event takes all three signals. */
export const egress: readonly EgressForm[] = [
  {
    kind: 'full',
    needs: ['ad_storage', 'ad_user_data', 'ad_personalization'],
    methods: ['POST'],
    hosts: ['ads-api.reddit.com'],
    path: /^\/api\/v3\/pixels\/[at]2_[a-z0-9]{2,40}\/conversion_events$/,
    query: {},
    headers: {
      authorization: { secret: true, may: exactly(`Bearer ${SECRET}`), required: true },
      'content-type': { may: exactly('application/json') },
    },
    body: {
      json: {
        keys: {
          data: {
            required: true,
            keys: {
              test_id: { may: matching(/^t2_[A-Za-z0-9]{2,40}$/) },
              events: {
                perRow: true,
                required: true,
                each: {
                  keys: {
                    event_at: { may: matching(/^\d{13}$/), required: true },
                    action_source: { may: exactly('WEBSITE'), required: true },
                    type: {
                      required: true,
                      keys: {
                        tracking_type: { may: matching(/^[A-Z_]{4,15}$/), required: true },
                        custom_event_name: any,
                      },
                    },
                    event_source_url: { address: {} },
                    click_id: { may: matching(/^[A-Za-z0-9._~-]{4,512}$/) },
                    user: {
                      required: true,
                      // No address: a truncated one, hashed, matches nobody.
                      keys: {
                        email: hash,
                        phone_number: hash,
                        external_id: hash,
                        user_agent: any,
                        uuid: { may: matching(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i) },
                      },
                    },
                    metadata: {
                      keys: {
                        conversion_id: any,
                        currency: { may: matching(/^[A-Z]{3}$/) },
                        value: any,
                        item_count: count,
                        products: { each: { keys: { id: any, quantity: count, item_price: any } } },
                      },
                    },
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
