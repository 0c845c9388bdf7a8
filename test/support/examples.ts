import { destinations } from '../../destinations/index.ts';
import type { Destination, Example, PlannedRequest } from '../../src/core/destination.ts';
import { maskOf } from '../../src/core/signals.ts';
import type { RowFacts } from '../../src/delivery/egress/index.ts';
import { AT } from './plan-one.ts';

/** A request that a destination's sheet says is right, and the consent it is right under. */
export interface RightRequest {
  readonly name: string;
  readonly destination: Destination;
  readonly example: Example;
  readonly request: PlannedRequest;
  readonly facts: RowFacts;
}

/** The request of every example of every destination. */
export const RIGHT_REQUESTS: readonly RightRequest[] = Object.values(destinations).flatMap((destination) =>
  destination.examples.flatMap((example): RightRequest[] => {
    if ('skip' in example.expect) return [];
    return [
      {
        name: `${destination.name}: ${example.title}`,
        destination,
        example,
        request: example.expect,
        facts: {
          signals: maskOf(example.granted),
          acceptedAt: example.at ?? AT,
          verdict: example.limited === true ? 'limited' : 'full',
        },
      },
    ];
  }),
);
