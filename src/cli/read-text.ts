import { readFileSync } from 'node:fs';
import { UsageError } from './args.ts';

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not read it',
};

/** The text of a file. @throws UsageError when it cannot be read. */
export function readText(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    const words = WORDS[code];
    throw new UsageError(`cannot read ${path}: ${words === undefined ? code : `${words} (${code})`}`, { cause: error });
  }
}
