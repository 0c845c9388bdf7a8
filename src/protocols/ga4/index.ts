import { admitPage } from '../admission.ts';
import { plainAnswer } from '../answer.ts';
import type { Protocol } from '../protocol.ts';
import { caseForm } from './case-form.ts';
import { readCollect } from './read.ts';
import { TAG_PATHS } from './tag-paths.ts';

/** Hits of the Google tag (`destinations/ga4.md` 3). */
export const ga4: Protocol<'ga4-collect'> = {
  name: 'ga4-collect',
  title: 'web hits',
  doors: [
    {
      // Tags that are configured with a folder end the path with a slash.
      paths: ['/g/collect', '/g/collect/'],
      methods: ['GET', 'POST'],
      // gtag.js sends text/plain, or nothing at all.
      types: new Set(['', 'text/plain', 'application/x-www-form-urlencoded']),
      fromPages: new Set(),
      preflight: true,
      does: 'store',
    },
    ...TAG_PATHS,
  ],
  backends: undefined,
  ownEventIds: false,
  admit: admitPage,
  read: (hit, _sender, visitor) => readCollect(hit, visitor),
  answer: plainAnswer,
  caseForm,
};
