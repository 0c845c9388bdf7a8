import { SERVER, type NatsConfig } from '../config/outbox-schema.ts';
import { UsageError } from './args.ts';

/** The monitor port is so far above the client port: by default NATS has 4222 and 8222. */
const MONITOR_ABOVE = 4_000;
const PARTS = 3;

/**
 * The brokers of `--outbox nats://host:4222[,...]`, in place of `delivery.outbox` of the configuration. One broker keeps
 * each event once, three or more keep it three times.
 * @throws UsageError
 */
export function brokersOf(text: string, sink: string | undefined): NatsConfig {
  const servers = text.split(',');
  for (const server of servers)
    if (!SERVER.test(server))
      throw new UsageError(
        `--outbox takes brokers, e.g. nats://127.0.0.1:4222, or three with commas between them; user and password go into \`delivery.outbox.credentials\` of the configuration, without --outbox`,
      );
  if (servers.length === 2)
    throw new UsageError('--outbox takes one broker or at least three: two have no majority when one of them is down');
  if (servers.length === 1 && sink === undefined)
    throw new UsageError(
      '--outbox with one broker keeps each event on one disk only: add --sink http://127.0.0.1:PORT for a test, or name three brokers',
    );
  return {
    engine: 'nats',
    servers,
    replicas: servers.length === 1 ? 1 : 3,
    parts: PARTS,
    monitor: servers.map(monitorOf),
  };
}

function monitorOf(server: string): string {
  const { hostname, port } = new URL(server);
  const monitor = Number(port) + MONITOR_ABOVE;
  if (monitor > 65_535)
    throw new UsageError(
      `--outbox asks the monitor port, ${MONITOR_ABOVE} above the port of the broker: there is none for ${server}; name it in \`delivery.outbox.monitor\` of the configuration`,
    );
  return `http://${hostname}:${monitor}`;
}
