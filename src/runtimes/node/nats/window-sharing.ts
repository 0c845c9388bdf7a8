import { randomBytes } from 'node:crypto';
import type { Log } from '../../../delivery/drain.ts';
import { Names } from '../../../outbox/nats/names.ts';
import { Seal } from '../../../outbox/nats/seal.ts';
import { SharedWindows } from './shared-windows.ts';
import { connectBrokers, WORD, type NatsStart, type OpenedNats } from './open-nats.ts';

/** How often keys are read and counts are sent, milliseconds. */
const LOOK_MS = 500;

/** Shares the windows of replaced ids with the other gateways. It connects when the first site needs a window. */
export class WindowSharing {
  readonly store: SharedWindows;
  readonly #start: NatsStart;
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;
  #opened: OpenedNats | undefined;
  #looking: Promise<void> | undefined;
  #failing = false;

  constructor(start: NatsStart, log: Log) {
    this.#start = start;
    this.#log = log;
    this.store = new SharedWindows({
      broker: () => this.#opened?.broker,
      names: new Names(WORD, start.config.parts),
      seal: new Seal(start.key),
      node: randomBytes(9).toString('base64url'),
      now: Date.now,
    });
    this.#timer = setInterval(() => void this.look(), LOOK_MS).unref();
  }

  /** Asks the brokers. It does not fail if they do not answer. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Sends the rest of the counts to the other gateways, and deletes the keys. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.look();
    this.store.stop();
    await this.#opened?.connection.close();
  }

  async #look(): Promise<void> {
    if (!this.store.wanted) return;
    try {
      this.#opened ??= await connectBrokers(this.#start);
      await this.store.look();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing)
        this.#log(
          'warn',
          'the keys of replaced ids cannot be read from the brokers: hits that need a new key are answered with 503',
          {
            reason: (error as Error).name,
          },
        );
      this.#failing = true;
    }
  }
}
