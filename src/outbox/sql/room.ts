import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Marks } from './marks.ts';
import type { Statements } from './open-database.ts';
import { PAGE_SIZE } from './outbox-schema.ts';
import type { StorePolicy } from '../store-policy.ts';
import type { WithdrawalLog } from './withdrawal-log.ts';

/**
 * Room on the disk that new events do not get, bytes. Delivered events need it to be deleted, since every change is
 * first written to the log (8 MB) and then to the file. On a small disk it is a quarter of the disk.
 */
const RESERVE = 32 * 1024 * 1024;
const RESERVE_PART = 4;
/** Bytes by which the outbox may grow before the room on the disk is measured again. */
const LOOK_EVERY = 1024 * 1024;
/** Bytes that may change before the size of the file is asked again, because each question is a statement. */
const MEASURE_EVERY = 64 * 1024;
/** From this share of `maxSize` on, it is asked each time. */
const NEARLY_FULL = 0.9;
/** The largest share of `maxSize`, and of the disk, that the record of withdrawals may take. */
const LOG_PART = 8;
const LOG_PART_OF_DISK = 16;

/** The pages of the file, and how many of them are free. */
interface Size {
  readonly pages: number;
  readonly free: number;
}

/** How room is measured. */
export interface RoomOf {
  readonly file: string;
  readonly sql: Statements;
  readonly marks: Marks;
  readonly log: WithdrawalLog;
  readonly policy: () => StorePolicy;
  /** Copies the write-ahead log back into the file. */
  readonly copyLog: () => void;
}

/** How much room the outbox takes and how much there is: in the file, which never shrinks, and on the disk. */
export class Room {
  readonly #of: RoomOf;
  readonly #dir: string;
  #bytes = 0;
  /** About how many bytes were written and deleted since they were counted. */
  #changed = 0;
  /** `#bytes` when the room was last measured. */
  #lookedAt = 0;
  /** Bytes of free pages inside the file. */
  #free = 0;
  #short = 0;
  #cramped = false;
  #logLimit = Infinity;

  constructor(of: RoomOf) {
    this.#of = of;
    this.#dir = dirname(of.file);
  }

  /** Bytes in use. Free pages inside the file do not count, and marks have a limit of their own. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The share of `maxSize` that is in use, the record of withdrawals included. */
  get used(): number {
    const { log, policy } = this.#of;
    return (this.#bytes + log.bytes) / policy().maxSize;
  }

  /** Bytes that are missing; below 0 = there is more room than needed. */
  get short(): number {
    return this.#short;
  }

  /** Room has run short. */
  get cramped(): boolean {
    return this.#cramped;
  }

  /** Bytes that the record of withdrawals may take. */
  get logLimit(): number {
    return this.#logLimit;
  }

  /** About this many bytes were written or deleted. */
  changedBy(bytes: number): void {
    this.#changed += bytes;
  }

  /** Measures whether there is room. */
  measure(): void {
    const { file, marks, policy, copyLog } = this.#of;
    const { bavail, blocks, bsize } = statfsSync(this.#dir);
    const disk = blocks * bsize;
    // Data that is only in the log will need its place in the file as well.
    const size = this.#size();
    this.#count(size);
    this.#lookedAt = this.#bytes;
    const growth = Math.max(0, size.pages * PAGE_SIZE - statSync(file).size);
    this.#short = Math.min(RESERVE, disk / RESERVE_PART) + growth - bavail * bsize - this.#free;
    // Marks are deleted before an event is refused for lack of room.
    this.#cramped = this.#short > marks.bytes;
    // The log is copied back while there is room for it. The deletions that make room can then be written over it.
    if (this.#cramped && growth > 0) copyLog();
    this.#logLimit = Math.min(policy().maxSize / LOG_PART, disk / LOG_PART_OF_DISK);
  }

  /** Asks for the size of the file when this is due. Inside the transaction nothing has to be locked for it. */
  sizeIfDue(): Size | undefined {
    return this.#changed >= MEASURE_EVERY || this.used >= NEARLY_FULL ? this.#size() : undefined;
  }

  /** A transaction is done; `size` is the result of `sizeIfDue` inside it. */
  committed(size: Size | undefined): void {
    // It is measured again within a second.
    this.#short = 0;
    if (size === undefined) return;
    this.#count(size);
    if (this.#bytes >= this.#lookedAt + LOOK_EVERY) this.measure();
  }

  #size(): Size {
    const { page_count: pages } = this.#of.sql.pageCount.get() as { page_count: number };
    const { freelist_count: free } = this.#of.sql.freeCount.get() as { freelist_count: number };
    return { pages, free };
  }

  #count({ pages, free }: Size): void {
    this.#changed = 0;
    this.#free = free * PAGE_SIZE;
    this.#bytes = Math.max(0, (pages - free) * PAGE_SIZE - this.#of.marks.bytes);
  }
}
