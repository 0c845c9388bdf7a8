import type { NatsOutbox } from '../../../outbox/nats/nats-outbox.ts';

/**
 * Which parts this gateway delivers: each has a fair share of them. A part that nobody delivers is taken; one too many is
 * left when another gateway has come, once nothing of it is under way.
 */
export class Parts {
  readonly #outbox: NatsOutbox;
  readonly #count: number;
  readonly #paused: (body: () => Promise<void>) => Promise<void>;
  #busy = false;

  /** @param paused does something while nothing is under way */
  constructor(outbox: NatsOutbox, count: number, paused: (body: () => Promise<void>) => Promise<void>) {
    this.#outbox = outbox;
    this.#count = count;
    this.#paused = paused;
  }

  /** Takes and leaves what is to be taken and left. @throws where the brokers do not answer */
  async look(): Promise<void> {
    const { control } = this.#outbox;
    if (this.#busy || !control.current) return;
    this.#busy = true;
    try {
      const fair = Math.ceil(this.#count / control.alive.length);
      const mine = this.#outbox.ownedParts;
      if (mine.length > fair) await this.#paused(() => this.#leave(mine.slice(fair)));
      else await this.#take(fair - mine.length);
    } finally {
      this.#busy = false;
    }
  }

  /** Leaves all of them, so that others take them at once. */
  async leaveAll(): Promise<void> {
    await this.#leave(this.#outbox.ownedParts);
    await this.#outbox.control.leave();
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
