import { showReason, type VendorReason } from '../../core/reason.ts';
import { backoff } from './backoff.ts';

/** Failures in a row after which the vendor counts as down. */
const TRIP_AFTER = 5;
/** How long a stopped route waits before it tries again unless the vendor module says otherwise, milliseconds. */
const STOP_PROBE_MS = 5 * 60_000;

export type BreakerState = 'closed' | 'open' | 'stopped';

/**
 * Whether a route may send. After some failures in a row it is open: after a wait, one request at a time tests whether the
 * vendor answers again (half-open). If the credentials are refused, the route is stopped: that is the same with a longer
 * wait and a reason for people. Times are of a monotonic clock, milliseconds.
 */
export class Breaker {
  #state: BreakerState = 'closed';
  #reason: VendorReason | undefined;
  /** Failures in a row while closed; trips in a row while open. */
  #failures = 0;
  #failingSince: number | undefined;
  #until = 0;
  #probing = false;

  get state(): BreakerState {
    return this.#state;
  }

  /** Why it is not closed. */
  get reason(): VendorReason | undefined {
    return this.#reason;
  }

  /** When a probe may go; meaningless while closed. */
  get until(): number {
    return this.#until;
  }

  /** How long nothing has worked, milliseconds. */
  outage(tick: number): number {
    return this.#failingSince === undefined ? 0 : tick - this.#failingSince;
  }

  /** May a request start now, and how: as usual, or as the single probe? Taking `probe` claims it. */
  take(tick: number): 'go' | 'probe' | 'wait' {
    if (this.#state === 'closed') return 'go';
    if (this.#probing || tick < this.#until) return 'wait';
    this.#probing = true;
    return 'probe';
  }

  /** A claimed probe was not started. */
  releaseProbe(): void {
    this.#probing = false;
  }

  /** The vendor answered, whether it took the events or not. True if that ended an outage. */
  answered(): boolean {
    const ended = this.#state !== 'closed';
    this.reset();
    return ended;
  }

  /** A request failed. `afterMs`: the pause the vendor asked for. True if that began an outage. */
  failed(tick: number, random: number, reason: VendorReason, probe: boolean, afterMs: number | undefined): boolean {
    this.#failingSince ??= tick;
    if (this.#state !== 'closed') {
      // These requests were under way when it opened: they add no information.
      if (!probe) return false;
      this.#probing = false;
      this.#failures++;
      this.#until = tick + backoff(this.#failures, this.outage(tick), random, afterMs);
      this.#state = 'open';
      this.#reason = reason;
      return false;
    }
    this.#failures++;
    if (this.#failures < TRIP_AFTER && afterMs === undefined) return false;
    this.#state = 'open';
    this.#reason = reason;
    this.#until = tick + backoff(this.#failures, this.outage(tick), random, afterMs);
    return true;
  }

  /** Credentials or settings are refused; it tries again after `afterMs`. True if it was not stopped before. */
  stop(tick: number, reason: VendorReason, afterMs = STOP_PROBE_MS): boolean {
    const before = this.#reason;
    const news = this.#state !== 'stopped' || before === undefined || showReason(before) !== showReason(reason);
    this.#failingSince ??= tick;
    this.#state = 'stopped';
    this.#reason = reason;
    this.#probing = false;
    this.#until = tick + afterMs;
    return news;
  }

  /** As if nothing had ever failed: after a success, and when new settings are in place. */
  reset(): void {
    this.#state = 'closed';
    this.#reason = undefined;
    this.#failures = 0;
    this.#failingSince = undefined;
    this.#probing = false;
  }
}
