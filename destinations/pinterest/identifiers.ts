import { itself, KEPT_AS_IT_IS, type Identifier } from '../../src/core/identifiers.ts';

declare module '../../src/core/fields.ts' {
  interface IdentifierFields {
    epik: string;
  }
}

/** `destinations/pinterest.md` 8. */
export const identifiers: readonly Identifier[] = [
  {
    owner: 'Pinterest',
    signal: 'ad_storage',
    field: 'epik',
    description: 'Pinterest click id',
    param: 'epik',
    cookie: {
      name: '_epik',
      purpose: 'the ad click that led to the site (`epik`), for Pinterest',
      parse: itself,
      click: KEPT_AS_IT_IS,
    },
    forms: [{ head: 'dj0y', rest: /[\w-]{12,600}/, exact: true }],
  },
  // Not named as a source of the click id: it stays in no address, and is not read.
  { owner: 'Pinterest', signal: 'ad_storage', param: '_epik' },
  {
    owner: 'Pinterest',
    signal: 'ad_storage',
    cookie: { name: '_derived_epik', purpose: 'an ad click that the tag has worked out, for Pinterest' },
  },
  {
    owner: 'Pinterest',
    signal: 'ad_storage',
    cookie: {
      name: '_pin_unauth',
      purpose: 'tells visitors apart for Pinterest',
      subject: { kind: 'pin_unauth', by: 'value' },
    },
    names: 'pinunauth',
    peculiar: ['pin_unauth'],
    forms: [{ head: 'dWlkPU', rest: /[\w-]{12,600}/, exact: true }],
  },
];
