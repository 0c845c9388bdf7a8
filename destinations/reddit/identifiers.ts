import { itself, KEPT_AS_IT_IS, type Identifier, type Parsed } from '../../src/core/identifiers.ts';
import { millisecondsAt } from '../../src/core/issue-time.ts';

declare module '../../src/core/fields.ts' {
  interface IdentifierFields {
    rdt_uuid: string;
    rdt_cid: string;
  }
}

/** `destinations/reddit.md` 8. */
export const identifiers: readonly Identifier[] = [
  {
    owner: 'Reddit',
    signal: 'ad_storage',
    field: 'rdt_uuid',
    description: 'Reddit browser id, the second part of `_rdt_uuid`',
    peculiar: ['rdt_uuid'],
    cookie: {
      name: '_rdt_uuid',
      purpose: 'tells browsers apart for Reddit',
      parse: parseUuid,
      subject: { kind: 'rdt_uuid', by: 'id', first: true, browser: true },
    },
  },
  {
    owner: 'Reddit',
    signal: 'ad_storage',
    field: 'rdt_cid',
    description: 'Reddit click id',
    param: 'rdt_cid',
    peculiar: ['rdt_cid'],
    cookie: {
      name: '_rdt_cid',
      purpose: 'the ad click that led to the site (`rdt_cid`), for Reddit',
      parse: itself,
      click: KEPT_AS_IT_IS,
    },
  },
  // A misspelling that is on lists: it stays in no address, and is not read.
  { owner: 'Reddit', signal: 'ad_storage', param: 'rtd_cid', names: 'rtdcid', peculiar: ['rtd_cid'] },
  {
    owner: 'Reddit',
    signal: 'ad_storage',
    cookie: {
      name: 'rdt_cid',
      purpose: 'the ad click that led to the site, as older server containers kept it, for Reddit',
    },
  },
  {
    owner: 'Reddit',
    signal: 'ad_storage',
    cookie: { name: '_rdt_em', purpose: "a hash of the visitor's e-mail address, for Reddit" },
    names: 'rdtem',
  },
];

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** `<creation, unix ms>.<uuid>`. */
function parseUuid(value: string): Parsed {
  const dot = value.indexOf('.');
  const issued = dot < 0 ? undefined : millisecondsAt(value, 0, dot);
  const id = value.slice(dot + 1);
  return issued === undefined || !UUID.test(id) ? { issued: undefined, id: undefined } : { issued, id };
}
