import type { Identifier, Parsed } from '../../src/core/identifiers.ts';

declare module '../../src/core/fields.ts' {
  interface IdentifierFields {
    msclkid: string;
  }
}

/** What `_uetmsclkid` keeps is the click id with a word before it. */
const UET = '_uet';

/** `destinations/microsoft.md` B. */
export const identifiers: readonly Identifier[] = [
  {
    owner: 'Microsoft',
    signal: 'ad_storage',
    cookie: { name: '_uetsid', purpose: 'the session of a visitor, for Microsoft Advertising', life: 'session' },
    names: 'uetsid',
    peculiar: ['uetsid'],
  },
  {
    owner: 'Microsoft',
    signal: 'ad_storage',
    cookie: {
      name: '_uetvid',
      purpose: 'tells visitors apart for Microsoft Advertising',
      subject: { kind: 'uetvid', by: 'value' },
    },
    names: 'uet uetvid',
    peculiar: ['uetvid'],
  },
  {
    owner: 'Microsoft',
    signal: 'ad_storage',
    field: 'msclkid',
    description: 'Microsoft click id',
    param: 'msclkid',
    peculiar: ['msclkid'],
    cookie: {
      name: '_uetmsclkid',
      purpose: 'the ad click that led to the site (`msclkid`), for Microsoft Advertising',
      parse: (value): Parsed => ({ issued: undefined, id: clickIn(value) }),
      click: { write: (id) => UET + id, read: clickIn },
    },
    forms: [{ head: UET, rest: /[0-9a-f-]{8,64}/ }],
  },
];

function clickIn(value: string): string | undefined {
  return value.startsWith(UET) ? value.slice(UET.length) : undefined;
}
