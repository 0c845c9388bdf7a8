import * as z from 'zod';
import type { CaseFacts, CaseForm } from '../protocol.ts';

const HOUR = 3_600_000;
const call = z.record(z.string(), z.unknown());
const schema = z.union([call, z.array(call).min(1)]);
type Call = z.output<typeof call>;

/** Calls of a page or of a back end, which passes on the visitor's Cookie header and GPC, in a batch. */
export const caseForm: CaseForm = {
  key: 'segment',
  help: 'A call of a Segment SDK, or a list of calls; `type` is `track` unless it is said, and an `anonymousId` is filled in.',
  schema,
  write: (given, about) => ({
    method: 'POST',
    path: '/v1/batch',
    query: '',
    headers: {
      'content-type': 'application/json',
      ...(about.backend === undefined ? {} : { authorization: `Basic ${btoa(`${about.backend.key}:`)}` }),
    },
    body: JSON.stringify({
      writeKey: 'WRITE_KEY',
      sentAt: new Date(about.now).toISOString(),
      batch: [(given as Call | Call[] | undefined) ?? {}].flat().map((one, i) => completed(one, i, about)),
    }),
  }),
};

function completed(given: Call, i: number, { now, page, backend }: CaseFacts): Call {
  const context = given['context'] as Call | undefined;
  const own = context?.['portvakt'] as Call | undefined;
  const seen = {
    ...(backend === undefined || backend.cookies === '' ? {} : { cookies: backend.cookies }),
    ...(backend?.gpc === true ? { gpc: true } : {}),
    ...(own?.['visitor'] as Call | undefined),
  };
  const stated = Object.keys(seen).length === 0 ? own : { ...own, visitor: seen };
  return {
    type: 'track',
    event: 'Page Read',
    anonymousId: '11111111-2222-4333-8444-555555555555',
    messageId: `case-${i}-${now}`,
    timestamp: new Date(now - HOUR / 60).toISOString(),
    ...given,
    context: { page: { url: page }, ...context, ...(stated === undefined ? {} : { portvakt: stated }) },
  };
}
