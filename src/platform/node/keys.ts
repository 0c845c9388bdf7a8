import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const FILE = 'root.key';
const BYTES = 32;

/**
 * The gateway's own key, made once and kept in the data directory (mode 0600): pseudonyms, cookie signatures and
 * subject keys are derived from it, so losing it ends them all.
 * @throws Error when the directory cannot be written or the file is not a key.
 */
export function rootKey(dataDir: string): Uint8Array {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, FILE);
  try {
    const file = openSync(path, 'wx', 0o600);
    const key = randomBytes(BYTES);
    writeSync(file, key);
    fsyncSync(file);
    closeSync(file);
    return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const key = readFileSync(path);
  if (key.length !== BYTES) {
    throw new Error(
      `${path} is not a key of ${BYTES} bytes; remove it to get a new one (ids and own cookies start anew)`,
    );
  }
  return new Uint8Array(key);
}
