import type { NatsOutbox } from '../../../outbox/nats/nats-outbox.ts';

/**
 * Decides which parts this gateway delivers, so that each gateway has about the same number. It takes parts that no
 * gateway delivers. When another gateway has started, it releases the parts beyond its share, while no request is under
 * way.
 */
export class Parts {
  readonly #outbox: NatsOutbox;
  readonly #count: number;
  readonly #paused: (body: () => Promise<void>) => Promise<void>;
  #busy = false;

  /** @param paused calls a function while no request is under way */
  constructor(outbox: NatsOutbox, count: number, paused: (body: () => Promise<void>) => Promise<void>) {
    this.#outbox = outbox;
    this.#count = count;
    this.#paused = paused;
  }

  /** Takes or releases parts, if that is needed. @throws if the brokers do not answer */
  async look(): Promise<void> {
    const { control } = this.#outbox;
    if (this.#busy || !control.current) return;
    this.#busy = true;
    try {
      await this.#releaseUnheld();
      const fair = Math.ceil(this.#count / control.alive.length);
      const mine = this.#outbox.ownedParts;
      if (mine.length > fair) await this.#paused(() => this.#leave(mine.slice(fair)));
      else await this.#take(fair - mine.length);
    } finally {
      this.#busy = false;
    }
  }

  /** Releases all parts, so that other gateways take them at once. */
  async leaveAll(): Promise<void> {
    await this.#leave(this.#outbox.ownedParts);
    await this.#outbox.control.leave();
  }

  /**
   * Releases parts that are this gateway's for the brokers only: a claim that was not answered was stored after all, or a
   * release was not. No other gateway would take them.
   */
  async #releaseUnheld(): Promise<void> {
    const { control, ownedParts } = this.#outbox;
    for (let part = 0; part < this.#count; part++)
      if (control.owns(part) && !ownedParts.includes(part)) await control.release(part);
  }

  async #take(room: number): Promise<void> {
    const parts = Array.from({ length: this.#count }, (_, part) => part);
    const free = parts.filter((part) => this.#outbox.control.ownerOf(part) === undefined);
    await Promise.all(free.slice(0, room).map((part) => this.#outbox.take(part)));
  }

  async #leave(parts: readonly number[]): Promise<void> {
    await this.#outbox.flush();
    for (const part of parts) await this.#outbox.leave(part);
  }
}
