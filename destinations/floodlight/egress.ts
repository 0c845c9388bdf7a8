import { CART_DATA, GOOGLE_USER_DATA } from '../../src/core/data-manager/ingest-shape.ts';
import { SECRET, type EgressForm, type Leaf, type Leaves, type ObjectShape } from '../../src/core/egress.ts';
import { digits, exactly, matching, saying } from '../../src/core/egress-claims.ts';

const any: Leaf = {};
const number: Leaf = { may: digits };
const clickId: Leaf = { may: matching(/^[\w.-]{1,512}$/) };
const account: ObjectShape = {
  required: true,
  keys: {
    accountType: { may: exactly('FLOODLIGHT_CONFIG'), required: true },
    accountId: { ...number, required: true },
  },
};

const headers: Leaves = {
  authorization: { secret: true, may: exactly(`Bearer ${SECRET}`), required: true },
  'content-type': { may: exactly('application/json') },
};

/** `destinations/floodlight.md` 2: no address and no device, persons as hashes only, and a consent object that says what was decided. */
const CONVERSIONS: ObjectShape = {
  keys: {
    destinations: {
      each: {
        keys: { reference: number, operatingAccount: account, loginAccount: account, productDestinationId: number },
      },
    },
    encoding: { may: exactly('HEX') },
    events: {
      perRow: true,
      required: true,
      each: {
        keys: {
          destinationReferences: { each: number },
          transactionId: any,
          eventTimestamp: { may: matching(/^\d{4}-\d\d-\d\dT[\d:.]{8,12}Z$/) },
          eventSource: { may: exactly('WEB') },
          currency: { may: matching(/^[A-Z]{3}$/) },
          conversionValue: any,
          conversionCount: { may: exactly('1') },
          adIdentifiers: { required: true, needs: ['ad_storage'], keys: { dclid: clickId, gclid: clickId } },
          consent: {
            required: true,
            keys: {
              adUserData: { may: saying('ad_user_data', 'CONSENT_GRANTED', 'CONSENT_DENIED'), required: true },
              adPersonalization: {
                may: saying('ad_personalization', 'CONSENT_GRANTED', 'CONSENT_DENIED'),
                required: true,
              },
            },
          },
          userData: GOOGLE_USER_DATA,
          cartData: CART_DATA,
          customVariables: { each: { keys: { variable: { may: matching(/^U\d{1,3}$/) }, value: any } } },
        },
      },
    },
  },
};

export const egress: readonly EgressForm[] = [
  {
    kind: 'full',
    needs: ['ad_storage', 'ad_user_data'],
    methods: ['POST'],
    hosts: ['datamanager.googleapis.com'],
    path: /^\/v1\/events:ingest$/,
    query: {},
    headers,
    body: { json: CONVERSIONS },
  },
  {
    // `destinations/google-ads.md` 2.5: what became of a request, by the number Google gave it.
    kind: 'aside',
    methods: ['GET'],
    hosts: ['datamanager.googleapis.com'],
    path: /^\/v1\/requestStatus:retrieve$/,
    query: { requestId: { may: matching(/^[\w.:~-]{1,256}$/), required: true } },
    headers,
  },
];
