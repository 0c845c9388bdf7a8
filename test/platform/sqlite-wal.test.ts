import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readWal } from '../../src/outbox/sql/sqlite-wal.ts';
import { temporary } from '../support/serve.ts';

// sqlite.org/fileformat2.html 4: the states in which a killed process may leave a log, and those it must not leave.

const HEADER = 32;
const FRAME = 24 + 4_096;

let dir: string;
let db: DatabaseSync;
beforeEach(() => {
  dir = temporary();
  db = new DatabaseSync(join(dir, 'some.sqlite'));
  db.exec('PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0');
  db.exec('CREATE TABLE t (n INTEGER PRIMARY KEY, x TEXT)');
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
});
afterEach(() => {
  db.close();
  rmSync(dir, { recursive: true });
});

/** One transaction of about three pages each. */
function commit(times: number): void {
  for (let i = 0; i < times; i++) db.exec(`INSERT INTO t (x) VALUES ('${'x'.repeat(8_000)}')`);
}
const log = (): Buffer => readFileSync(join(dir, 'some.sqlite-wal'));
/** Frames at the start of the log that have the salts of its header. */
function framesInLog(): number {
  const wal = log();
  let frame = 0;
  while (at(frame) < wal.length && wal.compare(wal, 16, 24, at(frame) + 8, at(frame) + 16) === 0) frame++;
  return frame;
}
const at = (frame: number): number => HEADER + frame * FRAME;
function flipped(wal: Buffer, byte: number): Buffer {
  const spoilt = Buffer.from(wal);
  spoilt.writeUInt8(spoilt.readUInt8(byte) ^ 4, byte);
  return spoilt;
}

describe('a log of commits', () => {
  it('is damaged where the salt of its last commit is, which looks like the end of the log', () => {
    commit(3);
    db.exec("INSERT INTO t (x) VALUES ('one page')");
    const wal = log();
    const last = framesInLog() - 1;
    for (let byte = 8; byte < 16; byte++) {
      const read = readWal(flipped(wal, at(last) + byte));
      expect([read.taken <= last, read.frames.length, read.damaged]).toEqual([true, last + 1, true]);
    }
  });

  it('is taken whole when nothing happened to it', () => {
    commit(5);
    const frames = framesInLog();
    expect(frames).toBeGreaterThan(10);
    expect(readWal(log())).toMatchObject({ taken: frames, damaged: false });
  });

  it('is not damaged, wherever it ends: what was written last is incomplete', () => {
    commit(4);
    const before = framesInLog();
    commit(1);
    const wal = log();
    for (let size = at(before); size < wal.length; size += 101)
      expect(readWal(wal.subarray(0, size))).toMatchObject({ taken: before, damaged: false });
  });

  it('is damaged when a bit of what was committed has changed', () => {
    commit(5);
    const wal = log();
    const last = framesInLog() - 1;
    for (let frame = 0; frame <= last; frame++) {
      // In the page number, in the checksum, in the page.
      for (const byte of [1, 17, 30, 2_000, FRAME - 1])
        expect(readWal(flipped(wal, at(frame) + byte)), `frame ${frame}, byte ${byte}`).toMatchObject({
          damaged: true,
        });
    }
    expect(readWal(flipped(wal, 9))).toMatchObject({ damaged: true, taken: 0 });
  });
});

describe('a log that is written again from its start', () => {
  /** Frames of the first time and of the second; what is left of the first lies behind. */
  function again(): { wal: Buffer; old: number; now: number } {
    commit(8);
    const old = framesInLog();
    db.exec('PRAGMA wal_checkpoint(RESTART)');
    commit(2);
    const now = framesInLog();
    const wal = log();
    expect(now).toBeLessThan(old - 3);
    expect(wal.length).toBe(at(old));
    return { wal, old, now };
  }

  it('is not damaged by what is left of the last time', () => {
    const { wal, now } = again();
    const read = readWal(wal);
    expect(read).toMatchObject({ taken: now, damaged: false });
    expect(read.frames).toHaveLength(now);
  });

  it('is not damaged when the process ended in the middle of a frame, and the older page there is not believed', () => {
    const { wal, now } = again();
    for (const written of [24, 25, 1_000, FRAME - 1]) {
      const torn = Buffer.from(wal);
      const frame = Buffer.alloc(FRAME, 7);
      frame.writeUInt32BE(3, 0);
      frame.writeUInt32BE(written === 24 ? 12 : 0, 4);
      wal.copy(frame, 8, 16, 24);
      frame.copy(torn, at(now), 0, written);
      const read = readWal(torn);
      expect(read).toMatchObject({ taken: now, damaged: false });
      expect(read.frames).toHaveLength(now);
    }
  });

  it('is damaged when a bit of what was committed before has changed', () => {
    const { wal, now } = again();
    for (let frame = 0; frame < now - 1; frame++)
      expect(readWal(flipped(wal, at(frame) + 2_000))).toMatchObject({ damaged: true });
  });
});
