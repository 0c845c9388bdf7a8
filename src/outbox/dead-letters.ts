import { readReason, wordsOf } from '../core/reason.ts';
import { signalsOf } from '../core/signals.ts';
import { keyOf, type StoredRecord, type StoredRoute } from './record.ts';

/** A dead letter, without what is in it: nothing of it tells anything of a visitor. */
export interface DeadLetter {
  /** The file it is in, where an engine has several. */
  readonly outbox?: string;
  readonly id: number;
  readonly route: string;
  /** Unix milliseconds. */
  readonly acceptedAt: number;
  readonly diedAt: number;
  readonly expiresAt: number;
  /** Why, as `showReason` wrote it; words only where an earlier version buried it. */
  readonly reason: string;
  /** What the reason says. */
  readonly words: string;
  readonly signals: readonly string[];
  readonly policy: string;
  /** Characters. */
  readonly size: number;
  /** A retry has been asked for and the gateway has not come to it yet. */
  readonly marked: boolean;
}

/** Which dead letters are meant; empty = all. */
export interface Which {
  readonly route?: string | undefined;
  readonly id?: number | undefined;
}

type MaybePromise<T> = T | Promise<T>;

/** What a person can do with the dead letters of an outbox: `portvakt outbox` works with any engine that has these. */
export interface DeadLetters {
  /** The newest first; 100 unless told. */
  list(which?: Which, limit?: number): MaybePromise<readonly DeadLetter[]>;
  /**
   * Asks for another attempt: with the next commit they are at the end of their queue, where age and consent are looked
   * at again. Answers with how many.
   */
  retry(which?: Which): MaybePromise<number>;
  /** Deletes them for good. Answers with how many. */
  purge(which?: Which): MaybePromise<number>;
}

/** When and why an event died, and whether a retry was asked for. */
export interface DeathNote {
  /** Unix milliseconds. */
  readonly died: number;
  /** As `showReason` wrote it. */
  readonly reason: string;
  readonly retry: boolean;
}

/** A dead letter as it is shown; `size`: characters of its body. */
export function letterOf(
  record: Omit<StoredRecord, 'body'>,
  [own]: readonly [StoredRoute, ...StoredRoute[]],
  size: number,
  { died, reason, retry }: DeathNote,
): DeadLetter {
  const { id, acceptedAt, policy } = record;
  const { expiresAt, signals } = own;
  const read = readReason(reason);
  const said = { reason, words: read === undefined ? reason : wordsOf(read), signals: signalsOf(signals), policy };
  return { id, route: keyOf(record, own), acceptedAt, diedAt: died, expiresAt, ...said, size, marked: retry };
}

/** Whether a dead letter of this route is meant. */
export function isMeant(which: Which, id: number, route: string): boolean {
  return (which.id === undefined || which.id === id) && (which.route === undefined || which.route === route);
}

/** The newest first, so many. */
export function newest(letters: readonly DeadLetter[], limit: number): readonly DeadLetter[] {
  return letters.toSorted((a, b) => b.diedAt - a.diedAt || a.id - b.id).slice(0, limit);
}
