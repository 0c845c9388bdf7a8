import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareThread, takeThread } from '../../src/runtimes/node/delivery/delivery-thread.ts';
import type { FromThread, ThreadData } from '../../src/runtimes/node/process/outbox-thread.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'portvakt-thread-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const data = (name: string): ThreadData => ({
  source: { module: new URL('./fixtures-gateway.ts', import.meta.url).href, input: { routes: [{ name: 'a' }] } },
  dir,
  name,
  sink: undefined,
  version: '0',
  shared: false,
  givenUp: new BigInt64Array(new SharedArrayBuffer(16)),
  withdrawn: [],
  given: 0,
});

/** What a thread says first; then it is stopped. */
async function firstWord(thread: ReturnType<typeof takeThread>): Promise<FromThread['kind']> {
  const said = await new Promise<FromThread>((resolve) => thread.once('message', resolve));
  await thread.terminate();
  return said.kind;
}

describe('a delivery thread started ahead of time', () => {
  it('is taken by the first who needs one, and only by them', async () => {
    prepareThread();
    // Threads are numbered as they are started.
    const between = new Worker('', { eval: true }).threadId;
    const [first, second] = [takeThread(data('a')), takeThread(data('b'))];
    expect([first.threadId, second.threadId]).toEqual([between - 1, between + 1]);
    expect(await Promise.all([firstWord(first), firstWord(second)])).toEqual(['started', 'started']);
  });

  it('holds up nobody who has nothing for it to do', () => {
    const file = join(dir, 'gateway.yaml');
    writeFileSync(file, 'sites: []');
    const main = join(import.meta.dirname, '../../src/cli/main.ts');
    const { status, stderr } = spawnSync(process.execPath, [main, 'serve', file, '--data', dir], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect([status, stderr]).toEqual([2, expect.stringContaining(`${file}:1:`)]);
  });
});
