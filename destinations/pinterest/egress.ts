import { SECRET, type EgressForm, type Leaf, type ListShape } from '../../src/core/egress.ts';
import { exactly, matching, sha256, truncatedAddress } from '../../src/core/egress-claims.ts';

const any: Leaf = {};
const hashes: ListShape = { each: { may: sha256 } };
/** A double as a text (`destinations/pinterest.md` 3). */
const amount: Leaf = { may: matching(/^-?\d{1,15}(?:\.\d{1,6})?$/) };
const count: Leaf = { may: matching(/^\d{1,9}$/) };

/** `destinations/pinterest.md` 1-5. No field carries a denial of the EEA, so every event takes all three signals. */
export const egress: readonly EgressForm[] = [
  {
    kind: 'full',
    needs: ['ad_storage', 'ad_user_data', 'ad_personalization'],
    methods: ['POST'],
    hosts: ['api.pinterest.com'],
    path: /^\/v5\/ad_accounts\/\d{5,20}\/events$/,
    query: { test: { may: exactly('true') } },
    headers: {
      authorization: { secret: true, may: exactly(`Bearer ${SECRET}`), required: true },
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
                event_name: { may: matching(/^[a-z_]{4,20}$/), required: true },
                action_source: { may: exactly('web'), required: true },
                event_time: { may: matching(/^\d{10}$/), required: true },
                event_id: { required: true },
                event_source_url: { address: {} },
                user_data: {
                  required: true,
                  keys: {
                    em: hashes,
                    ph: hashes,
                    fn: hashes,
                    ln: hashes,
                    ct: hashes,
                    st: hashes,
                    zp: hashes,
                    country: hashes,
                    external_id: hashes,
                    client_ip_address: { may: truncatedAddress },
                    client_user_agent: any,
                    // Nobody's address, and nothing with a blank or a sign in it.
                    click_id: { may: matching(/^[A-Za-z0-9_-]{4,512}$/) },
                  },
                },
                custom_data: {
                  keys: {
                    currency: { may: matching(/^[A-Z]{3}$/) },
                    value: amount,
                    order_id: any,
                    num_items: count,
                    content_ids: { each: any },
                    contents: { each: { keys: { id: any, item_price: amount, quantity: count } } },
                    search_string: any,
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
