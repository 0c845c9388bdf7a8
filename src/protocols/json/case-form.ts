import * as z from 'zod';
import type { CaseFacts, CaseForm } from '../protocol.ts';

const PATH = '/v1/events';
const schema = z.array(z.record(z.string(), z.unknown())).min(1);
type Written = z.output<typeof schema>[number];

/** JSON events of a page, or of a back end, which passes on the visitor's Cookie header and GPC as it received them. */
export const caseForm: CaseForm = {
  key: 'events',
  help: `JSON events for ${PATH}.`,
  schema,
  write: (given, about) => ({
    method: 'POST',
    path: PATH,
    query: '',
    headers: {
      'content-type': 'application/json',
      ...(about.backend === undefined ? {} : { authorization: `Bearer ${about.backend.key}` }),
    },
    body: JSON.stringify({ events: ((given as Written[] | undefined) ?? []).map((event) => completed(event, about)) }),
  }),
};

function completed(event: Written, { page, pageSaid, backend }: CaseFacts): Written {
  const placed = pageSaid && event['page'] === undefined ? { ...event, page: { url: page } } : event;
  if (backend === undefined || (backend.cookies === '' && !backend.gpc)) return placed;
  const known = {
    ...(backend.cookies === '' ? {} : { cookies: backend.cookies }),
    ...(backend.gpc ? { gpc: true } : {}),
  };
  return { ...placed, visitor: { ...known, ...(event['visitor'] as Record<string, unknown> | undefined) } };
}
