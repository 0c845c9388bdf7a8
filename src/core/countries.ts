import type { Country } from './values.ts';

/** The European Economic Area: the EU's 27, Iceland, Liechtenstein and Norway. */
export const EEA: ReadonlySet<Country> = new Set(
  'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK'.split(' '),
);
