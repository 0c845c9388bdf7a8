import * as z from 'zod';

// The format of the suite's data; README.md describes it for those who run it against another gateway.

const texts = z.record(z.string(), z.coerce.string());

const expectedRequest = z.strictObject({
  to: z.string(),
  method: z.string().default('POST'),
  path: z.string(),
  /** All of it. */
  query: texts.default({}),
  /** These, beside others. */
  headers: texts.default({}),
  /** All of it; absent = there is none. */
  body: z.unknown().optional(),
});

const expectedCookie = z.strictObject({
  name: z.string(),
  value: z.string().default('{{like .*}}'),
  /** Seconds; as many as `slack` less are fine. */
  max_age: z.number(),
  slack: z.number().default(5),
  domain: z.string().optional(),
  http_only: z.boolean().optional(),
});

export const request = z.strictObject({
  method: z.string().default('POST'),
  path: z.string(),
  query: texts.default({}),
  headers: texts.default({}),
  cookies: texts.default({}),
  /** Web hits: one record of keys for each line. */
  lines: z.array(texts).optional(),
  /** Sent as JSON, unless it is a text. */
  body: z.unknown().optional(),
});

export const testCase = z.strictObject({
  id: z.string(),
  /** Where the expectation comes from. */
  why: z.string(),
  config: z.string(),
  words: texts.default({}),
  request,
  expect: z
    .strictObject({
      status: z.int().default(204),
      /** All there are. */
      requests: z.array(expectedRequest).default([]),
      /** All there are; absent = not looked at. */
      set_cookie: z.array(expectedCookie).optional(),
    })
    .prefault({}),
});

/** `shared` holds anchors and is not read. */
export const caseFile = z.strictObject({ shared: z.unknown().optional(), cases: z.array(testCase) });

export type Case = z.output<typeof testCase>;
export type Request = z.output<typeof request>;
export type ExpectedRequest = z.output<typeof expectedRequest>;
export type ExpectedCookie = z.output<typeof expectedCookie>;
