import { plainAnswer } from '../answer.ts';
import type { Protocol } from '../protocol.ts';
import { admitEvents } from './admit.ts';
import { caseForm } from './case-form.ts';
import { readJson } from './read.ts';
import { TAG } from './tag.ts';

/** Events in the gateway's own form, of pages and back ends (`docs/events.md`). */
export const json: Protocol<'json'> = {
  name: 'json',
  title: 'JSON events',
  doors: [
    {
      paths: ['/v1/events'],
      methods: ['POST'],
      types: new Set(['application/json', 'text/plain']),
      fromPages: new Set(['text/plain']),
      preflight: true,
      does: 'store',
    },
  ],
  backends: 'ingest_keys',
  ownEventIds: true,
  admit: admitEvents,
  read: readJson,
  answer: plainAnswer,
  caseForm,
  scripts: [TAG],
  keepsSession: true,
};
