import type { EgressForm } from '../../src/core/egress.ts';
import { egressTable, type EgressTable } from '../../src/delivery/egress/index.ts';
import * as lane from '../../src/delivery/lane/attempt.ts';
import type { Route } from '../../src/policy/gateway.ts';

const tables = new WeakMap<readonly EgressForm[], EgressTable>();

/** The compiled table of these forms; compiled once, because property tests ask for it thousands of times. */
export function tableOf(egress: readonly EgressForm[]): EgressTable {
  const table = tables.get(egress) ?? egressTable(egress);
  tables.set(egress, table);
  return table;
}

type Rest<T> = T extends [unknown, unknown, ...infer More] ? More : never;

/** One attempt on a route, with the route's own table of what may leave. */
export function attempt(route: Route, ...rest: Rest<Parameters<typeof lane.attempt>>): Promise<lane.Attempted> {
  return lane.attempt(route, tableOf(route.bound.egress), ...rest);
}
