import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Keeps the text of a policy as `<data>/policies/<hash>.json`. So a line of the decision log or a stored event with
 * this hash can be understood long after the configuration has changed. The file is written as a whole or not at all.
 * @throws the errors of the file system
 */
export function keepPolicy(data: string, hash: string, text: string): void {
  const folder = join(data, 'policies');
  const file = join(folder, `${hash}.json`);
  if (existsSync(file)) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unfinished = `${file}.${process.pid}.tmp`;
  writeFileSync(unfinished, text, { mode: 0o600 });
  renameSync(unfinished, file);
}
