import type { IncomingMessage } from 'node:http';
import { LIMITS } from '../../../protocols/limits.ts';

/** Bytes of all bodies that have begun to arrive and are not decided yet. */
const MOST_BUFFERED = 64 * 1024 * 1024;
/** The first room for a body that comes in pieces. */
const FIRST_ROOM = 4 * 1024;

let buffered = 0;

/**
 * A body as it arrives. Pieces are copied together: a client may send single bytes, and kept as pieces they would take
 * a hundred times their size. `free` must be called at the end in any case.
 */
export class Body {
  readonly #most: number;
  #bytes: Buffer | undefined;
  #size = 0;
  #pieces = 0;
  /** Its part of `buffered`. */
  #room = 0;
  /** Only `#bytes` is written to, never the memory of a piece. */
  #own = false;

  /** @param most the most bytes it may have. */
  constructor(most: number = LIMITS.body) {
    this.#most = most;
  }

  /** Adds a piece. Returns whether it fits. */
  add(piece: Buffer): 'taken' | 'too large' | 'no room' {
    const size = this.#size + piece.length;
    if (size > this.#most || ++this.#pieces > LIMITS.pieces) return 'too large';
    const room = this.#bytes === undefined ? piece.length : this.#roomFor(size);
    if (buffered + room - this.#room > MOST_BUFFERED) return 'no room';
    buffered += room - this.#room;
    this.#put(piece, room);
    this.#room = room;
    this.#size = size;
    return 'taken';
  }

  text(): string {
    return this.#bytes === undefined ? '' : this.#bytes.toString('utf8', 0, this.#size);
  }

  free(): void {
    buffered -= this.#room;
    this.#room = 0;
    this.#bytes = undefined;
  }

  #roomFor(size: number): number {
    let room = this.#own ? this.#room : FIRST_ROOM;
    while (room < size) room *= 2;
    return room;
  }

  #put(piece: Buffer, room: number): void {
    if (this.#bytes === undefined) {
      // Most bodies come in one piece, which is not copied.
      this.#bytes = piece;
      return;
    }
    if (!this.#own || room > this.#room) {
      const larger = Buffer.allocUnsafeSlow(room);
      this.#bytes.copy(larger, 0, 0, this.#size);
      this.#bytes = larger;
      this.#own = true;
    }
    piece.copy(this.#bytes, this.#size);
  }
}

/** The length that a client states for its body; 0 where it states none. */
export function saidLength({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0);
}
