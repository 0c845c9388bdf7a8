import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { casesOf, Field, type FieldCase } from './field.ts';

// Requests of real tags and banners, and of Segment's libraries, that the gateway once read wrongly. The right result
// stands beside each in clients.json and segment.json.

const CASES = [...casesOf('clients.json'), ...casesOf('segment.json')];

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
}

describe.each([...Map.groupBy(CASES, ({ kind }) => kind)])('%s', (_, cases) => {
  for (const each of cases) {
    it(`${each.id}: ${each.symptom}`, () => holds(each), 30_000);
  }
});
