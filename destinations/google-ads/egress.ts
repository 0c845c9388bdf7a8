import { CART_DATA, GOOGLE_USER_DATA } from '../../src/core/data-manager/ingest-shape.ts';
import { SECRET, type EgressForm, type Leaf, type Leaves, type ObjectShape } from '../../src/core/egress.ts';
import { barePage, CONSENT_KEYS, digits, exactly, matching, saying } from '../../src/core/egress-claims.ts';

const any: Leaf = {};
const number: Leaf = { may: digits };
const clickId: Leaf = { may: matching(/^[\w.-]{1,512}$/) };
const account: ObjectShape = {
  keys: { accountType: { may: exactly('GOOGLE_ADS') }, accountId: { may: matching(/^\d{10}$/) } },
};

const headers: Leaves = {
  authorization: { secret: true, may: exactly(`Bearer ${SECRET}`), required: true },
  'content-type': { may: exactly('application/json') },
};

/** `destinations/google-ads.md` 2.2-2.4: no address and no device, and a consent object that says what was decided. */
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
          adIdentifiers: {
            needs: ['ad_storage'],
            keys: { gclid: clickId, gbraid: clickId, wbraid: clickId },
          },
          userData: GOOGLE_USER_DATA,
          cartData: CART_DATA,
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
    // 4, "Denied": no click id, order, cookie or device.
    kind: 'limited',
    methods: ['GET'],
    hosts: ['pagead2.googlesyndication.com'],
    path: /^\/pagead\/conversion\/\d{1,20}\/$/,
    query: {
      label: { may: matching(/^[A-Za-z0-9_-]{1,64}$/), required: true },
      value: any,
      currency_code: { may: matching(/^[A-Z]{3}$/) },
      url: { may: barePage },
      ...CONSENT_KEYS,
      npa: { may: exactly('1'), required: true },
      dma_cps: { may: exactly('-'), required: true },
      pscdl: { may: exactly('denied'), required: true },
      random: { may: matching(/^\d{1,10}$/) },
    },
    headers: {},
  },
  {
    // 2.5: what became of a request, by the number Google gave it.
    kind: 'aside',
    methods: ['GET'],
    hosts: ['datamanager.googleapis.com'],
    path: /^\/v1\/requestStatus:retrieve$/,
    query: { requestId: { may: matching(/^[\w.:~-]{1,256}$/), required: true } },
    headers,
  },
];
