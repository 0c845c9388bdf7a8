import { configOf, type RouteName } from '../torture/support/world.ts';
import { startGateway } from '../torture/support/gateway.ts';
import { startBrokers, type RunningBroker } from './nats.ts';
import type { Served } from './serve.ts';

/** The key that the gateways of a test share. */
export const ROOT_KEY = '6b'.repeat(32);

export interface ClusterOptions {
  readonly brokers: number;
  readonly gateways: number;
  readonly routes: readonly RouteName[];
  readonly sink: string;
  readonly parts?: number;
  /** More of the `delivery` section. */
  readonly delivery?: string;
}

/** Brokers and gateways on this machine, each with a disk of its own. */
export interface Cluster {
  readonly brokers: readonly RunningBroker[];
  readonly gateways: Served[];
  readonly config: string;
  /** One more gateway, on an empty disk. */
  readonly startGateway: () => Promise<Served>;
  /** Starts a gateway in the place of the one that was there. */
  readonly replace: (index: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** The configuration of a gateway on these brokers. */
export function clusterConfig(
  brokers: readonly Pick<RunningBroker, 'url' | 'monitor'>[],
  routes: readonly RouteName[],
  { parts = 3, delivery = '' }: Pick<ClusterOptions, 'parts' | 'delivery'> = {},
): string {
  const list = (of: 'url' | 'monitor') => brokers.map((broker) => broker[of]).join(', ');
  const replicas = brokers.length >= 3 ? 3 : 1;
  const outbox = `{ engine: nats, servers: [${list('url')}], monitor: [${list('monitor')}], replicas: ${replicas}, parts: ${parts} }`;
  const more = delivery === '' ? '' : `, ${delivery}`;
  return `server: { root_key: "\${PORTVAKT_ROOT_KEY}" }\n${configOf(routes, `outbox: ${outbox}${more}`)}`;
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { routes, sink } = options;
  const brokers = await startBrokers(options.brokers);
  const config = clusterConfig(brokers, routes, options);
  const env = { PORTVAKT_ROOT_KEY: ROOT_KEY };
  const start = () => startGateway({ config, sink, env });
  const gateways: Served[] = [];
  try {
    // The first one makes the streams.
    for (let i = 0; i < options.gateways; i++) gateways.push(await start());
  } catch (error) {
    for (const { kill } of brokers) await kill();
    throw error;
  }
  return {
    brokers,
    gateways,
    config,
    startGateway: start,
    replace: async (index) => {
      gateways[index] = await start();
    },
    stop: async () => {
      await Promise.all(gateways.map((gateway) => gateway.stop('SIGKILL')));
      for (const { kill } of brokers) await kill();
    },
  };
}
