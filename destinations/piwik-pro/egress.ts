import type { EgressForm, Leaf, Leaves } from '../../src/core/egress.ts';
import { barePage, exactly, matching, short, truncatedAddress } from '../../src/core/egress-claims.ts';
import type { Settings } from './settings.ts';

const text: Leaf = { may: short(16_384) };
const number: Leaf = { may: matching(/^-?\d{1,15}(?:\.\d{1,6})?$/) };
const one: Leaf = { may: exactly('1'), required: true };

/** What both forms hold (`destinations/piwik-pro.md` 1, 3). */
function common(at: Settings): Leaves {
  return {
    idsite: { may: exactly(at.app_id), required: true },
    rec: one,
    r: { may: matching(/^\d{1,10}$/) },
    cdt: { may: matching(/^\d{10}$/), required: true },
    action_name: text,
    idgoal: { may: matching(/^[0-9a-f-]{1,36}$/) },
    revenue: number,
    ec_st: number,
    ec_tx: number,
    ec_sh: number,
    ec_products: { may: matching(/^\[.{0,120000}\]$/s) },
    e_t: { may: exactly('order', 'cart-update', 'product-detail-view', 'add-to-cart', 'remove-from-cart') },
    e_c: { may: exactly(at.category) },
    e_a: text,
    e_n: text,
    e_v: { may: matching(/^\d{1,12}(?:\.\d{1,6})?$/) },
    ts_n: { may: exactly('portvakt'), required: true },
    ts_v: { may: matching(/^\d+\.\d+\.\d+$/), required: true },
  };
}

/** 2: ids only of a visitor who allowed statistics; `ping=4` never. */
function full(at: Settings): Leaves {
  return {
    ...common(at),
    url: { address: {} },
    urlref: { address: {} },
    link: { address: {} },
    download: { address: {} },
    search: text,
    ec_id: { may: short(256) },
    'dimension#': text,
    _id: { needs: ['analytics_storage'], may: matching(/^[0-9a-f]{16}$/) },
    uid: { needs: ['ad_storage', 'ad_user_data'], may: short(256) },
    pv_id: { may: matching(/^[0-9a-f]{6}$/) },
    cip: { may: truncatedAddress },
    rmip: { may: exactly('1') },
    country: { may: matching(/^[a-z]{2}$/) },
    ua: { may: short(1024) },
    lang: { may: matching(/^[\w,;=.*-]{1,100}$/) },
    res: { may: matching(/^\d{1,5}x\d{1,5}$/) },
  };
}

/** 4: the vendor's own words for it, each of them, and nothing by which anybody is known. */
function limited(at: Settings): Leaves {
  return {
    ...common(at),
    url: { may: barePage },
    uia: one,
    dda: one,
    rmip: one,
    sh: { may: exactly('0'), required: true },
  };
}

export function egress(at: Settings): readonly EgressForm[] {
  const form = (pairs: Leaves) => ({
    methods: ['POST'] as const,
    hosts: [at.host],
    path: /^\/ppms\.php$/,
    query: {},
    headers: { 'content-type': { may: exactly('application/json'), required: true } } as const,
    body: { json: { keys: { requests: { each: { pairs }, perRow: true, required: true } } } } as const,
  });
  return [
    { kind: 'full', needs: ['analytics_storage'], ...form(full(at)) },
    { kind: 'limited', ...form(limited(at)) },
  ];
}
