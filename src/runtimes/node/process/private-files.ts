import { readdirSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { Unusable } from './unusable.ts';

/**
 * The files and folders that the gateway makes in its data directory: keys, and databases with the files beside them.
 */
const OURS = /^(?:[\w.-]+\.key|[\w.-]+\.sqlite[\w.-]*|decisions|policies|lock(?:\.[\w.-]+)?)$/;
/** Permission bits of users who are neither owner nor group. */
const OTHERS = 0o007;
/** More files have the same fault. */
const MOST_NAMED = 20;

/** From here on, others cannot read what this process makes. The operator decides about the group. */
export function makePrivately(): void {
  if (isMainThread) process.umask(process.umask() | OTHERS);
}

/**
 * Refuses a data directory with keys or events that every user of the machine can read. The directory itself is not
 * checked: it may be a mount, which belongs to the platform.
 * @throws Unusable with the command that corrects it
 */
export function demandPrivate(dataDir: string): void {
  // This system has no such bits.
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

/** A file of SQLite may be deleted by now. */
function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // It does not exist yet, or is not readable: then writing to it fails with the reason.
    return [];
  }
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
