import type { Identifier, Parsed } from '../../src/core/identifiers.ts';
import { endOf, secondsAt } from '../../src/core/issue-time.ts';

declare module '../../src/core/fields.ts' {
  interface IdentifierFields {
    pk_id: string;
  }
}

/** `destinations/matomo.md` 7. The script of Piwik PRO has cookies of the same names. */
export const identifiers: readonly Identifier[] = [
  {
    owner: 'Matomo',
    signal: 'analytics_storage',
    field: 'pk_id',
    description: 'Visitor id of Matomo',
    cookie: {
      name: '_pk_id.*',
      purpose: 'tells visitors apart for Matomo (or Piwik PRO)',
      parse: parsePkId,
      subject: { kind: 'pkid', by: 'id' },
    },
    names: 'pkvid piwikid matomoid',
  },
  {
    owner: 'Matomo',
    signal: 'analytics_storage',
    cookie: { name: '_pk_ses.*', purpose: 'the visit that is going on, for Matomo (or Piwik PRO)', life: 'session' },
  },
];

/** `<16 hex>.<unix seconds of the first visit>.`, and more in older ones. */
function parsePkId(value: string): Parsed {
  const id = /^[0-9a-f]{16}(?=\.)/.exec(value)?.[0];
  if (id === undefined) return { issued: undefined, id: undefined };
  return { issued: secondsAt(value, 17, endOf(value, '.', 17)), id };
}
