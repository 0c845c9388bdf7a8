/** One message of a change. */
export interface Message {
  readonly subject: string;
  /** Empty = what the subject had is gone. */
  readonly data: Uint8Array;
  /** The sequence of the last message of the subject, 0 = there is none: any other, and nothing is written. */
  readonly expected?: number | undefined;
  /** After so long it is gone by itself, milliseconds; the brokers take no less than a second. */
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
 * What the engine needs of the brokers. A stream keeps the last message of each subject, on the disks of most of its
 * brokers, in one order for all who read.
 */
export interface Broker {
  /**
   * Writes all of these or none, one after the other; answers with the sequence of the last one.
   * @param patienceMs how long an answer is waited for, milliseconds; a second unless told
   * @throws WriteRefused, NoRoom, NotSent: none is written. NoAnswer: nobody knows.
   */
  write(stream: string, messages: readonly Message[], patienceMs?: number): Promise<number>;
  /** The last message of each of these subjects that has one; a reader that is behind may miss the newest. @throws NoAnswer */
  last(stream: string, subjects: readonly string[]): Promise<readonly StoredMessage[]>;
  /**
   * Hands over what is stored under `subjects` (with wildcards), and then what comes, in order. `heard` is told once that
   * all that was there has come; whoever cannot be read is tried again for ever.
   */
  follow(
    stream: string,
    subjects: readonly string[],
    heard: (message: StoredMessage) => void,
    complete: () => void,
  ): Following;
  /** Deletes the oldest under `subjects` (with wildcards), so that no more than `most` are left. @throws NoAnswer */
  keep(stream: string, subjects: string, most: number): Promise<void>;
  /** Bytes of a stream. @throws NoAnswer */
  bytes(stream: string): Promise<number>;
}

/** Something else was stored under one of the subjects than the writer knew. */
export class WriteRefused extends Error {
  override readonly name = 'WriteRefused';
}

/** The stream has all it may have. */
export class NoRoom extends Error {
  override readonly name = 'NoRoom';
}

/** The brokers do not answer, or have no majority. */
export class NoAnswer extends Error {
  override readonly name: string = 'NoAnswer';
}

/** Nobody was there to whom it could have been sent: certainly nothing is written. */
export class NotSent extends NoAnswer {
  override readonly name = 'NotSent';
}
