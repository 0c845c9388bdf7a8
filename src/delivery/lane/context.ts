import type { Gateway } from '../../policy/gateway.ts';
import type { EnginePorts } from '../drain.ts';
import type { EgressTable } from '../egress/index.ts';
import type { RouteTally } from '../telemetry.ts';

/** What a lane shares with the others. */
export interface LaneContext {
  readonly ports: EnginePorts;
  readonly tally: RouteTally;
  readonly gateway: () => Gateway;
  /** What may leave by the route of this lane. */
  readonly egress: () => EgressTable;
  /** The lane has something to do: give it a turn soon. */
  readonly wake: () => void;
}
