import { mkdirSync, mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { rootKey } from '../../src/runtimes/node/process/keys.ts';

const folder = () => join(mkdtempSync(join(tmpdir(), 'keys-')), 'data');

it('makes a key once, for its owner only, and leaves nothing else behind', () => {
  const dir = folder();
  const key = rootKey(dir);
  expect(key).toHaveLength(32);
  expect(rootKey(dir)).toEqual(key);
  expect(rootKey(folder())).not.toEqual(key);
  expect(readdirSync(dir)).toEqual(['root.key']);
  expect(statSync(join(dir, 'root.key')).mode & 0o777).toBe(0o600);
});

it('is not stopped by what a process left that was killed while it made the key', () => {
  const dir = folder();
  mkdirSync(dir);
  // Half a draft of the same process number, as in a container, where it is always 1.
  writeFileSync(join(dir, `root.key.${process.pid}`), 'half');
  expect(rootKey(dir)).toHaveLength(32);
  expect(readdirSync(dir)).toEqual(['root.key']);
});

it('refuses a file that is no key rather than start with another identity', () => {
  const dir = folder();
  rootKey(dir);
  writeFileSync(join(dir, 'root.key'), 'short');
  expect(() => rootKey(dir)).toThrow('is not a key of 32 bytes');
});
