import { NoAnswer, WriteRefused, type Broker } from './broker.ts';
import type { Names } from './names.ts';

/** A place where a record may be stored, too: whether it was, nobody could say at the time. */
export interface Doubt {
  readonly part: number;
  readonly key: string;
}

/** What is stored where a record is not to be any more. */
const FENCE = Uint8Array.of(0);
/** How long it is kept, milliseconds: by then nothing is under way any more. */
const FENCE_MS = 60_000;

export function isFence(data: Uint8Array): boolean {
  return data.length === 1 && data[0] === FENCE[0];
}

/**
 * Whether a record was stored there. Asking is writing: where nothing is stored yet, nothing can be from then on.
 * @throws NoAnswer, NoRoom: it has to be asked again
 */
export async function wasStored(broker: Broker, names: Names, { part, key }: Doubt): Promise<boolean> {
  const stream = names.part(part);
  const subject = names.record(part, key);
  try {
    await broker.write(stream, [{ subject, data: FENCE, expected: 0, ttlMs: FENCE_MS }]);
    return false;
  } catch (error) {
    if (!(error instanceof WriteRefused)) throw error;
  }
  const [found] = await broker.last(stream, [subject]);
  if (found === undefined) throw new NoAnswer('the broker that was asked is behind');
  return !isFence(found.data);
}
