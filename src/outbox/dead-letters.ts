import { readReason, wordsOf } from '../core/reason.ts';
import { signalsOf } from '../core/signals.ts';
import { keyOf, type StoredRecord, type StoredRoute } from './record.ts';

/** A dead letter without its body. No part of it says anything about a visitor. */
export interface DeadLetter {
  /** The file it is in, where an engine has several. */
  readonly outbox?: string;
  readonly id: number;
  readonly route: string;
  /** Unix milliseconds. */
  readonly acceptedAt: number;
  readonly diedAt: number;
  readonly expiresAt: number;
  /** The reason, as `showReason` wrote it; words only where an earlier version wrote them. */
  readonly reason: string;
  /** The words of the reason. */
  readonly words: string;
  readonly signals: readonly string[];
  readonly policy: string;
  /** Characters. */
  readonly size: number;
  /** A person has asked for another attempt, and the gateway has not started it yet. */
  readonly marked: boolean;
}

/** Which dead letters are meant; an empty filter means all. */
export interface Which {
  readonly route?: string | undefined;
  readonly id?: number | undefined;
}

type MaybePromise<T> = T | Promise<T>;

/** What a person can do with the dead letters of an outbox. `portvakt outbox` works with any engine that has these. */
export interface DeadLetters {
  /** The newest first; at most 100 by default. */
  list(which?: Which, limit?: number): MaybePromise<readonly DeadLetter[]>;
  /**
   * Asks for another attempt. With the next commit the dead letters are at the end of their queue, where age and
   * consent are checked again. Returns how many.
   */
  retry(which?: Which): MaybePromise<number>;
  /** Deletes them for good. Returns how many. */
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

/** The newest first, at most this many. */
export function newest(letters: readonly DeadLetter[], limit: number): readonly DeadLetter[] {
  return letters.toSorted((a, b) => b.diedAt - a.diedAt || a.id - b.id).slice(0, limit);
}
