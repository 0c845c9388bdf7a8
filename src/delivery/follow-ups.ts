import type { FollowUp, Reply } from '../core/destination.ts';
import type { Route } from '../policy/gateway.ts';
import { exchange } from './lane/attempt.ts';
import { EGRESS_CHECK, egressViolation } from './egress/index.ts';
import type { EnginePorts } from './drain.ts';
import type { Telemetry } from './telemetry.ts';

/** Requests whose fate is still to be asked for; more are not followed, and counted as such. */
const MAX_OPEN = 1_000;
/** Number of questions before the answer counts as unknown. */
const MAX_ASKED = 24;

/** Ends of the question itself, beside the vendor's answers. */
export const ASKING = ['unreadable', 'not_followed', 'unknown', EGRESS_CHECK] as const;

/**
 * Asks later what became of requests that a vendor took (Data Manager `requestStatus`) and counts the answers. Kept in
 * memory: after a restart the question is not asked any more; no event is lost.
 */
export class FollowUps {
  readonly #ports: EnginePorts;
  readonly #telemetry: Telemetry;
  readonly #timers = new Set<() => void>();

  constructor(ports: EnginePorts, telemetry: Telemetry) {
    this.#ports = ports;
    this.#telemetry = telemetry;
  }

  /** Looks whether the reply calls for a later question. */
  consider(route: Route, reply: Reply): void {
    let followUp: FollowUp | undefined;
    try {
      followUp = route.bound.followUp(reply);
    } catch {
      this.#count(route, 'unreadable');
      return;
    }
    if (followUp === undefined) return;
    if (egressViolation(route.bound.egress, [], followUp.request) !== undefined) this.#count(route, EGRESS_CHECK);
    else if (this.#timers.size >= MAX_OPEN) this.#count(route, 'not_followed');
    else this.#ask(route, followUp, 1);
  }

  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  #ask(route: Route, followUp: FollowUp, time: number): void {
    const cancel = this.#ports.after(followUp.afterMs, () => {
      this.#timers.delete(cancel);
      void this.#read(route, followUp).then((counts) => {
        if (counts !== undefined) this.#telemetry.of(route.key).followUp(counts);
        else if (time >= MAX_ASKED) this.#count(route, 'unknown');
        else this.#ask(route, followUp, time + 1);
      });
    });
    this.#timers.add(cancel);
  }

  /** Undefined = nothing known yet, for whatever cause. */
  async #read(route: Route, followUp: FollowUp): Promise<Readonly<Record<string, number>> | undefined> {
    try {
      return followUp.read(await exchange(followUp.request, route.bound.hosts, this.#ports));
    } catch {
      return undefined;
    }
  }

  #count(route: Route, word: (typeof ASKING)[number]): void {
    this.#telemetry.of(route.key).followUp({ [word]: 1 });
  }
}
