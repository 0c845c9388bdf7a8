import { dated, itself, type Identifier } from '../../src/core/identifiers.ts';
import { endOf, millisecondsAt } from '../../src/core/issue-time.ts';

declare module '../../src/core/fields.ts' {
  interface IdentifierFields {
    hubspotutk: string;
  }
}

/** `destinations/hubspot.md` 4. */
export const identifiers: readonly Identifier[] = [
  {
    owner: 'HubSpot',
    signal: 'ad_storage',
    field: 'hubspotutk',
    description: 'Visitor id of HubSpot',
    peculiar: ['hubspotutk'],
    names: 'hutk hstc hssc',
    cookie: { name: 'hubspotutk', purpose: 'tells visitors apart for HubSpot', parse: itself },
  },
  {
    owner: 'HubSpot',
    signal: 'ad_storage',
    cookie: {
      name: '__hstc',
      purpose: "a visitor's first, last and present visit, for HubSpot",
      parse: dated(hstcTime),
      subject: { kind: 'hstc', by: 'value' },
    },
  },
  ...(['__hssc', '__hssrc'] as const).map((name): Identifier => {
    const cookie = { name, purpose: 'the visit that is going on, for HubSpot', life: 'session' } as const;
    return { owner: 'HubSpot', signal: 'ad_storage', cookie };
  }),
];

/** When the first visit was: the third part. */
function hstcTime(value: string): number | undefined {
  const utk = value.indexOf('.') + 1;
  const first = value.indexOf('.', utk) + 1;
  return utk === 0 || first === 0 ? undefined : millisecondsAt(value, first, endOf(value, '.', first));
}
