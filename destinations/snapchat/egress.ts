import { SECRET, type EgressForm, type Leaf, type ListShape } from '../../src/core/egress.ts';
import { exactly, matching, sha256, truncatedAddress } from '../../src/core/egress-claims.ts';

const any: Leaf = {};
const hash: Leaf = { may: sha256 };
const hashes: ListShape = { each: hash };

/** `destinations/snapchat.md` 1-4, 7. No field could carry a denial, so every event takes all three signals. */
export const egress: readonly EgressForm[] = [
  {
    kind: 'full',
    needs: ['ad_storage', 'ad_user_data', 'ad_personalization'],
    methods: ['POST'],
    hosts: ['tr.snapchat.com'],
    path: /^\/v3\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\/events$/,
    query: { access_token: { secret: true, may: exactly(SECRET) } },
    headers: {
      authorization: { secret: true, may: exactly(`Bearer ${SECRET}`) },
      'content-type': { may: exactly('application/json') },
    },
    body: {
      json: {
        keys: {
          data: {
            perRow: true,
            required: true,
            each: {
              keys: {
                event_name: { may: matching(/^[A-Z]+(?:_[A-Z1-5]+){0,2}$/), required: true },
                event_time: { may: matching(/^\d{10}$/), required: true },
                event_id: any,
                action_source: { may: exactly('WEB'), required: true },
                event_source_url: { address: {}, required: true },
                user_data: {
                  required: true,
                  keys: {
                    em: hashes,
                    ph: hashes,
                    fn: hash,
                    ln: hash,
                    ct: hash,
                    st: hash,
                    zp: hash,
                    country: hash,
                    external_id: hash,
                    client_ip_address: { may: truncatedAddress },
                    client_user_agent: any,
                    sc_click_id: { may: matching(/^[\w.~-]{4,500}$/) },
                    sc_cookie1: { may: matching(/^[0-9a-f-]{36}$/i) },
                  },
                },
                custom_data: {
                  keys: {
                    currency: { may: matching(/^[A-Z]{3}$/) },
                    value: any,
                    order_id: any,
                    search_string: any,
                    contents: { each: { keys: { id: any, quantity: any, item_price: any } } },
                  },
                },
                data_processing_options: { each: { may: exactly('LDU') } },
                data_processing_options_country: { may: exactly('0', '1') },
                data_processing_options_state: { may: matching(/^\d{1,4}$/) },
              },
            },
          },
        },
      },
    },
  },
];
