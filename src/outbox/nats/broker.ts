/** A message to be written. */
export interface Message {
  readonly subject: string;
  /** Empty = the subject has no content any more. */
  readonly data: Uint8Array;
  /** The sequence of the last message of the subject, 0 = there is none. If it is another one, nothing is written. */
  readonly expected?: number | undefined;
  /** After this time the brokers delete it, milliseconds; the shortest time they accept is a second. */
  readonly ttlMs?: number | undefined;
}

/** A message that was stored. */
export interface StoredMessage {
  readonly subject: string;
  readonly seq: number;
  readonly data: Uint8Array;
}

export interface Following {
  stop(): void;
}

/**
 * The functions of the brokers that the engine uses. A stream keeps the last message of each subject, on the disks of
 * most of its brokers. All readers get the messages in the same order.
 */
export interface Broker {
  /**
   * Writes all of these messages in their order, or none of them. Returns the sequence of the last one.
   * @param patienceMs how long to wait for an answer, milliseconds; a second by default
   * @throws WriteRefused, NoRoom, NotSent: none is written. NoAnswer: they may be written or not.
   */
  write(stream: string, messages: readonly Message[], patienceMs?: number): Promise<number>;
  /** The last message of each of these subjects that has one. It may be outdated: a follower answers, too. @throws NoAnswer */
  last(stream: string, subjects: readonly string[]): Promise<readonly StoredMessage[]>;
  /**
   * Calls `received` with each message that is stored under `subjects` (with wildcards), and then with each new one, in
   * order. Calls `complete` once, after all messages that were there at the start. Errors are retried without an end.
   */
  follow(
    stream: string,
    subjects: readonly string[],
    received: (message: StoredMessage) => void,
    complete: () => void,
  ): Following;
  /** Deletes the oldest messages under `subjects` (with wildcards), so that at most `most` are left. @throws NoAnswer */
  keep(stream: string, subjects: string, most: number): Promise<void>;
  /** Bytes of a stream. @throws NoAnswer */
  bytes(stream: string): Promise<number>;
}

/** A subject's last message is not the one that the writer expected. */
export class WriteRefused extends Error {
  override readonly name = 'WriteRefused';
}

/** The stream is full. */
export class NoRoom extends Error {
  override readonly name = 'NoRoom';
}

/** The brokers do not answer, or have no majority. */
export class NoAnswer extends Error {
  override readonly name: string = 'NoAnswer';
}

/** No broker was connected or listening: nothing was sent, so certainly nothing is written. */
export class NotSent extends NoAnswer {
  override readonly name = 'NotSent';
}
