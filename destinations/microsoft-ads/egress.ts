import { SECRET, type EgressForm, type Leaf, type ObjectShape } from '../../src/core/egress.ts';
import { barePage, exactly, matching, reducedAgent, saying, sha256, short } from '../../src/core/egress-claims.ts';

const any: Leaf = {};
const uuid: Leaf = { may: matching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/) };
const eventType: Leaf = { may: exactly('pageLoad', 'custom'), required: true };

/** `destinations/microsoft.md` A.2, A.3: no address, no visitor or user id. */
const EVENTS: ObjectShape = {
  keys: {
    continueOnValidationError: any,
    dataProvider: { may: exactly('portvakt') },
    data: {
      perRow: true,
      required: true,
      each: {
        keys: {
          eventType,
          eventName: any,
          eventId: any,
          eventTime: any,
          eventSourceUrl: { address: {} },
          pageLoadId: uuid,
          // Absent would mean granted.
          adStorageConsent: { may: saying('ad_storage', 'G', 'D'), required: true },
          userData: {
            keys: {
              clientUserAgent: { may: reducedAgent },
              msclkid: { needs: ['ad_storage'], may: matching(/^[0-9A-Fa-f]{32}$/) },
              em: { needs: ['ad_user_data'], may: sha256 },
              ph: { needs: ['ad_user_data'], may: sha256 },
            },
          },
          customData: {
            keys: {
              value: any,
              currency: { may: matching(/^[A-Z]{3}$/) },
              transactionId: any,
              searchTerm: any,
              pageType: { may: short(20) },
              items: { each: { keys: { id: any, quantity: any, price: any, name: any } } },
            },
          },
        },
      },
    },
  },
};

export const egress: readonly EgressForm[] = [
  {
    kind: 'full',
    needs: ['ad_storage', 'ad_personalization'],
    methods: ['POST'],
    hosts: ['capi.uet.microsoft.com'],
    path: /^\/v1\/\d{1,20}\/events$/,
    query: {},
    headers: {
      authorization: { secret: true, may: exactly(`Bearer ${SECRET}`), required: true },
      'content-type': { may: exactly('application/json') },
    },
    body: { json: EVENTS },
  },
  {
    // B, gateway rule: the denial in words, and no session, visitor, user or click id.
    kind: 'limited',
    methods: ['GET'],
    hosts: ['bat.bing.com'],
    path: /^\/action\/0$/,
    query: {
      ti: { may: matching(/^\d{1,20}$/), required: true },
      Ver: { may: exactly('2.3') },
      mid: { ...uuid, required: true },
      evt: eventType,
      rn: { may: matching(/^\d{6}$/) },
      msclkid: { may: exactly('N'), required: true },
      asc: { may: exactly('D'), required: true },
      p: { may: barePage },
      ea: any,
      gv: any,
      gc: { may: matching(/^[A-Z]{3}$/) },
    },
    headers: {},
  },
];
