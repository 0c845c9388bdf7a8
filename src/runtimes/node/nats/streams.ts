import type { JetStreamManager, StreamConfig, StreamInfo } from '@nats-io/jetstream';
import type { Names } from '../../../outbox/nats/names.ts';

/** The properties that make events safe in the streams. */
export interface StreamsWanted {
  readonly names: Names;
  readonly replicas: number;
  /** Bytes of all parts together. */
  readonly maxSize: number;
}

/** A stream has settings with which events would not be safe. */
export class UnsafeStream extends Error {
  override readonly name = 'UnsafeStream';
}

/** Bytes of the stream with the windows of replaced ids: the values shown by a few hundred thousand visitors. */
const WINDOWS = 64e6;

/** Makes the streams that are missing, and checks the others. @throws UnsafeStream, and the library's errors */
export async function demandStreams(manager: JetStreamManager, wanted: StreamsWanted): Promise<readonly StreamInfo[]> {
  const { names } = wanted;
  const infos: StreamInfo[] = [];
  infos.push(await demandStream(manager, wanted, { name: names.control, subjects: names.all('control') }));
  for (let part = 0; part < names.parts; part++) {
    const stream = { name: names.part(part), subjects: names.all(part), maxBytes: mostBytes(wanted) };
    infos.push(await demandStream(manager, wanted, stream));
  }
  const windows = {
    name: names.windows,
    subjects: names.all('windows'),
    storage: 'memory',
    maxBytes: WINDOWS,
  } as const;
  await demandStream(manager, wanted, windows);
  const more = await manager.streams.info(names.part(names.parts)).catch(() => undefined);
  if (more !== undefined)
    throw new UnsafeStream(
      `stream ${more.config.name} exists, but delivery.outbox.parts is ${names.parts}: its events would never be sent; write as many parts as before`,
    );
  return infos;
}

/**
 * Bytes of a stream. Gateways accept no more events at `maxSize`. The rest is room for what they write when an event
 * ends, because otherwise a full stream would stay full, and for the marks that recognise repeats.
 */
function mostBytes({ names, maxSize }: StreamsWanted): number {
  return (2 * maxSize) / names.parts + 256e6;
}

interface Stream {
  readonly name: string;
  readonly subjects: string;
  readonly storage?: 'file' | 'memory';
  readonly maxBytes?: number;
}

async function demandStream(
  manager: JetStreamManager,
  { replicas }: StreamsWanted,
  { name, subjects, storage = 'file', maxBytes = 0 }: Stream,
): Promise<StreamInfo> {
  const config = {
    name,
    subjects: [subjects],
    storage,
    retention: 'limits',
    discard: 'new',
    num_replicas: replicas,
    max_msgs_per_subject: 1,
    ...(maxBytes > 0 && { max_bytes: Math.floor(maxBytes) }),
    allow_atomic: true,
    allow_msg_ttl: true,
    allow_direct: true,
  } as const;
  let info = await manager.streams.info(name).catch((error: unknown) => {
    if (/not found/i.test((error as Error).message)) return undefined;
    throw error;
  });
  info ??= await manager.streams.add(config as unknown as StreamConfig);
  const problem = problemOf(info.config, config);
  if (problem !== undefined) throw new UnsafeStream(`stream ${name} ${problem}`);
  return info;
}

type WantedConfig = Pick<StreamConfig, 'num_replicas'> & { readonly storage: 'file' | 'memory' };

/** Why events in a stream would not be safe; undefined = they are. */
function problemOf(found: StreamConfig, wanted: WantedConfig): string | undefined {
  if (found.storage !== wanted.storage)
    return wanted.storage === 'file'
      ? 'is in memory: its content is lost when the brokers stop; its storage has to be file'
      : 'is on file: the keys of windows that have ended would stay there; its storage has to be memory';
  if (found.num_replicas < wanted.num_replicas)
    return `has ${found.num_replicas} replicas, fewer than the ${wanted.num_replicas} of delivery.outbox.replicas`;
  if (found.persist_mode === 'async') return 'acknowledges before it writes (persist_mode async)';
  if (found.allow_atomic !== true) return 'takes no atomic batches: allow_atomic has to be true';
  if (found.allow_msg_ttl !== true) return 'keeps messages for ever: allow_msg_ttl has to be true';
  if (found.max_msgs_per_subject !== 1) return 'keeps replaced messages: max_msgs_per_subject has to be 1';
  if (found.discard !== 'new' || found.retention !== 'limits')
    return 'deletes old messages when it is full: discard has to be new, and retention limits';
  if ((found.max_age ?? 0) !== 0) return 'deletes messages by their age: max_age has to be 0';
  return undefined;
}
