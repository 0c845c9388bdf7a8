/**
 * Puts the lock file into the package under the name npm takes it from there (`npm-shrinkwrap.json`), so that whoever
 * installs the package gets the versions it was tested with. `--remove` takes it away again: beside `package-lock.json` it
 * would be a second lock file, and npm would follow it.
 */
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const shrinkwrap = join(root, 'npm-shrinkwrap.json');

if (process.argv.includes('--remove')) rmSync(shrinkwrap, { force: true });
else copyFileSync(join(root, 'package-lock.json'), shrinkwrap);
