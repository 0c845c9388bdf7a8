import { showReason, wordsOf, type Reason } from '../../core/reason.ts';
import type { EnginePorts } from '../drain.ts';

/** Shortest time between two log lines of the same fault, milliseconds. */
const FAULT_EVERY_MS = 60_000;

/** What the operator reads about one route. */
export class LaneLog {
  readonly #route: string;
  readonly #ports: EnginePorts;
  /** Faults of the gateway's own, with the time each was last logged; there are as many as fixed words for them. */
  readonly #faultSaidAt = new Map<string, number>();

  constructor(route: string, ports: EnginePorts) {
    this.#route = route;
    this.#ports = ports;
  }

  deliversAgain(): void {
    this.#ports.log('info', 'route delivers again', { route: this.#route });
  }

  pauses(why: Reason): void {
    this.#ports.log('warn', 'route pauses: requests to the vendor fail', this.#fields(why));
  }

  stopped(why: Reason): void {
    this.#ports.log('error', 'route stopped: its events wait until this is corrected', this.#fields(why));
  }

  /**
   * A fault of the gateway usually concerns every event, so it is logged once a minute and counted each time.
   * @param kept the event waits in the dead letters
   */
  fault(why: Reason, kept: boolean): void {
    const tick = this.#ports.tick();
    const code = showReason(why);
    if (tick < (this.#faultSaidAt.get(code) ?? -Infinity) + FAULT_EVERY_MS) return;
    this.#faultSaidAt.set(code, tick);
    const msg = kept
      ? 'events could not be sent because of a fault of the gateway: they wait in the dead letters'
      : 'an event was dropped because of a fault of the gateway';
    this.#ports.log('error', msg, this.#fields(why));
  }

  #fields(why: Reason): { readonly route: string; readonly code: string; readonly reason: string } {
    return { route: this.#route, code: showReason(why), reason: wordsOf(why) };
  }
}
