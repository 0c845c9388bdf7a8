import { existsSync } from 'node:fs';
import { outboxesIn } from '../../../outbox/sql/outbox-inspect.ts';
import { orphans, outboxName } from '../../../outbox/sql/outbox-names.ts';
import { startDelivery, type Delivery, type DeliveryOptions } from '../delivery/delivery.ts';
import type { GatewaySource } from './outbox-thread.ts';
import type { DeliveryReport } from './metrics.ts';
import { Unusable } from './unusable.ts';
import type { MemberPlace } from './serve-options.ts';

/**
 * Refuses to start with events in a file where brokers are used: a withdrawal at another gateway would not reach them.
 * @throws Unusable
 */
async function demandNoFile(dir: string): Promise<void> {
  const queues = existsSync(dir) ? await outboxesIn(dir).queues(Date.now()) : [];
  const left = queues.reduce((sum, { waiting, awaiting = 0, dead }) => sum + waiting + awaiting + dead, 0);
  if (left > 0)
    throw new Unusable(
      `${left} events wait in a file of ${dir}: let them be delivered with \`outbox: sqlite\` first, or delete what is left of them (portvakt outbox purge)`,
    );
}

/** The outboxes that a process delivers from: its own, and those of processes that no longer exist. */
export class Outboxes {
  /** The outbox that takes the events accepted here. */
  readonly own: Delivery;
  readonly #all: readonly Delivery[];

  private constructor(own: Delivery, adopted: readonly Delivery[]) {
    this.own = own;
    this.#all = [own, ...adopted];
  }

  /** Starts all of them. Rejects when one of them cannot start. */
  static async start(
    options: Omit<DeliveryOptions, 'name' | 'shared'>,
    member: MemberPlace | undefined,
  ): Promise<Outboxes> {
    if (options.nats !== undefined) {
      await demandNoFile(options.dir);
      return new Outboxes(await startDelivery({ ...options, shared: true }), []);
    }
    const left = orphans(options.dir, member);
    const shared = member !== undefined || left.length > 0;
    const names = [outboxName(member), ...left];
    const started = await Promise.all(names.map((name) => startDelivery({ ...options, name, shared })));
    const [own, ...adopted] = started as [Delivery, ...Delivery[]];
    return new Outboxes(own, adopted);
  }

  /** Routes that wait for a person, with the reason. */
  get stopped(): Delivery['stopped'] {
    return Object.assign({}, ...this.#all.map((outbox) => outbox.stopped)) as Delivery['stopped'];
  }

  /** Whether the ends of events are reported. */
  watch(watched: boolean): void {
    for (const outbox of this.#all) outbox.watch(watched);
  }

  /** The report of each outbox. An outbox whose thread is being started again is left out. */
  async reports(): Promise<readonly DeliveryReport[]> {
    const reports = await Promise.all(this.#all.map((outbox) => outbox.report().catch(() => undefined)));
    return reports.filter((report) => report !== undefined);
  }

  /** Puts another configuration in force in each outbox. Rejects when one of them cannot use it. */
  async reload(source: GatewaySource): Promise<void> {
    await Promise.all(this.#all.map((outbox) => outbox.reload(source)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map((outbox) => outbox.stop()));
  }
}
