import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SqliteOutbox } from '../../src/outbox/sql/outbox-sqlite.ts';
import type { StorePolicy } from '../../src/outbox/store-policy.ts';
import { WithdrawalLog } from '../../src/outbox/sql/withdrawal-log.ts';
import { startDelivery } from '../../src/runtimes/node/delivery/delivery.ts';
import { reason } from '../../src/core/reason.ts';
import { outboxRecord } from '../support/delivery.ts';
import { startRecorder } from '../support/recorder.ts';

const POLICY: Omit<StorePolicy, 'maxSize'> = {
  subjectKey: () => 9,
  remembers: () => true,
  shared: false,
  everybodyOf: () => undefined,
  siteOf: () => 'shop',
  mayStay: () => true,
  deadLetters: 1e9,
};
const dir = mkdtempSync(join(tmpdir(), 'full-disk-'));
// A file system of its own needs rights that not every machine gives.
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', dir]).status === 0;

describe.skipIf(!mounted)('a disk that is full (R55)', () => {
  const filler = join(dir, 'filler');
  let sink: Awaited<ReturnType<typeof startRecorder>>;
  beforeAll(async () => {
    sink = await startRecorder();
  });
  afterAll(async () => {
    await sink.close();
    spawnSync('umount', [dir]);
    rmSync(dir, { recursive: true, force: true });
  });

  it('takes nothing in, loses nothing it has taken, and recovers without a restart', async () => {
    const up = sink.script('a.example.com', () => ({ status: 503 }));
    const input = { routes: [{ name: 'a', maxBatch: 100 }] };
    const module = new URL('./fixtures-gateway.ts', import.meta.url).href;
    const delivery = await startDelivery({
      source: { module, input },
      dir,
      sink: sink.url,
      version: '0',
      log: () => {},
    });
    const taken: string[] = [];
    const take = async (n: number): Promise<boolean> => {
      try {
        await delivery.append([outboxRecord('a', `${n} ${'x'.repeat(1_000)}`)], []);
        taken.push(String(n));
        return true;
      } catch {
        return false;
      }
    };
    for (let n = 0; n < 50; n++) expect(await take(n)).toBe(true);
    writeFileSync(filler, Buffer.alloc(0));
    for (let size = 4 << 20; size >= 4096; size >>= 1) {
      try {
        writeFileSync(filler, Buffer.alloc(size), { flag: 'a' });
      } catch {
        // Until nothing fits any more.
      }
    }
    let refused = 0;
    for (let n = 50; n < 2_000 && refused < 100; n++) if (!(await take(n))) refused++;
    expect(refused).toBe(100);
    expect(delivery.ready).toBe(false);

    rmSync(filler);
    const wait = async (done: () => boolean) => {
      for (const end = Date.now() + 40_000; !done(); ) {
        if (Date.now() > end) throw new Error('waited in vain');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    await wait(() => delivery.ready);
    expect(await take(9_999)).toBe(true);
    up();
    await wait(() => delivery.pending === 0);
    await delivery.stop();
    const arrived = new Set(sink.requests.flatMap(({ body }) => body.split('\n').map((line) => line.split(' ')[0])));
    expect(taken.filter((n) => !arrived.has(n))).toEqual([]);
  });
});

describe.skipIf(!mounted)('a small disk', () => {
  const small = mkdtempSync(join(tmpdir(), 'small-disk-'));
  beforeAll(() => void spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', small]));
  afterAll(() => {
    spawnSync('umount', ['-l', small]);
    rmSync(small, { recursive: true, force: true });
  });

  // While writing does not work, nothing that ends is written: then all of it waits at once.
  it('is left by all that has ended, however much of it waits to be written', async () => {
    const log = new WithdrawalLog(join(small, 'withdrawals.sqlite'));
    const policy = { ...POLICY, maxSize: 1e9 };
    const outbox = new SqliteOutbox(join(small, 'outbox.sqlite'), log, () => policy, Date.now);
    const record = () => outboxRecord('a', 'x'.repeat(10_000), { acceptedAt: Date.now() });
    let bytes = 0;
    while (bytes < 9 << 20) {
      outbox.commit([{ records: [record()], withdrawals: [] }]);
      // The log is copied back and emptied, as every so often: nothing of the reserve is used.
      outbox.probe();
      bytes += 10_000;
    }
    expect(outbox.full).toBe(false);
    const { records } = outbox.read('shop/a', 0, 1e6);
    for (const { id } of records) outbox.settle('shop/a', id, 'delivered');
    let failed = 0;
    while (outbox.unwritten > 0 && failed < 10) {
      try {
        outbox.commit([]);
      } catch {
        failed++;
        outbox.probe();
        outbox.measureRoom();
      }
    }
    expect(outbox.unwritten, `${records.length} ended`).toBe(0);
    expect(outbox.pending).toBe(0);

    // Dead letters of the same size that a person retries.
    bytes = 0;
    while (bytes < 9 << 20) {
      const { added } = outbox.commit([{ records: [record()], withdrawals: [] }]);
      for (const { id } of added.get('shop/a') ?? []) outbox.bury('shop/a', id, reason('vendor.refused'));
      outbox.probe();
      bytes += 10_000;
    }
    outbox.commit([]);
    outbox.probe();
    const asked = await outbox.dead.retry();
    expect(asked).toBeGreaterThan(900);
    let opened = 0;
    for (let turn = 0; turn < 200 && opened < asked; turn++) {
      try {
        opened += outbox.commit([]).added.get('shop/a')?.length ?? 0;
      } catch {
        outbox.probe();
        outbox.measureRoom();
      }
    }
    expect(opened).toBe(asked);
    outbox.close();
    log.close();
  });
});
