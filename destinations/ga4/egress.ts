import type { Claim, EgressForm, Leaf, Leaves, ObjectShape } from '../../src/core/egress.ts';
import {
  barePage,
  CONSENT_KEYS,
  digits,
  exactly,
  matching,
  pscdl,
  reducedAgent,
  saying,
  sha256,
  short,
  truncatedAddress,
} from '../../src/core/egress-claims.ts';
import { GATE_MASK, type GateSignal } from '../../src/core/signals.ts';

const WEB_PATH = /^\/g\/collect$/;

const USER_DATA = ['ad_storage', 'ad_user_data'] as const satisfies readonly GateSignal[];
const EVERYTHING = ['ad_storage', 'analytics_storage', 'ad_user_data', 'ad_personalization'] as const;

const anyText: Leaf = {};
const flag: Leaf = { may: matching(/^(?:[0-9]|true)$/) };
/** Ids that Google gives to makers of plugins: the same for all visitors (3.3). */
const developers: Leaf = { may: matching(/^d\w{6}(?:\.d\w{6}){0,8}$/) };
/** Unix seconds of the start of a session (3.3), or the long random number that other clients write there. */
const session: Leaf = { may: matching(/^(?:1\d{9}|\d{12,20})$/) };
const hint: Leaf = { needs: EVERYTHING };

/** `em` (`destinations/ga4.md` 3.8): what must be a hash is one, and nothing else is in it. */
const PART = /^(?:(?:em|pn|(?:fn|ln|sa)\d?)\.(?:[A-Za-z0-9_-]{43}|[0-9A-Fa-f]{64})|(?:ct|rg|pc|co)\d?\.[^@~]{1,64})$/;
const userData: Leaf = {
  needs: USER_DATA,
  may: (text) =>
    text.startsWith('tv.1~') &&
    text
      .slice(5)
      .split('~')
      .every((part) => PART.test(part)),
};

const BASICS: Leaves = {
  v: { may: exactly('2'), required: true },
  tid: { may: matching(/^G-[A-Z0-9]{4,20}$/), required: true },
  cid: { required: true },
  en: { required: true },
  ...CONSENT_KEYS,
};

/** Keys of `destinations/ga4.md` 3.2-3.8 that may be relayed, and the signals that 4 and design 3 ask for. */
const WEB: Leaves = {
  ...BASICS,
  pscdl: { may: pscdl },
  gtm: {
    may: matching(/^(?:2[a-z]{2}\w{2,4}|45\w{5,10}(?:v[789]\d{7,9})?(?:z[8a-e][0-9a-z]{3,10}){0,6}(?:xf?\d{1,2})?)$/),
  },
  tag_exp: { may: matching(/^(?:0|1\d{8})(?:[~.-]1\d{8}){0,40}$/) },
  gdid: developers,
  did: developers,
  edid: developers,
  _edid: developers,
  _s: { may: matching(/^\d{1,4}$/) },
  _eu: { may: matching(/^[A-Yg]{2,9}$/) },
  tfd: { may: matching(/^\d{1,7}$/) },
  tt: { may: matching(/^[A-Za-z]{1,16}$/) },
  seg: flag,
  frm: flag,
  are: flag,
  pae: flag,
  ir: flag,
  _fv: flag,
  _ss: flag,
  _nsi: flag,
  _c: flag,
  _ee: flag,
  _gaz: flag,
  _p: { may: digits },
  sid: session,
  sct: { may: matching(/^\d{1,5}$/) },
  uid: { needs: USER_DATA },
  ul: { may: short(40) },
  sr: { may: matching(/^\d{1,5}x\d{1,5}$/) },
  uaa: hint,
  uab: hint,
  uafvl: hint,
  uamb: hint,
  uam: hint,
  uap: hint,
  uapv: hint,
  uaw: hint,
  _uip: { may: truncatedAddress },
  _uc: { may: matching(/^[A-Z]{2}$/) },
  dl: { address: { clicksOf: 'Google' } },
  dr: { address: {} },
  dt: anyText,
  cs: anyText,
  cm: anyText,
  cn: anyText,
  cc: anyText,
  ct: anyText,
  ci: anyText,
  ccf: anyText,
  cmt: anyText,
  em: userData,
  _et: anyText,
  _dbg: { may: exactly('1') },
  cu: { may: matching(/^[A-Za-z]{3}$/) },
  pi: anyText,
  pn: anyText,
  li: anyText,
  'ep.*': anyText,
  'epn.*': anyText,
  'up.*': anyText,
  'upn.*': anyText,
  'pr#': anyText,
};

/** Made for this one hit: a number and the second it arrived. The id of a visitor was made in another one. */
const throwawayId: Claim = (text, { acceptedAt }) =>
  acceptedAt !== undefined && /^\d{1,10}\.\d{10}$/.test(text) && text.endsWith(`.${Math.floor(acceptedAt / 1000)}`);

/** The key list of `destinations/ga4.md` 5, and no other. */
const LIMITED: Leaves = {
  ...BASICS,
  cid: { may: throwawayId, required: true },
  npa: { may: exactly('1'), required: true },
  dma_cps: { may: exactly('-'), required: true },
  pscdl: { may: exactly('denied'), required: true },
  dl: { may: barePage },
  dt: anyText,
  ul: { may: matching(/^[A-Za-z]{2,3}$/) },
  cu: { may: matching(/^[A-Za-z]{3}$/) },
  'epn.value': anyText,
};

const consent: ObjectShape = {
  keys: {
    ad_user_data: { may: saying('ad_user_data', 'GRANTED', 'DENIED'), required: true },
    ad_personalization: { may: saying('ad_personalization', 'GRANTED', 'DENIED'), required: true },
  },
  required: true,
};

const hash: Leaf = { may: sha256 };

/** Body of the Measurement Protocol (`destinations/ga4.md` 2.3-2.7): neither `ip_override` nor `user_agent`. */
const MEASUREMENT: ObjectShape = {
  keys: {
    client_id: { required: true },
    user_id: { needs: USER_DATA },
    timestamp_micros: anyText,
    consent,
    user_properties: { keys: {}, own: { keys: { value: anyText } } },
    user_data: {
      needs: USER_DATA,
      keys: {
        sha256_email_address: { each: hash },
        sha256_phone_number: { each: hash },
        address: {
          each: {
            keys: {
              sha256_first_name: hash,
              sha256_last_name: hash,
              sha256_street: hash,
              city: anyText,
              region: anyText,
              postal_code: anyText,
              country: anyText,
            },
          },
        },
      },
    },
    user_location: { keys: { country_id: { may: matching(/^[A-Z]{2}$/) } } },
    device: {
      keys: {
        category: anyText,
        language: { may: short(3) },
        screen_resolution: { may: matching(/^\d{1,5}x\d{1,5}$/) },
        operating_system: anyText,
        browser: anyText,
        browser_version: { may: matching(/^\d{1,3}$/) },
      },
    },
    events: {
      perRow: true,
      required: true,
      each: {
        keys: {
          name: { required: true },
          params: {
            keys: {
              page_location: { address: {} },
              page_referrer: { address: {} },
              items: { each: { keys: {}, own: anyText } },
            },
            own: anyText,
          },
        },
      },
    },
  },
};

const formsAt = (host: string): readonly EgressForm[] => [
  {
    kind: 'full',
    needs: ['analytics_storage'],
    methods: ['GET', 'POST'],
    hosts: [host],
    path: WEB_PATH,
    query: WEB,
    headers: {
      // A whole User-Agent singles a browser out: it takes every signal there is.
      'user-agent': {
        may: (text, facts) => (facts.signals & GATE_MASK) === GATE_MASK || reducedAgent(text, facts),
      },
      'content-type': { may: exactly('text/plain;charset=UTF-8') },
    },
    body: 'pairs',
  },
  {
    kind: 'limited',
    methods: ['GET', 'POST'],
    hosts: [host],
    path: WEB_PATH,
    query: LIMITED,
    headers: { 'content-type': { may: exactly('text/plain;charset=UTF-8') } },
    body: 'pairs',
  },
  {
    kind: 'full',
    needs: ['analytics_storage'],
    methods: ['POST'],
    hosts: [host],
    path: /^\/mp\/collect$/,
    query: {
      measurement_id: { may: matching(/^G-[A-Z0-9]{4,20}$/), required: true },
      api_secret: { secret: true, required: true },
    },
    headers: { 'content-type': { may: exactly('application/json') } },
    body: { json: MEASUREMENT },
  },
];

/** What Google may be told, at the place where the route collects (`destinations/ga4.md` 1). */
export const EGRESS = {
  eu: formsAt('region1.google-analytics.com'),
  global: formsAt('www.google-analytics.com'),
} as const;
