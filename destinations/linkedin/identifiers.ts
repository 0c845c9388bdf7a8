import { itself, KEPT_AS_IT_IS, type Identifier } from '../../src/core/identifiers.ts';

declare module '../../src/core/fields.ts' {
  interface IdentifierFields {
    li_fat_id: string;
  }
}

/** `destinations/linkedin.md` 4. */
export const identifiers: readonly Identifier[] = [
  {
    owner: 'LinkedIn',
    signal: 'ad_storage',
    field: 'li_fat_id',
    description: 'LinkedIn click id',
    param: 'li_fat_id',
    peculiar: ['li_fat_id'],
    names: 'lifat lifatids liadclid bcookie',
    cookie: {
      name: 'li_fat_id',
      purpose: 'the ad click that led to the site, for LinkedIn',
      parse: itself,
      click: KEPT_AS_IT_IS,
    },
  },
];
