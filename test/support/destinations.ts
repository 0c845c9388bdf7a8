import { destinations } from '../../destinations/index.ts';
import type { BoundDestination, Destination } from '../../src/core/destination.ts';
import { courier } from '../fixtures/courier/index.ts';

/** Every destination, and an invented one that shows the parts of a spec which no other needs yet. */
export const WITH_COURIER: Readonly<Record<string, Destination>> = { ...destinations, courier };

/** What a destination says with the settings of each of its examples. */
export function boundByExamples({ bind, settings, examples }: Destination): BoundDestination[] {
  return examples.map((example) => bind(settings.parse(example.settings)));
}
