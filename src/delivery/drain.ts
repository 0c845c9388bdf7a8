import { showReason } from '../core/reason.ts';
import type { Gateway } from '../policy/gateway.ts';
import type { Ended } from './ends.ts';
import { egressTables, NO_FORMS, type EgressTables } from './egress/index.ts';
import { Lane } from './lane/lane.ts';
import type { Wire } from './lane/ports.ts';
import type { Purged, QueuedRecord, Store } from './store.ts';
import { Telemetry, type RouteCounters } from './telemetry.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';
/** One line of the log; `fields` are fixed words and numbers, never anything of an event. */
export type Log = (level: Level, msg: string, fields: Readonly<Record<string, string | number>>) => void;

/** What the engine needs from its runtime. */
export interface EnginePorts extends Wire {
  readonly store: Store;
  /** Monotonic clock, milliseconds: how long to wait (R63). */
  readonly tick: () => number;
  /** 0 <= x < 1. */
  readonly random: () => number;
  /** Calls back after so many milliseconds, unless cancelled. */
  readonly after: (ms: number, call: () => void) => () => void;
  /** Calls back soon, after everything that is waiting to be accepted. */
  readonly soon: (call: () => void) => void;
  readonly log: Log;
  /** Gets the end of each row; undefined while no preview is open. */
  readonly ended?: () => Ended | undefined;
}

/** Requests one lane may start before the next lane has its turn, and before new events are accepted. */
const TURN = 16;
/** How often lanes that send nothing are searched for expired rows, milliseconds. */
const SWEEP_MS = 30_000;

/** Delivers what is in the store: one lane per route, turn by turn. */
export class Drain {
  readonly #telemetry: Telemetry;
  readonly #ports: EnginePorts;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes with something to do. */
  readonly #awake = new Set<Lane>();
  #gateway: Gateway;
  #egress: EgressTables;
  #scheduled = false;
  #stopping = false;
  #idle: (() => void) | undefined;
  #cancelSweep: () => void = () => {};

  constructor(gateway: Gateway, ports: EnginePorts, telemetry: Telemetry = new Telemetry()) {
    this.#gateway = gateway;
    this.#egress = egressTables(gateway);
    this.#ports = ports;
    this.#telemetry = telemetry;
    this.#sweepLater();
  }

  /** These rows have just been stored: in order, by route. */
  rowsStored(added: ReadonlyMap<string, readonly QueuedRecord[]>): void {
    for (const [key, rows] of added) {
      const lane = this.#lane(key);
      lane.take(rows);
      this.#wake(lane);
    }
  }

  /** Rows of these routes are in the store. */
  rowsAdded(routes: Iterable<string>): void {
    for (const key of routes) {
      const lane = this.#lane(key);
      lane.rowsAdded();
      this.#wake(lane);
    }
  }

  /** Puts another configuration in force; rows decided under the old one are checked again. */
  reload(gateway: Gateway): void {
    this.#gateway = gateway;
    this.#egress = egressTables(gateway);
    for (const lane of this.#lanes.values()) {
      lane.reload();
      this.#wake(lane);
    }
  }

  /** Rows whose visitor withdrew; they are off the disk already. */
  withdrawn(purged: readonly Purged[]): void {
    const byRoute = new Map<string, Set<number>>();
    for (const { route, id } of purged) {
      const ids = byRoute.get(route);
      if (ids === undefined) byRoute.set(route, new Set([id]));
      else ids.add(id);
    }
    for (const [route, ids] of byRoute) this.#lane(route).drop(ids);
  }

  /** Starts nothing new; resolves when nothing is under way, or after `graceMs`. */
  stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#cancelSweep();
    for (const lane of this.#lanes.values()) lane.stop();
    return new Promise((resolve) => {
      const cancel = this.#ports.after(graceMs, resolve);
      this.#idle = () => {
        cancel();
        resolve();
      };
      this.#lookIdle();
    });
  }

  /** Counters per route, as plain data. */
  counters(): Readonly<Record<string, RouteCounters>> {
    const routes: Record<string, RouteCounters> = {};
    for (const [key, tally] of this.#telemetry.routes) {
      const lane = this.#lanes.get(key);
      routes[key] = {
        ...tally.data(),
        inFlight: lane?.inFlight ?? 0,
        awaiting: lane?.awaiting ?? 0,
        overdueMs: lane?.overdueMs ?? 0,
        state: lane?.breaker.state ?? 'closed',
        detail: lane?.breaker.reason === undefined ? '' : showReason(lane.breaker.reason),
      };
    }
    return routes;
  }

  /** Routes that keep their events until a person has corrected something. */
  stopped(): Readonly<Record<string, string>> {
    const reasons: Record<string, string> = {};
    for (const { key, breaker } of this.#lanes.values())
      if (breaker.state === 'stopped' && breaker.reason !== undefined) reasons[key] = showReason(breaker.reason);
    return reasons;
  }

  #lane(key: string): Lane {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      const created: Lane = new Lane(key, {
        ports: this.#ports,
        tally: this.#telemetry.of(key),
        gateway: () => this.#gateway,
        egress: () => this.#egress.get(key) ?? NO_FORMS,
        wake: () => this.#wake(created),
      });
      lane = created;
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  #wake(lane: Lane): void {
    if (this.#stopping) {
      this.#lookIdle();
      return;
    }
    this.#awake.add(lane);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#ports.soon(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    if (this.#stopping) return;
    const lanes = [...this.#awake];
    this.#awake.clear();
    for (const lane of lanes) if (lane.turn(TURN)) this.#wake(lane);
  }

  #lookIdle(): void {
    for (const lane of this.#lanes.values()) if (lane.inFlight > 0) return;
    this.#idle?.();
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#ports.after(SWEEP_MS, () => {
      for (const lane of this.#lanes.values()) if (lane.sweep()) this.#wake(lane);
      this.#sweepLater();
    });
  }
}
