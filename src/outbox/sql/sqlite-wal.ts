import { PAGE_SIZE } from './outbox-schema.ts';

/** One page as a transaction wrote it. */
export interface WalFrame {
  readonly page: number;
  /** A whole page. Where a torn file has less, the rest is zeros. */
  readonly data: Buffer;
  /** Its checksum is correct. */
  readonly good: boolean;
}

export interface Wal {
  /** The frames of the log's current generation, in order; older frames after them are left out. */
  readonly frames: readonly WalFrame[];
  /** How many of them SQLite will use: up to the last commit before the first damaged frame. */
  readonly taken: number;
  /** Committed frames are damaged. A last write that ended with its process does not count. */
  readonly damaged: boolean;
}

const HEADER = 32;
const FRAME_HEADER = 24;
const FRAME = FRAME_HEADER + PAGE_SIZE;
const MAGIC = 0x377f0682;

/**
 * Reads a write-ahead log (sqlite.org/walformat.html). SQLite stops at the first frame with a wrong checksum, because
 * each checksum includes those before it. But each frame keeps its own sum, so each can be checked with the sum of the
 * frame before it.
 */
export function readWal(file: Buffer): Wal {
  if (file.length <= HEADER) return { frames: [], taken: 0, damaged: false };
  const bigEndian = file.readUInt32BE(0) === MAGIC + 1;
  const headerGood =
    (file.readUInt32BE(0) & ~1) === MAGIC &&
    file.readUInt32BE(8) === PAGE_SIZE &&
    sumsMatch(checksum(file, 0, 24, 0, 0, bigEndian), file, 24);
  // With a damaged header, the first frame tells the generation.
  const salts = headerGood ? file.subarray(16, 24) : file.subarray(HEADER + 8, HEADER + 16);
  const count = Math.ceil((file.length - HEADER) / FRAME);
  const found: (WalFrame & { current: boolean; commit: boolean; whole: boolean; follows: boolean })[] = [];
  for (let i = 0; i < count; i++) {
    const at = HEADER + i * FRAME;
    if (file.length < at + FRAME_HEADER) break;
    const before = i === 0 ? 24 : at - FRAME + 16;
    const whole = file.length >= at + FRAME;
    const data = whole
      ? file.subarray(at + FRAME_HEADER, at + FRAME)
      : Buffer.concat([file.subarray(at + FRAME_HEADER)], PAGE_SIZE);
    const follows = whole && frameGood(file, at, before, bigEndian);
    const salted = file.compare(salts, 0, 8, at + 8, at + 16) === 0;
    found.push({
      page: file.readUInt32BE(at),
      data,
      // The sum does not cover the salt: a frame whose sum continues one of this generation belongs to it, whatever its
      // salt.
      current: salted || (follows && (found.at(-1)?.current ?? headerGood)),
      whole,
      follows,
      commit: file.readUInt32BE(at + 4) !== 0,
      good: salted && follows,
    });
  }
  const end = found.findLastIndex(({ current }) => current) + 1;
  const frames = found.slice(0, end);
  // A frame is written head first. In a longer log, an older page may follow the last head, and its rows were delivered
  // long ago. So a mismatch there is no sign of damage.
  const overwriting = end < found.length && frames.at(-1)?.follows === false;
  if (overwriting) frames.pop();
  const firstBad = headerGood ? frames.findIndex(({ good }) => !good) : 0;
  const valid = firstBad === -1 ? frames : frames.slice(0, firstBad);
  const behind = firstBad === -1 ? [] : frames.slice(firstBad + 1);
  return {
    frames,
    taken: valid.findLastIndex(({ commit }) => commit) + 1,
    // A later commit was written after it, and so was the end of the file.
    damaged: !headerGood || behind.some(({ good, commit }) => good && commit) || frames[firstBad]?.whole === true,
  };
}

function frameGood(file: Buffer, at: number, before: number, bigEndian: boolean): boolean {
  const head = checksum(file, at, 8, file.readUInt32BE(before), file.readUInt32BE(before + 4), bigEndian);
  return sumsMatch(checksum(file, at + FRAME_HEADER, PAGE_SIZE, head[0], head[1], bigEndian), file, at + 16);
}

function sumsMatch(sums: readonly [number, number], file: Buffer, at: number): boolean {
  return sums[0] === file.readUInt32BE(at) && sums[1] === file.readUInt32BE(at + 4);
}

function checksum(
  file: Buffer,
  at: number,
  length: number,
  a: number,
  b: number,
  bigEndian: boolean,
): [number, number] {
  let first = a;
  let second = b;
  for (let i = at; i < at + length; i += 8) {
    const x = bigEndian ? file.readUInt32BE(i) : file.readUInt32LE(i);
    const y = bigEndian ? file.readUInt32BE(i + 4) : file.readUInt32LE(i + 4);
    first = (first + x + second) >>> 0;
    second = (second + y + first) >>> 0;
  }
  return [first, second];
}
