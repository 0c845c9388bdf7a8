import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { casesOf, Field, type FieldCase } from './field.ts';

// Public reports on consent, cookies and privacy. The right result and its source stand beside each in consent.json.

const CASES = casesOf('consent.json');

let field: Field;
beforeAll(async () => {
  field = await Field.start(CASES);
});
afterAll(() => field?.stop());

async function holds(each: FieldCase): Promise<void> {
  const { answer, sentTo, wire } = await field.send(each);
  const { status = 204, sent_to = [], not_sent_to = [], on_the_wire = [], not_on_the_wire = [] } = each.expect;
  expect(answer.status, answer.body).toBe(status);
  expect(sentTo).toEqual(expect.arrayContaining([...sent_to]));
  for (const vendor of not_sent_to) expect(sentTo).not.toContain(vendor);
  for (const text of on_the_wire) expect(wire).toContain(text);
  for (const text of not_on_the_wire) expect(wire).not.toContain(text);
  if (each.expect.no_set_cookie === undefined) return;
  const unwanted = new RegExp(each.expect.no_set_cookie);
  for (const line of answer.setCookies) expect(line).not.toMatch(unwanted);
}

describe.each([...Map.groupBy(CASES, ({ kind }) => kind)])('%s', (_, cases) => {
  for (const each of cases) {
    it(`${each.id}: ${each.symptom}`, () => holds(each));
  }
});

it('every case says what it expects', () => {
  for (const { id, expect: wanted } of CASES) expect(Object.keys(wanted).length, id).toBeGreaterThan(0);
});
