import { WriteRefused, type Broker } from './broker.ts';

/** How long the message of a removal is kept, milliseconds: followers have to read it. */
export const GONE_MS = 5_000;
export const NOTHING = new Uint8Array(0);

/**
 * Removes what is removed already, of these subjects. A removal can be stored without an answer, and its message be
 * deleted before the follower reads again. Then nothing says that it was stored, and every batch with it is refused. Each
 * message that is written here tells the follower so. It is written only where there is none: so it removes nothing.
 * @throws NoAnswer, NoRoom
 */
export async function removeAgain(broker: Broker, stream: string, subjects: readonly string[]): Promise<void> {
  if (subjects.length === 0) return;
  const there = new Set((await broker.last(stream, subjects)).map(({ subject }) => subject));
  const again = async (subject: string): Promise<void> => {
    try {
      await broker.write(stream, [{ subject, data: NOTHING, expected: 0, ttlMs: GONE_MS }]);
    } catch (error) {
      // A follower has answered, which does not have it yet.
      if (!(error instanceof WriteRefused)) throw error;
    }
  };
  await Promise.all(subjects.filter((subject) => !there.has(subject)).map(again));
}
