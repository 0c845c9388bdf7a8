import * as z from 'zod';
import { REASON_CODES } from '../../core/reason.ts';
import { SIGNALS } from '../../core/signals.ts';
import { PROTOCOLS } from '../../protocols/index.ts';
import { inputSchema } from '../pages/editor-schema.ts';
import type { Finding } from '../lint/finding.ts';
import { remarksOf } from '../lint/issues.ts';
import { readYaml } from '../yaml.ts';

const texts = z
  .union([z.string(), z.array(z.string()).min(1)])
  .transform((value) => (typeof value === 'string' ? [value] : value));
const category = z.enum(['preferences', 'statistics', 'marketing']);

const time = z
  .string({ error: 'expected a time such as `2026-11-20T10:00:00Z`' })
  .refine((text) => !Number.isNaN(Date.parse(text)), 'expected a time such as `2026-11-20T10:00:00Z`')
  .transform((text) => Date.parse(text));

/** A case has the key of one protocol at most; the request is written in that protocol. */
const written = Object.fromEntries(
  PROTOCOLS.map(({ caseForm: { key, schema, help } }) => [key, schema.optional().describe(help)]),
);

/** Parts of a request that are the same for every protocol. */
const common = {
  site: z.string().optional().describe('The site, by one of its hosts; the first site by default.'),
  said: z
    .union([z.enum(['everything', 'nothing']), category, z.array(category)])
    .optional()
    .describe(
      "The visitor's choice in the banner: what was allowed; the rest was refused. Left out: no choice was made.",
    ),
  cookies: z
    .record(z.string(), z.string())
    .default({})
    .describe('Cookies that the browser sends in addition to those of the choice.'),
  gpc: z.boolean().default(false).describe('The browser sends Global Privacy Control.'),
  page: z.string().optional().describe('The page of the event: a path of the site, or an address.'),
  backend: z
    .boolean()
    .default(false)
    .describe(
      "The events come from the site's back end. The choice is put into the statement of each event about its visitor.",
    ),
  headers: z.record(z.string(), z.string()).default({}).describe('Headers that replace the usual ones.'),
};

/** Typed without the keys of the protocols, because only the protocol defines the content of its key. */
const shape: typeof common = { ...written, ...common };

/**
 * The request of a case. Without any part it is a page view of a browser on the site's first origin, without a choice.
 */
const request = z.strictObject(shape);

/**
 * What one route must have done with every event of the request; where several rules apply, the requests of all of
 * them.
 */
const routeExpectation = z.strictObject({
  verdict: z.enum(['full', 'limited', 'blocked']).optional(),
  outcome: z.enum(['planned', 'blocked', 'skipped', 'invalid', 'expired', 'failed']).optional(),
  reason: z.enum(REASON_CODES).optional().describe('The code of the reason, as in `docs/reasons.md`.'),
  rules: z
    .array(z.int().positive())
    .optional()
    .describe('Exactly these rules of `events` apply, by their position in the list, from 1; `[]` = none.'),
  contains: texts
    .optional()
    .describe('Texts that must be in the request, e.g. `gcs=G101`. The request is percent-decoded first.'),
  lacks: texts
    .optional()
    .describe('Texts that must not be in the request, neither as they are nor percent-encoded nor in base64.'),
  no_trace_of: texts.optional().describe('Texts that must not be in the request, not even as a hash.'),
  keys: z
    .array(z.string())
    .optional()
    .describe('The request has exactly these keys, in the query and at any depth of a JSON body.'),
});

const expectation = z.strictObject({
  nothing_to: z
    .union([z.literal('anybody'), z.string(), z.array(z.string()).min(1)])
    .optional()
    .describe('Routes that get nothing; `anybody` = all routes.'),
  to: z.record(z.string(), routeExpectation).default({}).describe('What each of these routes must get.'),
  signals: z
    .array(z.enum([...SIGNALS]))
    .optional()
    .describe('Exactly these signals are in force.'),
  set_cookies: z
    .union([z.literal('none'), z.strictObject({ contains: texts.optional(), lacks: texts.optional() })])
    .optional(),
  refused: z.int().optional().describe('The request is refused with this status.'),
});

const caseSchema = z.strictObject({
  name: z.string().min(1).describe('A sentence that a privacy officer understands.'),
  request: request.prefault({}),
  expect: expectation,
});

/** A file of test cases beside the configuration that they test. */
const casesSchema = z.strictObject({
  config: z.string().describe('The configuration, relative to this file.'),
  now: time
    .optional()
    .describe(
      'The time at which the requests arrive; by default the time of the test. Cookies that contain times need it.',
    ),
  cases: z.array(caseSchema).min(1),
});

export type CasesFile = z.output<typeof casesSchema>;
export type Case = CasesFile['cases'][number];
export type Expectation = Case['expect'];
export type RouteExpectation = Expectation['to'][string];
export type CaseRequest = Case['request'];

/** Reads a file of cases. Mistakes have their line and column. `lines` has the line where each case begins. */
export function readCases(
  text: string,
  file: string,
): { readonly cases: CasesFile; readonly lines: readonly number[] } | { readonly findings: readonly Finding[] } {
  const source = readYaml(text, file);
  if ('findings' in source) return source;
  const value = source.value ?? {};
  const parsed = casesSchema.safeParse(value);
  if (!parsed.success) {
    return { findings: remarksOf(parsed.error.issues, value, inputSchema(casesSchema)).map(source.finding) };
  }
  const lineOf = (i: number) => source.finding({ kind: 'note', code: 'value', message: '', path: ['cases', i] }).line;
  return { cases: parsed.data, lines: parsed.data.cases.map((_, i) => lineOf(i)) };
}
