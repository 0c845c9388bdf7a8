import { SECRET, type EgressForm, type Leaf, type Leaves } from '../../src/core/egress.ts';
import { barePage, exactly, matching, reducedAgent, short, truncatedAddress } from '../../src/core/egress-claims.ts';
import type { Settings } from './settings.ts';

const text: Leaf = { may: short(4096) };
const number: Leaf = { may: matching(/^-?\d{1,15}(?:\.\d{1,6})?$/) };
const list: Leaf = { may: matching(/^\[.{0,60000}\]$/s) };

/** What both forms hold (`destinations/matomo.md` 1, 3). */
function common(at: Settings): Leaves {
  return {
    idsite: { may: exactly(at.site_id), required: true },
    rec: { may: exactly('1'), required: true },
    apiv: { may: exactly('1') },
    send_image: { may: exactly('0') },
    rand: { may: matching(/^\d{1,10}$/) },
    cdt: { may: matching(/^\d{10}$/), required: true },
    action_name: text,
    idgoal: { may: matching(/^\d{1,10}$/) },
    revenue: number,
    ec_st: number,
    ec_tx: number,
    ec_sh: number,
    ping: { may: exactly('1') },
    e_c: { may: exactly('Ecommerce', at.category) },
    e_a: { may: short(100) },
    e_v: number,
    ca: { may: exactly('1') },
  };
}

/** 2: ids only of a visitor who allowed statistics; none of `cid` and `new_visit`. */
function full(at: Settings): Leaves {
  return {
    ...common(at),
    url: { address: {} },
    urlref: { address: {} },
    link: { address: {} },
    download: { address: {} },
    search: text,
    e_n: text,
    ec_id: { may: short(256) },
    ec_items: list,
    _pks: text,
    _pkn: text,
    _pkc: text,
    _pkp: number,
    'dimension#': text,
    _id: { needs: ['analytics_storage'], may: matching(/^[0-9a-f]{16}$/) },
    uid: { needs: ['ad_storage', 'ad_user_data'], may: short(256) },
    pv_id: { may: matching(/^[0-9A-Za-z]{6}$/) },
    ua: { may: short(1024) },
    lang: { may: matching(/^[\w,;=.*-]{1,100}$/) },
    res: { may: matching(/^\d{1,5}x\d{1,5}$/) },
    cip: { may: truncatedAddress },
    country: { may: matching(/^[a-z]{2}$/) },
  };
}

/** 5: no id, no address, and an order number that is nobody's. */
function limited(at: Settings): Leaves {
  return {
    ...common(at),
    url: { may: barePage },
    ec_id: { may: matching(/^[0-9a-f]{16}$/) },
    ua: { may: reducedAgent },
    cip: { may: exactly('0.0.0.0') },
  };
}

/** A bulk request, with the token in it where there is one. */
export function egress(at: Settings): readonly EgressForm[] {
  const form = (pairs: Leaves) => ({
    methods: ['POST'] as const,
    hosts: [at.host],
    path: new RegExp(`^${at.path.replaceAll(/[.~-]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`)}$`),
    query: {},
    headers: { 'content-type': { may: exactly('application/json'), required: true } } as const,
    body: {
      json: {
        keys: {
          requests: { each: { pairs }, perRow: true, required: true },
          ...(at.token !== undefined && {
            token_auth: { secret: true, may: exactly(SECRET), required: true } as const,
          }),
        },
      },
    } as const,
  });
  return [
    { kind: 'full', needs: ['analytics_storage'], ...form(full(at)) },
    { kind: 'limited', ...form(limited(at)) },
  ];
}
