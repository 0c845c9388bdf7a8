import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Names } from '../../../outbox/nats/names.ts';

/** The values needed to move leaders. */
export interface Leading {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly names: Names;
}

const STEP_MS = 5_000;

/**
 * Puts the leaders of the parts on different brokers. Then the loss of one broker stops only some parts for the seconds of
 * an election. After a restart of the brokers one by one, all leaders may be on one of them. While a broker is
 * unreachable, no leader is moved.
 * @throws the library's errors, where the brokers do not answer
 */
export async function spreadLeaders({ connection, manager, names }: Leading): Promise<void> {
  const parts = Array.from({ length: names.parts }, (_, part) => names.part(part));
  const infos = await Promise.all(parts.map((part) => manager.streams.info(part)));
  if (!infos.every(allThere)) return;
  const leaders = new Set(infos.map(({ cluster }) => cluster?.leader));
  const most = Math.min(infos.length, ...infos.map((info) => brokersOf(info).length));
  if (leaders.size >= most) return;
  await Promise.all(
    infos.map(async (info, part) => {
      const brokers = brokersOf(info);
      const preferred = brokers[part % brokers.length];
      if (brokers.length < 2 || preferred === info.cluster?.leader) return;
      const asked = JSON.stringify({ placement: { preferred } });
      await connection
        .request(`$JS.API.STREAM.LEADER.STEPDOWN.${info.config.name}`, asked, { timeout: STEP_MS })
        .catch(() => undefined);
    }),
  );
}

/** The brokers that keep a stream, always in the same order. */
function brokersOf({ cluster }: StreamInfo): string[] {
  const others = (cluster?.replicas ?? []).map(({ name }) => name);
  return [cluster?.leader ?? '', ...others].filter((name) => name !== '').toSorted((a, b) => a.localeCompare(b));
}

function allThere({ cluster }: StreamInfo): boolean {
  return (cluster?.replicas ?? []).every(({ offline }) => !offline);
}
