import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as demo from '../../src/demo/cluster/brokers.ts';

export { NATS_VERSION, type RunningBroker } from '../../src/demo/cluster/brokers.ts';

/** Where `nats-server` is; undefined = there is none. */
export const natsServer: string | undefined = demo.findNatsServer(process.env);

/** Without it a test is skipped; where everything has to be there it fails. */
export const skipNats = natsServer === undefined && process.env['CI'] !== 'true';

/** Starts so many brokers on loopback, each with a disk of its own; one is no cluster. */
export function startBrokers(
  count: number,
  options: Pick<demo.BrokerOptions, 'sync' | 'more'> = {},
): Promise<readonly demo.RunningBroker[]> {
  const folder = () => mkdtempSync(join(tmpdir(), 'portvakt-nats-'));
  return demo.startBrokers(count, { program: natsServer as string, folder, ...options });
}
