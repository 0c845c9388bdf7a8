import { destinations } from '../../destinations/index.ts';
import type { BoundDestination, Destination } from '../../src/core/destination.ts';
import { courier } from '../fixtures/courier/index.ts';

/** Every destination there is, and one there is none of, which shows the parts of a spec that no other needs yet. */
export const WITH_COURIER: Readonly<Record<string, Destination>> = { ...destinations, courier };

/** What a destination says with the settings of each of its examples. */
export function boundByExamples({ bind, settings, examples }: Destination): BoundDestination[] {
  return examples.map((example) => bind(settings.parse(example.settings)));
}
