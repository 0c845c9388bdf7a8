import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maskOf, type Signal } from '../../src/core/signals.ts';
import { inputOf, M, S, siteOf, readConsent } from '../consent/site.ts';
import { Field, filled, orderOf, purchasePath, type FieldCase, type Outcome } from './field.ts';

// Records of consent platforms as real sites send them, at the front door: layouts of all versions with evidence,
// cookies beside them, and changes that servers make. Values are made up.

interface Met {
  readonly id: string;
  readonly platform: string;
  readonly what: string;
  /** Where it was seen, or who says that it is written. */
  readonly source: string;
  readonly cmp: 'auto' | readonly string[];
  /** `consent.mapping.<platform>.purposes` and `consent.services` of the site. */
  readonly purposes?: Readonly<Record<string, readonly string[]>>;
  readonly services?: Readonly<Record<string, readonly string[]>>;
  /** `consent.mapping.<platform>.opt_in` of the site. */
  readonly optIn?: true;
  readonly cookie: string;
  /** Of the routes below, those that get the purchase. */
  readonly sent_to: readonly string[];
  /** What the visitor refused expressly, S = statistics, M = marketing: an objection, too. */
  readonly refused?: string;
}

const MET = JSON.parse(readFileSync(new URL('records.json', import.meta.url), 'utf8')) as readonly Met[];

/** Statistics, and two for marketing, one on the list of the IAB and one that is not. */
const ROUTES = ['ga4', 'google_ads', 'meta'];

function caseOf({ id, platform, what, source, cmp, purposes, services, optIn, cookie, sent_to }: Met): FieldCase {
  const own = { purposes, opt_in: optIn };
  const mapping = JSON.stringify(purposes === undefined && optIn === undefined ? {} : { [platform]: own });
  const config: (readonly [string, string])[] = [
    ['cmp: [cookiebot, cookie-information, onetrust, tcf]', `cmp: ${cmp === 'auto' ? cmp : JSON.stringify(cmp)}`],
    ['# mapping: {}', `mapping: ${mapping} # `],
    ['# services: {}', `services: ${JSON.stringify(services ?? {})} # `],
  ];
  return {
    id,
    kind: platform,
    symptom: what,
    source,
    authority: '',
    config,
    request: { path: purchasePath(id), cookie },
    expect: { sent_to, not_sent_to: ROUTES.filter((route) => !sent_to.includes(route)) },
  };
}

const CASES = MET.map(caseOf);

let field: Field;
let outcomes: ReadonlyMap<string, Outcome>;
beforeAll(async () => {
  field = await Field.start(CASES);
  const all = await field.sendAll(CASES, ({ id }) => orderOf(id));
  outcomes = new Map(CASES.map(({ id }, i) => [id, all[i] as Outcome] as const));
});
afterAll(() => field?.stop());

describe.each([...Map.groupBy(CASES, ({ kind }) => kind)])('%s', (_, cases) => {
  for (const each of cases) {
    it(`${each.id}: ${each.symptom}`, () => {
      const { answer, sentTo } = outcomes.get(each.id) as Outcome;
      expect(answer.status, answer.body).toBe(204);
      expect(ROUTES.filter((route) => sentTo.includes(route))).toEqual(each.expect.sent_to);
    });
  }
});

describe('what was refused in so many words', () => {
  const refusals = MET.filter(({ refused }) => refused !== undefined);
  it.each(refusals.map((each) => [each.id, each] as const))('%s', (_, { platform, cmp, purposes, cookie, refused }) => {
    const masks = Object.entries(purposes ?? {}).map(
      ([name, signals]) => [name, maskOf(signals as readonly Signal[])] as const,
    );
    const mapping = new Map(masks.length === 0 ? [] : [[platform, { purposes: new Map(masks) }]]);
    const site = siteOf(cmp === 'auto' ? [platform] : cmp, { mapping });
    const consent = readConsent(inputOf(filled(cookie), { at: Date.now() }), site);
    expect(`${(consent.refused & S) === S ? 'S' : ''}${(consent.refused & M) === M ? 'M' : ''}`).toBe(refused);
  });
});
