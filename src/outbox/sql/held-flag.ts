import { closeSync, fstatSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Processes of one gateway at most, and adopted outboxes beside them. */
const PLACES = 256;

/**
 * Tells the other processes on a data directory that a withdrawal is held here which the disk does not take: they send
 * nothing meanwhile, because they cannot know whose it is. One byte a process in a file that has its size from the start,
 * so that writing it needs no room.
 */
export class HeldFlag {
  readonly #fd: number;
  readonly #place: number;
  readonly #bytes = Buffer.alloc(PLACES);
  #set = false;

  /** `name`: of the outbox, `outbox` or `outbox-N`. */
  constructor(dir: string, name: string) {
    const number = /-(\d+)$/.exec(name)?.[1];
    this.#place = number === undefined ? 0 : (Number(number) + 1) % PLACES;
    const file = fileIn(dir);
    closeSync(openSync(file, 'a', 0o600));
    this.#fd = openSync(file, 'r+');
    if (fstatSync(this.#fd).size < PLACES) writeSync(this.#fd, this.#bytes, 0, PLACES, 0);
    // What an ended process held was in its memory and is lost.
    this.#write(0);
  }

  /** Whether something is held here. */
  tell(held: boolean): void {
    if (held === this.#set) return;
    this.#write(held ? 1 : 0);
    this.#set = held;
  }

  /** Whether another process holds something. */
  get elsewhere(): boolean {
    readSync(this.#fd, this.#bytes, 0, PLACES, 0);
    return this.#bytes.some((byte, place) => byte !== 0 && place !== this.#place);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #write(byte: number): void {
    writeSync(this.#fd, Buffer.of(byte), 0, 1, this.#place);
  }
}

/**
 * What processes held that are gone is gone with them. To be called before the first of a gateway starts: there may be
 * fewer of them than before, and nobody else would take back what the others have told.
 */
export function forgetHeld(dir: string): void {
  rmSync(fileIn(dir), { force: true });
}

const fileIn = (dir: string): string => join(dir, 'withdrawals.held');
