import { itself, KEPT_AS_IT_IS, type Identifier } from '../../src/core/identifiers.ts';

declare module '../../src/core/fields.ts' {
  interface IdentifierFields {
    sccid: string;
    scid: string;
  }
}

/** `destinations/snapchat.md` 8. None of them says when it was issued. */
export const identifiers: readonly Identifier[] = [
  {
    owner: 'Snap',
    signal: 'ad_storage',
    field: 'sccid',
    description: 'Snapchat click id (`ScCid`)',
    param: 'sccid',
    peculiar: ['sccid'],
    names: 'scclickid',
    cookie: {
      name: '_scclid',
      purpose: 'the ad click that led to the site (`ScCid`), for Snapchat',
      parse: itself,
      click: KEPT_AS_IT_IS,
    },
  },
  {
    owner: 'Snap',
    signal: 'ad_storage',
    field: 'scid',
    description: 'Snapchat browser id (`_scid`), whole',
    names: 'sccookie1',
    cookie: {
      name: '_scid',
      purpose: 'tells browsers apart for Snapchat',
      parse: itself,
      subject: { kind: 'scid', by: 'id', browser: true },
    },
  },
  {
    owner: 'Snap',
    signal: 'ad_storage',
    cookie: { name: '_scid_r', purpose: 'a copy of the browser id (`_scid`), for Snapchat' },
    names: 'scidr',
  },
];
