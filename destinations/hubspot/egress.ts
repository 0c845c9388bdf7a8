import { SECRET, type EgressForm, type Leaf } from '../../src/core/egress.ts';
import { exactly, matching, short } from '../../src/core/egress-claims.ts';
import { longestIn } from './event.ts';
import type { Settings } from './settings.ts';

const valueOf = (property: string): Leaf => ({ may: short(longestIn(property)) });

/**
 * `destinations/hubspot.md` 2, 4: an occurrence belongs to somebody, so all of it takes both signals. An address passes only
 * where the settings give it away.
 */
export const egress = ({ custom_events, email }: Settings): readonly EgressForm[] => [
  {
    kind: 'full',
    needs: ['ad_storage', 'ad_user_data'],
    methods: ['POST'],
    hosts: ['api.hubapi.com'],
    path: /^\/events\/20\d\d-\d\d\/send\/batch$/,
    query: {},
    headers: {
      authorization: { secret: true, may: exactly(`Bearer ${SECRET}`), required: true },
      'content-type': { may: exactly('application/json'), required: true },
    },
    body: {
      json: {
        keys: {
          inputs: {
            perRow: true,
            required: true,
            each: {
              keys: {
                eventName: { may: matching(/^pe\d{1,20}_[a-z][a-z0-9_]{0,99}$/), required: true },
                ...(email && { email: { may: matching(/^[^\s@]{1,64}@[^\s@]{1,255}$/) } }),
                utk: { may: matching(/^[0-9a-f]{32}$/) },
                occurredAt: { may: matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/), required: true },
                uuid: { may: matching(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/) },
                properties: {
                  required: true,
                  keys: Object.fromEntries(
                    Object.values(custom_events).flatMap(({ properties }) =>
                      Object.keys(properties).map((name) => [name, valueOf(name)] as const),
                    ),
                  ),
                },
              },
            },
          },
        },
      },
    },
  },
];
