import { itself, KEPT_AS_IT_IS, type Identifier } from '../../src/core/identifiers.ts';

declare module '../../src/core/fields.ts' {
  interface IdentifierFields {
    ttclid: string;
    ttp: string;
  }
}

/** `destinations/tiktok.md` 7. Neither the click id nor `_ttp` says when it was issued. */
export const identifiers: readonly Identifier[] = [
  {
    owner: 'TikTok',
    signal: 'ad_storage',
    field: 'ttclid',
    description: 'TikTok click id',
    param: 'ttclid',
    peculiar: ['ttclid'],
    cookie: {
      name: 'ttclid',
      purpose: 'the ad click that led to the site, for TikTok',
      parse: itself,
      click: KEPT_AS_IT_IS,
    },
    forms: [{ head: 'E.C.P.', rest: /[\w-]{8,600}/ }],
  },
  {
    owner: 'TikTok',
    signal: 'ad_storage',
    field: 'ttp',
    description: 'TikTok browser id (`_ttp`), whole',
    cookie: {
      name: '_ttp',
      purpose: 'tells browsers apart for TikTok',
      parse: itself,
      subject: { kind: 'ttp', by: 'id', browser: true },
    },
  },
  {
    owner: 'TikTok',
    signal: 'ad_storage',
    cookie: { name: '_tt_enable_cookie', purpose: "says that TikTok's pixel may keep cookies" },
  },
  {
    owner: 'TikTok',
    signal: 'ad_storage',
    cookie: { name: 'ttcsid*', purpose: "the session of a visitor, for TikTok's pixel" },
    names: 'ttcsid',
  },
];
