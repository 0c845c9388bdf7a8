import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explain } from '../../src/config/cases/explanation.ts';
import { decideRequest as decide } from '../../src/decide/request.ts';
import { CONFIG } from '../faults/hits.ts';
import { cookiebot, gatewayOf, jsonHit, NOW } from '../support/hits.ts';
import { Field, type FieldCase } from './field.ts';

// A user id that is personal data is not used as one (Google's policy on personal data: no e-mail address, phone number
// or national id as user id). A vendor that takes hashed e-mail addresses or phone numbers gets it as such, hashed. No
// other form leaves.

const COOKIE =
  'CookieConsent={stamp:%27c2FtcGxlc2FtcGxlc2FtcGxl==%27%2Cnecessary:true%2Cpreferences:true%2Cstatistics:true%2Cmarketing:true%2Cmethod:%27explicit%27%2Cver:1%2Cutc:{{ms:-86400000}}%2Cregion:%27no%27}; _ga=GA1.1.482310557.{{s:-3600}}; _fbp=fb.1.{{ms:-3600000}}.1098115397';
/** LinkedIn needs an e-mail address or a click of its own (`destinations/linkedin.md`). */
const EVERYBODY = ['ga4', 'google_ads', 'meta'];

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function purchase(uid: string): FieldCase {
  const query = new URLSearchParams({
    v: '2',
    tid: 'G-TEST000001',
    _p: '1795169690123',
    cid: '482310557.{{s:-3600}}',
    sid: '{{s:-600}}',
    dl: 'https://shop.example.no/takk?gclid=Cj0KCQiAgP6PBhDmARIsAPWMq6kXyz_abcDEF',
    dt: 'Takk',
    en: 'purchase',
    cu: 'NOK',
    'epn.value': '499',
    'ep.transaction_id': 'T-{{rand}}',
    uid,
  });
  const path = `/g/collect?${query
    .toString()
    .replaceAll('%7B%7B', '{{')
    .replaceAll('%7D%7D', '}}')
    .replaceAll(/(\{\{\w+)%3A/g, '$1:')}`;
  return { id: uid, kind: '', symptom: '', source: '', authority: '', request: { path, cookie: COOKIE }, expect: {} };
}

/** The id, what no vendor may see of it, and the text whose hash vendors of ads get instead; none where no rule says which. */
const PERSONAL: readonly (readonly [id: string, secret: RegExp, hashed?: string])[] = [
  ['kari.nordmann@example.no', /kari|nordmann/i, 'kari.nordmann@example.no'],
  ['Kari.Nordmann@Example.NO', /kari|nordmann/i, 'kari.nordmann@example.no'],
  ['KARI.NORDMANN@EXAMPLE.NO', /kari|nordmann/i, 'kari.nordmann@example.no'],
  ['kari.nordmann%40example.no', /kari|nordmann/i],
  ['kari.nordmann%2540example.no', /kari|nordmann/i],
  ['kari\\u0040example.no', /kari/i],
  ['mailto:kari.nordmann@example.no', /kari|nordmann/i],
  ['kari.nordmann@example.no-4711', /kari|nordmann/i],
  ['+4740012345', /40012345/, '+4740012345'],
  ['+47 400 12 345', /400 12 345|40012345/, '+4740012345'],
  ['004740012345', /40012345/, '+4740012345'],
  ['4740012345', /40012345/],
  ['+46 70 173 84 29', /173 84 29|1738429/, '+46701738429'],
  ['01010112345', /01010112345/],
  ['01039012480', /01039012480/],
  ['010390 12480', /010390 12480|01039012480/],
  ['811228-9874', /811228-?9874/],
  ['131052-308T', /131052-308T/i],
  ['fb.1.1795000000000.7719022346', /7719022346/],
];

describe('a user id that is personal', () => {
  let field: Field;
  beforeAll(async () => {
    field = await Field.start(PERSONAL.map(([id]) => purchase(id)));
  });
  afterAll(() => field?.stop());

  it.each(PERSONAL.map((each) => ({ each, id: each[0] })))('$id', async ({ each: [id, secret, hashed] }) => {
    const { answer, sentTo, wire } = await field.send(purchase(id));
    expect(answer.status).toBe(204);
    expect(sentTo).toEqual(expect.arrayContaining(EVERYBODY));
    if (hashed?.includes('@') === true) expect(sentTo).toContain('linkedin');
    expect(wire).not.toMatch(secret);
    for (const form of [id, id.toLowerCase(), id.replaceAll(/\D/g, ''), decodeURIComponent(id)]) {
      // Meta and Google take phone numbers hashed without and with the sign.
      if (form === hashed || `+${form}` === hashed) continue;
      expect(wire).not.toContain(sha256(form));
    }
    if (hashed !== undefined) expect(wire).toContain(sha256(hashed));
  });

  it('another id stays one', async () => {
    const { wire } = await field.send(purchase('crm-884112'));
    expect(wire).toContain('uid=crm-884112');
    expect(wire).toContain(sha256('crm-884112'));
  });
});

it('is counted, and explained', () => {
  const gateway = gatewayOf(CONFIG);
  const told = (id: string): readonly string[] => {
    const cookies = cookiebot({ preferences: true, statistics: true, marketing: true }, NOW - 3_600_000);
    const done = decide(jsonHit({ events: [{ name: 'login', user: { id } }] }, { cookies }), gateway);
    if ('problem' in done) throw new Error(done.problem.detail);
    return explain(done.trace).leftOut.map(({ what, times }) => `${times}: ${what}`);
  };
  for (const [id] of PERSONAL) expect(told(id), id).toEqual([expect.stringMatching(/^1: a user id that is an e-mail/)]);
  expect(told('crm-884112')).toEqual([]);
});
