import { SECRET, type EgressForm, type Leaf, type ListShape } from '../../src/core/egress.ts';
import { exactly, matching, sha256, short, truncatedAddress } from '../../src/core/egress-claims.ts';

const any: Leaf = {};
const hashes: ListShape = { each: { may: sha256 } };
/** `destinations/meta.md` 6.1: `fb.<index>.<ms>.<id>`, perhaps with an appendix. */
const cookie: Leaf = { may: matching(/^fb\.\d{1,3}\.\d{1,16}\.[\w-]{1,500}(?:\.[\w-]{2,8})?$/) };

/** `destinations/meta.md` 2-5. No field could carry a denial, so every event takes all three signals. */
export const egress: readonly EgressForm[] = [
  {
    kind: 'full',
    needs: ['ad_storage', 'ad_user_data', 'ad_personalization'],
    methods: ['POST'],
    hosts: ['graph.facebook.com'],
    path: /^\/v\d{1,3}\.\d\/\d{5,20}\/events$/,
    query: { appsecret_proof: { secret: true, may: exactly(SECRET) } },
    headers: {
      authorization: { secret: true, may: exactly(`Bearer ${SECRET}`), required: true },
      'content-type': { may: exactly('application/json') },
    },
    body: {
      json: {
        keys: {
          partner_agent: { may: short(23) },
          test_event_code: { may: matching(/^[A-Za-z0-9]{1,40}$/) },
          data: {
            perRow: true,
            required: true,
            each: {
              keys: {
                event_name: { may: short(50), required: true },
                event_time: any,
                event_id: any,
                action_source: { may: exactly('website') },
                event_source_url: { address: {} },
                user_data: {
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
                    fbp: cookie,
                    fbc: cookie,
                  },
                },
                custom_data: {
                  keys: {
                    currency: { may: matching(/^[A-Z]{3}$/) },
                    value: any,
                    order_id: any,
                    content_type: { may: exactly('product') },
                    content_ids: { each: any },
                    contents: { each: { keys: { id: any, quantity: any, item_price: any } } },
                    num_items: any,
                    search_string: any,
                  },
                },
                data_processing_options: { each: { may: exactly('LDU') }, required: true },
                data_processing_options_country: any,
                data_processing_options_state: any,
              },
            },
          },
        },
      },
    },
  },
];
