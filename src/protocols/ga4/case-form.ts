import * as z from 'zod';
import type { CaseFacts, CaseForm } from '../protocol.ts';

const HOUR = 3_600_000;
const schema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** A page view, or another hit, of a visitor who came an hour ago. */
export const caseForm: CaseForm = {
  key: 'hit',
  help: 'A web hit of gtag.js: keys beyond `v`, `tid`, `cid` and `dl`, which are filled in.',
  schema,
  write: (given, about) => ({
    method: 'POST',
    path: '/g/collect',
    query: query((given as z.output<typeof schema> | undefined) ?? {}, about),
    headers: {},
    body: '',
  }),
};

function query(hit: z.output<typeof schema>, { now, page, stream }: CaseFacts): string {
  const seconds = Math.floor((now - HOUR) / 1000);
  const keys = {
    v: 2,
    tid: stream ?? 'G-NONE000001',
    cid: `1234567890.${seconds}`,
    sid: seconds,
    _p: 987654321,
    en: 'page_view',
    dl: page,
    ...hit,
  };
  return new URLSearchParams(Object.entries(keys).map(([key, value]) => [key, String(value)])).toString();
}
