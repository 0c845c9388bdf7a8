import { closeSync, fstatSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** The most processes of one gateway; adopted outboxes come in addition. */
const PLACES = 256;

/**
 * Tells the other processes on a data directory that this one holds a withdrawal which the disk does not take. They
 * send nothing meanwhile, because they cannot read whose withdrawal it is. It is one byte a process in a file of fixed
 * size, so that writing it needs no room.
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
    // An ended process held its withdrawals in memory, so they are lost.
    this.#write(0);
  }

  /** Whether this process holds a withdrawal. */
  tell(held: boolean): void {
    if (held === this.#set) return;
    this.#write(held ? 1 : 0);
    this.#set = held;
  }

  /** Whether another process holds a withdrawal. */
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
 * Clears the flags of ended processes. To be called before the first process of a gateway starts: there may be fewer
 * processes than before, and nobody else would clear the flags of the others.
 */
export function forgetHeld(dir: string): void {
  rmSync(fileIn(dir), { force: true });
}

const fileIn = (dir: string): string => join(dir, 'withdrawals.held');
