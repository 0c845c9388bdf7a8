import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

// The programs that check the files of deploy/. `.ci/run` installs them; without one its tests are skipped, and fail
// with CI=true.

const root = join(import.meta.dirname, '../..');
const VENV = join(import.meta.dirname, '.venv/bin');
const GO = process.env['GOBIN'] ?? join(homedir(), 'go/bin');
const PLACES = [VENV, GO, ...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];

/** Where a program is; its bare name if it is missing, so that the attempt to start it fails with that name. */
export function program(name: string): string {
  return PLACES.map((place) => join(place, name)).find((path) => existsSync(path)) ?? name;
}

/** Whether the tests of a program are skipped on this machine. */
export function absent(name: string): boolean {
  const missing = program(name) === name;
  if (missing && process.env['CI'] !== 'true')
    console.warn(`${name} is not installed, what it checks in deploy/ is skipped; .ci/run installs it`);
  return missing && process.env['CI'] !== 'true';
}

/** The Python that has the packages of `requirements.txt`. */
export const PYTHON = join(VENV, 'python');

/** Path of a file in deploy/. */
export const deployed = (file: string): string => join(root, 'deploy', file);
