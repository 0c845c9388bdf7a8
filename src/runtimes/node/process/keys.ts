import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const FILE = 'root.key';
const BYTES = 32;

/**
 * The gateway's own key, made once and kept in the data directory (mode 0600). Pseudonyms, cookie signatures and
 * subject keys are derived from it, so losing it ends all of them.
 * @throws Error when the directory cannot be written or the file is not a key.
 */
export function rootKey(dataDir: string): Uint8Array {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, FILE);
  if (!existsSync(path)) makeKey(dataDir, path);
  const key = readFileSync(path);
  if (key.length !== BYTES) {
    throw new Error(
      `${path} is not a key of ${BYTES} bytes; remove it to get a new one (ids and own cookies start anew)`,
    );
  }
  return new Uint8Array(key);
}

/**
 * It is written under another name first: a process that is killed here must not leave half a key, which no start would
 * accept.
 */
function makeKey(dataDir: string, path: string): void {
  const draft = `${path}.${process.pid}`;
  const file = openSync(draft, 'w', 0o600);
  writeSync(file, randomBytes(BYTES));
  fsyncSync(file);
  closeSync(file);
  try {
    // This fails where another process was faster: then the key of that process counts.
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  unlinkSync(draft);
  const folder = openSync(dataDir, 'r');
  fsyncSync(folder);
  closeSync(folder);
}
