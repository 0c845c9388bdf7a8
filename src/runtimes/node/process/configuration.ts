import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Finding } from '../../../config/lint/finding.ts';
import type { Gateway } from '../../../policy/gateway.ts';
import { GATEWAY_SOURCE } from '../delivery/delivery-thread.ts';
import { natsOf } from '../nats/nats-of.ts';
import type { NatsStart } from '../nats/open-nats.ts';
import { rootKey } from './keys.ts';
import type { JsonLog } from './log.ts';
import type { Reloads } from './metric-family.ts';
import type { GatewaySource } from './outbox-thread.ts';
import { keepPolicy } from './policies.ts';
import { readGateway, type ReadGateway } from './read-gateway.ts';
import type { ServeOptions } from './serve-options.ts';
import { Unusable } from './unusable.ts';

/** How often the file is checked, milliseconds. */
const WATCH_INTERVAL = 1_000;

/** The configuration of a running gateway: the one in force, and how it is replaced. */
export class Configuration {
  readonly #options: ServeOptions;
  readonly #log: JsonLog;
  #current: ReadGateway;
  #reloads: Reloads = { succeeded: 0, failed: 0, good: true, at: Date.now() };
  /** Reads run one after the other, so that the last one stays in force. */
  #reloading = Promise.resolve();

  /** Reads the text that the gateway starts with.\n@throws Unusable */
  constructor(options: ServeOptions, log: JsonLog) {
    this.#options = options;
    this.#log = log;
    this.#current = this.#read(options.text);
  }

  /** The configuration in force. */
  get gateway(): Gateway {
    return this.#current.gateway;
  }

  /** The source from which another thread makes the same gateway. */
  get source(): GatewaySource {
    return sourceOf(this.#current);
  }

  /** The brokers that several gateways share; undefined = events wait in a file. */
  get nats(): NatsStart | undefined {
    return natsOf(this.#current.input, this.#options.sink !== undefined);
  }

  get reloads(): Reloads {
    return this.#reloads;
  }

  /** Keeps the text of the policy beside the data, where the hash in the decision log can be looked up. */
  keepPolicy(): void {
    const { gateway, policy } = this.#current;
    try {
      keepPolicy(this.#options.data, gateway.policy, policy);
    } catch (error) {
      this.#log.warn(
        'the text of the policy could not be stored: the hash in lines of the decision log cannot be looked up',
        { code: (error as NodeJS.ErrnoException).code ?? 'unknown' },
      );
    }
  }

  /**
   * Reads the file again. The new configuration is in force once `prepare` is done. If it cannot be used, the previous
   * one stays in force.
   * @param prepare puts it in force in other threads
   * @param inForce called when it is in force here
   */
  reload(prepare: (source: GatewaySource) => Promise<void>, inForce: (gateway: Gateway) => void): void {
    this.#reloading = this.#reloading.then(() => this.#reloadNow(prepare, inForce));
  }

  /** Calls `changed` when the file has changed; the returned function ends that. */
  watchFile(changed: () => void): () => void {
    watchFile(this.#options.file, { interval: WATCH_INTERVAL, persistent: false }, changed);
    return () => unwatchFile(this.#options.file, changed);
  }

  async #reloadNow(
    prepare: (source: GatewaySource) => Promise<void>,
    inForce: (gateway: Gateway) => void,
  ): Promise<void> {
    const { file } = this.#options;
    try {
      const next = this.#read(readFileSync(file, 'utf8'));
      demandSameOutbox(this.#current, next);
      await prepare(sourceOf(next));
      this.#current = next;
      this.keepPolicy();
      inForce(next.gateway);
      this.#reloads = { ...this.#reloads, succeeded: this.#reloads.succeeded + 1, good: true, at: Date.now() };
      this.#log.info('configuration reloaded', { file });
    } catch (error) {
      this.#reloads = { ...this.#reloads, failed: this.#reloads.failed + 1, good: false };
      this.#log.error('the new configuration cannot be used; the previous one stays in force', {
        file,
        reason: error instanceof Unusable ? error.message : ((error as NodeJS.ErrnoException).code ?? 'unreadable'),
      });
    }
  }

  #read(text: string): ReadGateway {
    const { file, sink, data, brokers } = this.#options;
    const written = { text, file, sink: sink !== undefined, brokers, rootKey: () => rootKey(data) };
    return readGateway(written, (finding) => logFinding(finding, this.#log));
  }
}

/** The engine of the outbox and the root key stay those of the start.\n@throws Unusable */
function demandSameOutbox({ input: before }: ReadGateway, { input: next }: ReadGateway): void {
  const [one, other] = [before, next].map(({ config, rootKey: key }) =>
    JSON.stringify([config.delivery.outbox, [...key]]),
  );
  if (one !== other)
    throw new Unusable('delivery.outbox and server.root_key cannot change while the gateway runs: start it again');
}

function sourceOf({ input }: ReadGateway): GatewaySource {
  return { module: GATEWAY_SOURCE, input };
}

function logFinding({ file, line, column, code, kind, message }: Finding, log: JsonLog): void {
  const say = kind === 'warning' ? log.warn : log.info;
  say(message, { file, line, column, code });
}
