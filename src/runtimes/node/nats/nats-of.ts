import { deriveKey } from '../../../core/hash.ts';
import { secretValue, type GatewayInput } from '../process/gateway-source.ts';
import type { NatsStart } from './open-nats.ts';

/** How to open the brokers of a configuration; undefined = events wait in a file. `sink`: everything is sent to a sink. */
export function natsOf({ config, rootKey }: GatewayInput, sink: boolean): NatsStart | undefined {
  const { outbox } = config.delivery;
  if (outbox === 'sqlite') return undefined;
  const credentials = outbox.credentials && secretValue(outbox.credentials);
  return { config: outbox, credentials, key: deriveKey(rootKey, 'outbox contents'), sink };
}
