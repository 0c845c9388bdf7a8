import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Field, orderOf, purchasePath, type FieldCase, type Outcome } from './field.ts';

// More cases of the reported kinds: the same faults in another spelling, language, platform or place.

interface Other {
  readonly id: string;
  readonly kind: string;
  readonly what: string;
  readonly source: string;
  readonly authority: string;
  readonly decision?: string;
  /** The site is aimed at the United States, and its default is to grant. */
  readonly us?: true;
  readonly cmp?: readonly [string, ...string[]];
  /** `consent.mapping` of the site, for the first platform: its purposes, and its cookie where it was renamed. */
  readonly purposes?: Readonly<Record<string, readonly string[]>>;
  readonly renamed?: string;
  /** `consent.custom` of the site. */
  readonly custom?: object;
  /** Default: everything was accepted. */
  readonly cookie?: string;
  /** What stands behind the other keys of the hit. */
  readonly query?: string;
  /** Of the routes below, those that get the purchase; default: all of them. */
  readonly sent_to?: readonly string[];
  readonly on_the_wire?: readonly string[];
  readonly not_on_the_wire?: readonly string[];
}

/** `consent-others.json`: of consent and withdrawal. */
const OTHERS = ['others.json', 'consent-others.json'].flatMap(
  (file) => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as readonly Other[],
);
const ROUTES = ['ga4', 'google_ads', 'meta'];
const ACCEPTED =
  'CookieConsent={stamp:%27c2FtcGxlc2FtcGxlc2FtcGxl==%27%2Cnecessary:true%2Cpreferences:true%2Cstatistics:true%2Cmarketing:true%2Cmethod:%27explicit%27%2Cver:1%2Cutc:{{ms:-86400000}}%2Cregion:%27no%27}';

function caseOf(other: Other): FieldCase {
  const { id, kind, what, source, authority, us, cmp, purposes, renamed, custom, cookie = ACCEPTED, query } = other;
  const config: (readonly [string, string])[] = [];
  if (cmp !== undefined) {
    const mapping = JSON.stringify({ [cmp[0]]: { purposes, cookie: renamed } });
    config.push(['cmp: [cookiebot, cookie-information, onetrust, tcf]', `cmp: ${JSON.stringify(cmp)}`]);
    config.push(['# mapping: {}', `mapping: ${mapping} # `]);
  }
  if (custom !== undefined) {
    config.push(['cmp: [cookiebot, cookie-information, onetrust, tcf]', 'cmp: []']);
    config.push(['# custom: []', `custom: ${JSON.stringify(custom)} #`]);
  }
  if (us === true) config.push(['country: NO', 'country: US'], ['without_choice: denied', 'without_choice: granted']);
  const path = purchasePath(id) + (query === undefined ? '' : `&${query}`);
  return { id, kind, symptom: what, source, authority, config, request: { path, cookie }, expect: {} };
}

const CASES = OTHERS.map(caseOf);

let field: Field;
let outcomes: ReadonlyMap<string, Outcome>;
beforeAll(async () => {
  field = await Field.start(CASES);
  const all = await field.sendAll(CASES, ({ id }) => orderOf(id));
  outcomes = new Map(CASES.map(({ id }, i) => [id, all[i] as Outcome] as const));
});
afterAll(() => field?.stop());

describe.each([...Map.groupBy(OTHERS, ({ kind }) => kind)])('%s', (_, others) => {
  for (const { id, what, sent_to = ROUTES, on_the_wire = [], not_on_the_wire = [] } of others) {
    it(`${id}: ${what}`, () => {
      const { answer, sentTo, wire } = outcomes.get(id) as Outcome;
      expect(answer.status, answer.body).toBe(204);
      expect(ROUTES.filter((route) => sentTo.includes(route))).toEqual(sent_to);
      for (const text of on_the_wire) expect(wire).toContain(text);
      for (const text of not_on_the_wire) expect(wire).not.toContain(text);
    });
  }
});
