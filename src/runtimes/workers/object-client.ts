import { OutboxUnavailable, type Outbox } from '../../delivery/outbox.ts';
import type { Gateway } from '../../policy/gateway.ts';
import { RPC, type OperatorAnswer, type OperatorCall, type OutboxNamespace } from './rpc.ts';

/** The objects, one for each site. All events of a site's visitor are in one object, so that a withdrawal finds them. */
export class ObjectClient implements Outbox {
  readonly #namespace: OutboxNamespace;
  readonly #gateway: Gateway;
  /** It is not known here what waits in the object, so withdrawals are always sent to it. */
  readonly pending = 1;
  readonly shared = true;
  readonly ready = true;

  /** @param jurisdiction where the objects are kept; undefined = anywhere */
  constructor(namespace: OutboxNamespace, gateway: Gateway, jurisdiction: string | undefined) {
    this.#namespace = jurisdiction === undefined ? namespace : namespace.jurisdiction(jurisdiction);
    this.#gateway = gateway;
  }

  append: Outbox['append'] = async (records, withdrawals) => {
    const route = records[0]?.routes[0]?.route ?? '';
    const site = this.#gateway.routeOf.get(route)?.site ?? withdrawals[0]?.site ?? '';
    const answer = await this.#stub(site)
      .append({ rpc: RPC, records, withdrawals })
      .catch(() => ({ refused: 'the outbox does not answer', retryAfter: 5 }));
    if ('stored' in answer) return answer.stored;
    throw new OutboxUnavailable(answer.refused, answer.retryAfter);
  };

  /** What an operator asks of the object of a site. */
  operate(site: string, action: OperatorCall['action'], which: OperatorCall['which']): Promise<OperatorAnswer> {
    return this.#stub(site).operate({ rpc: RPC, action, which });
  }

  #stub(site: string): ReturnType<OutboxNamespace['get']> {
    return this.#namespace.get(this.#namespace.idFromName(site));
  }
}
