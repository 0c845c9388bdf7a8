import { SECRET, type EgressForm, type Leaf } from '../../src/core/egress.ts';
import { exactly, matching, sha256, short, truncatedAddress } from '../../src/core/egress-claims.ts';

const any: Leaf = {};
const hash: Leaf = { may: sha256 };
const plainName: Leaf = { may: matching(/^[a-z0-9]{1,100}$/) };

/** `destinations/tiktok.md` 1-4. No field could carry a denial, so every event takes all three signals. */
export const egress: readonly EgressForm[] = [
  {
    kind: 'full',
    needs: ['ad_storage', 'ad_user_data', 'ad_personalization'],
    methods: ['POST'],
    hosts: ['business-api.tiktok.com'],
    path: /^\/open_api\/v1\.3\/event\/track\/$/,
    query: {},
    headers: {
      'access-token': { secret: true, may: exactly(SECRET), required: true },
      'content-type': { may: exactly('application/json') },
    },
    body: {
      json: {
        keys: {
          event_source: { may: exactly('web'), required: true },
          event_source_id: { may: matching(/^[A-Z0-9]{20}$/), required: true },
          test_event_code: { may: matching(/^[A-Za-z0-9]{1,40}$/) },
          data: {
            perRow: true,
            required: true,
            each: {
              keys: {
                event: { may: short(50), required: true },
                event_time: { may: matching(/^\d{10}$/), required: true },
                event_id: any,
                page: { keys: { url: { address: {} }, referrer: { address: {} } } },
                user: {
                  required: true,
                  keys: {
                    email: hash,
                    phone: hash,
                    external_id: hash,
                    first_name: hash,
                    last_name: hash,
                    zip_code: hash,
                    city: plainName,
                    state: plainName,
                    country: { may: matching(/^[a-z]{2}$/) },
                    ttclid: { may: matching(/^[\w.~-]{4,600}$/) },
                    ttp: { may: matching(/^[\w.-]{16,130}$/) },
                    ip: { may: truncatedAddress },
                    user_agent: any,
                  },
                },
                properties: {
                  keys: {
                    currency: { may: matching(/^[A-Z]{3}$/) },
                    value: any,
                    order_id: any,
                    search_string: any,
                    content_type: { may: exactly('product') },
                    contents: {
                      each: { keys: { content_id: any, content_name: any, quantity: any, price: any } },
                    },
                  },
                },
                limited_data_use: { may: exactly('true') },
              },
            },
          },
        },
      },
    },
  },
];
