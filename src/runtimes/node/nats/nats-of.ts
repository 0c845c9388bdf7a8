import { deriveKey } from '../../../core/hash.ts';
import { secretValue, type GatewayInput } from '../process/gateway-source.ts';
import type { NatsStart } from './open-nats.ts';

/** The brokers that several gateways share; undefined = events wait in a file. `sink`: everything goes to one. */
export function natsOf({ config, rootKey }: GatewayInput, sink: boolean): NatsStart | undefined {
  const { outbox } = config.delivery;
  if (outbox === 'sqlite') return undefined;
  const credentials = outbox.credentials && secretValue(outbox.credentials);
  return { config: outbox, credentials, key: deriveKey(rootKey, 'outbox contents'), sink };
}
