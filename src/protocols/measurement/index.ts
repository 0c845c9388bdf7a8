import type { Door, Protocol } from '../protocol.ts';
import { admitMeasurement } from './admit.ts';
import { answerMeasurement } from './answer.ts';
import { caseForm } from './case-form.ts';
import { readMeasurement } from './read.ts';

const door: Omit<Door, 'paths' | 'does'> = {
  methods: ['POST'],
  // Its senders often name no type, and pages may not send it, whatever the type.
  types: new Set(['application/json', 'text/plain', '']),
  fromPages: new Set(),
  preflight: false,
  // As much as Google takes (`destinations/ga4.md` 2.4).
  backendBytes: 130 * 1024,
};

/** Events of back ends that speak the GA4 Measurement Protocol (`protocols/measurement-protocol.md`). */
export const measurement: Protocol<'measurement-protocol'> = {
  name: 'measurement-protocol',
  title: 'Measurement Protocol events',
  doors: [
    { ...door, paths: ['/mp/collect'], does: 'store' },
    { ...door, paths: ['/debug/mp/collect'], does: 'validate' },
  ],
  backends: 'mp_secrets',
  ownEventIds: false,
  admit: admitMeasurement,
  read: readMeasurement,
  answer: answerMeasurement,
  caseForm,
};
