import { readdirSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { Unusable } from './unusable.ts';

/** What the gateway makes in its data directory: keys, databases with what belongs to them, folders. */
const OURS = /^(?:[\w.-]+\.key|[\w.-]+\.sqlite[\w.-]*|decisions|policies|lock(?:\.[\w.-]+)?)$/;
/** Permission bits of everybody who is neither owner nor group. */
const OTHERS = 0o007;
/** More are the same fault again. */
const MOST_NAMED = 20;

/** From here on, nothing this process makes can be read by others; the group's share is the operator's business. */
export function makePrivately(): void {
  if (isMainThread) process.umask(process.umask() | OTHERS);
}

/**
 * Refuses a data directory with keys or events that everybody on the machine can read. The directory itself is not
 * looked at: it may be a mount, which belongs to the platform.
 * @throws Unusable with the command that corrects it
 */
export function demandPrivate(dataDir: string): void {
  // There are no such bits.
  if (process.platform === 'win32') return;
  const open = openFiles(dataDir);
  if (open.length === 0) return;
  const named = open.slice(0, MOST_NAMED).map(quoted).join(' ');
  throw new Unusable(
    `others than owner and group can get at ${open.length} file${open.length === 1 ? '' : 's'} of the data directory, with keys or events in ${open.length === 1 ? 'it' : 'them'}. Mend it with\n  chmod o-rwx ${named}`,
  );
}

function openFiles(dataDir: string): string[] {
  const open: string[] = [];
  const look = (folder: string, names: readonly string[]): void => {
    for (const name of names) {
      const path = join(folder, name);
      const stats = statOf(path);
      if (stats === undefined) continue;
      if ((stats.mode & OTHERS) !== 0) open.push(path);
      if (stats.isDirectory()) look(path, namesIn(path));
    }
  };
  look(
    dataDir,
    namesIn(dataDir).filter((name) => OURS.test(name)),
  );
  return open;
}

/** A file of SQLite may be gone by now. */
function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Not there yet, or not readable: then writing to it fails with the reason.
    return [];
  }
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
