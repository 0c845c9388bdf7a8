import { readFileSync } from 'node:fs';
import { UsageError } from './args.ts';

/** The text of a file. @throws UsageError when it cannot be read. */
export function readText(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new UsageError(`cannot read ${path}: ${code}`, { cause: error });
  }
}
