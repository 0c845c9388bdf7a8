import * as z from 'zod';
import type { CaseFacts, CaseForm } from '../protocol.ts';

const HOUR = 3_600_000;
const schema = z.record(z.string(), z.unknown());
type Body = z.output<typeof schema>;

/** A body of a back end about a visitor who came an hour ago, whose cookies and GPC it passes on. */
export const caseForm: CaseForm = {
  key: 'measurement',
  help: 'A body of the GA4 Measurement Protocol; `client_id` is filled in. With `backend: true`: pages may not send it.',
  schema,
  write: (given, about) => ({
    method: 'POST',
    path: '/mp/collect',
    query: new URLSearchParams({
      measurement_id: about.stream ?? 'G-NONE000001',
      ...(about.backend === undefined ? {} : { api_secret: about.backend.key }),
    }).toString(),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(completed((given as Body | undefined) ?? {}, about)),
  }),
};

function completed(given: Body, { now, page, backend }: CaseFacts): Body {
  const body: Body = {
    client_id: `1234567890.${Math.floor((now - HOUR) / 1000)}`,
    events: [{ name: 'page_view', params: { page_location: page } }],
    ...given,
  };
  if (backend === undefined || (backend.cookies === '' && !backend.gpc)) return body;
  const own = given['portvakt'] as Readonly<Record<string, object>> | undefined;
  const visitor = {
    ...(backend.cookies === '' ? {} : { cookies: backend.cookies }),
    ...(backend.gpc ? { gpc: true } : {}),
    ...own?.['visitor'],
  };
  return { ...body, portvakt: { ...own, visitor } };
}
