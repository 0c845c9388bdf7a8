import { OutboxUnavailable, type Outbox } from '../../delivery/outbox.ts';
import { Counters } from '../../ledger/counters.ts';
import { flatten, type Flat } from '../../outbox/append-codec.ts';
import type { Gateway } from '../../policy/gateway.ts';
import { RPC, type OperatorAnswer, type OperatorCall, type OutboxNamespace, type Refused } from './rpc.ts';

const NO_ANSWER: Refused = { refused: 'the outbox does not answer', retryAfter: 5 };

/** The objects, one for each site. All events of a site's visitor are in one object, so that a withdrawal finds them. */
export class ObjectClient implements Outbox {
  readonly #namespace: OutboxNamespace;
  readonly #gateway: Gateway;
  readonly #counters: Counters;
  /** By name of the site: each is a hash, and the same for every hit. */
  readonly #ids = new Map<string, unknown>();
  /** It is not known here what waits in the object, so withdrawals are always sent to it. */
  readonly pending = 1;
  readonly shared = true;
  readonly ready = true;

  /**
   * @param jurisdiction where the objects are kept; undefined = anywhere
   * @param counters the counts of this worker, which are sent to the objects
   */
  constructor(
    namespace: OutboxNamespace,
    gateway: Gateway,
    jurisdiction: string | undefined,
    counters: Counters = new Counters(),
  ) {
    this.#counters = counters;
    this.#namespace = jurisdiction === undefined ? namespace : namespace.jurisdiction(jurisdiction);
    this.#gateway = gateway;
  }

  append: Outbox['append'] = async (records, withdrawals) => {
    const route = records[0]?.routes[0]?.route ?? '';
    const site = this.#gateway.routeOf.get(route)?.site ?? withdrawals[0]?.site ?? '';
    const append: Flat = [];
    flatten(append, records, withdrawals);
    const answer = await this.#stub(site)
      .append({ rpc: RPC, append })
      .catch(() => NO_ANSWER);
    if ('stored' in answer) return answer.stored;
    throw new OutboxUnavailable(answer.refused, answer.retryAfter);
  };

  /** Tells what has been counted since; any object will do, because their numbers are added up. */
  async tellCounts(): Promise<void> {
    const counts = this.#counters.take();
    if (Object.keys(counts).length === 0) return;
    const answer = await this.#stub(this.#gateway.sites[0]?.name ?? '')
      .count({ rpc: RPC, counts })
      .catch(() => NO_ANSWER);
    if ('refused' in answer) this.#counters.add(counts);
  }

  /** What an operator asks of the object of a site. */
  operate(site: string, action: OperatorCall['action'], which: OperatorCall['which']): Promise<OperatorAnswer> {
    return this.#stub(site).operate({ rpc: RPC, action, which });
  }

  #stub(site: string): ReturnType<OutboxNamespace['get']> {
    let id = this.#ids.get(site);
    if (id === undefined) this.#ids.set(site, (id = this.#namespace.idFromName(site)));
    return this.#namespace.get(id);
  }
}
