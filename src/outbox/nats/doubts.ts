import { NoAnswer, WriteRefused, type Broker } from './broker.ts';
import type { Names } from './names.ts';

/** A second place where a record may be stored: the write to it was not answered. */
export interface Doubt {
  readonly part: number;
  readonly key: string;
}

/** The content that blocks a subject: no record can be stored there afterwards. */
const FENCE = Uint8Array.of(0);
/** How long it is kept, milliseconds: longer than any write takes. */
const FENCE_MS = 60_000;

export function isFence(data: Uint8Array): boolean {
  return data.length === 1 && data[0] === FENCE[0];
}

/**
 * Whether a record was stored there. The question is asked by a write that blocks the subject: if no record is there
 * now, none can be stored there later.
 * @throws NoAnswer, NoRoom: the question has to be repeated
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
