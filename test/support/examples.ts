import type { Destination, Example, PlannedRequest } from '../../src/core/destination.ts';
import type { EgressForm } from '../../src/core/egress.ts';
import { maskOf } from '../../src/core/signals.ts';
import type { RowFacts } from '../../src/delivery/egress/index.ts';
import { WITH_COURIER } from './destinations.ts';
import { AT } from './plan-one.ts';

/** A request that a destination's sheet says is right, and the consent it is right under. */
export interface RightRequest {
  readonly name: string;
  readonly destination: Destination;
  readonly example: Example;
  readonly request: PlannedRequest;
  /** What the destination says may be in it. */
  readonly egress: readonly EgressForm[];
  readonly facts: RowFacts;
}

/** The request of every example of every destination. */
export const RIGHT_REQUESTS: readonly RightRequest[] = Object.values(WITH_COURIER).flatMap((destination) =>
  destination.examples.flatMap((example): RightRequest[] => {
    if ('skip' in example.expect) return [];
    return [
      {
        name: `${destination.name}: ${example.title}`,
        destination,
        example,
        request: example.expect,
        egress: destination.bind(destination.settings.parse(example.settings)).egress,
        facts: {
          signals: maskOf(example.granted),
          acceptedAt: example.at ?? AT,
          verdict: example.limited === true ? 'limited' : 'full',
        },
      },
    ];
  }),
);
