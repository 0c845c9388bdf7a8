import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDelivery } from '../../src/runtimes/node/delivery/delivery.ts';
import type { AppendResult } from '../../src/runtimes/node/delivery/append-queue.ts';
import { Runner } from '../../src/runtimes/node/delivery/delivery-runner.ts';
import { queueInfos } from '../../src/outbox/sql/outbox-inspect.ts';
import { noSecrets, outboxRecord, testGateway } from '../support/delivery.ts';
import { until } from '../support/metrics.ts';
import { startRecorder } from '../support/recorder.ts';
import { temporary } from '../support/serve.ts';

// An append that waited too long is answered 503 while the disk hangs. Its sender tries again, so it must not be stored
// when the disk wakes up.

let dir: string;
beforeEach(() => {
  dir = temporary();
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('what the collecting side has given up', () => {
  /** Appends one row each, numbered from 0, and gives the answers in order. `givenUp` is given how often it was asked. */
  async function append(givenUp: (asked: number) => number, elements: readonly string[]): Promise<AppendResult[]> {
    // Opening the outbox asks too.
    let asked = -1;
    const runner = new Runner(testGateway([{ name: 'a' }]), {
      dir,
      name: 'outbox',
      send: () => new Promise(() => {}),
      secrets: noSecrets,
      log: () => {},
      changed: () => {},
      givenUp: () => (asked < 0 ? 0 : givenUp(asked++)),
    });
    asked = 0;
    const answers = elements.map(
      (element, number) =>
        new Promise<AppendResult>((resolve) =>
          runner.append({ records: [outboxRecord('a', element)], withdrawals: [] }, resolve, number),
        ),
    );
    const answered = await Promise.all(answers);
    await runner.stop(0);
    return answered;
  }
  const stored = () => queueInfos(dir, Date.now()).map(({ waiting }) => waiting);

  it('is not stored by the next commit', async () => {
    const [first, second] = await append(() => 1, ['given up', 'wanted']);
    expect(first).toBeInstanceOf(Error);
    expect(second).toEqual(['stored']);
    expect(stored()).toEqual([1]);
  });

  it('is not stored by a commit that has begun, as long as it has not come to the disk', async () => {
    // Given up between the first look, when the commit begins, and the one before it becomes durable.
    const [first, second] = await append((asked) => (asked === 0 ? 0 : 1), ['given up', 'wanted']);
    expect(first).toBeInstanceOf(Error);
    expect(second).toEqual(['stored']);
    expect(stored()).toEqual([1]);
  });
});

it('what was refused while the thread hung is not sent when it wakes up; its withdrawals are carried out', {
  timeout: 60_000,
}, async () => {
  const sink = await startRecorder();
  const input = { routes: [{ name: 'a' }, { name: 'b' }] };
  const module = new URL('./fixtures-gateway.ts', import.meta.url).href;
  const delivery = await startDelivery({ source: { module, input }, dir, sink: sink.url, version: '0', log: () => {} });
  try {
    // Nothing of this one leaves.
    sink.script('b.example.com', () => ({ status: 503 }));
    await delivery.append([outboxRecord('b', 'withdrawn', { subjects: ['visitor'] })], []);
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const reloaded = delivery.reload({ module, input: { ...input, gate } });
    const withdrawals = [{ site: 'shop', subject: 'visitor', signals: 0, closedRoutes: [], at: Date.now() }];
    const refused = delivery.append([outboxRecord('a', 'refused')], withdrawals);
    await expect(refused).rejects.toThrow('the disk does not answer');
    expect(delivery.ready).toBe(false);
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    await reloaded;
    await until('it takes events again', () => delivery.ready);
    expect(await delivery.append([outboxRecord('a', 'repeated')], [])).toEqual(['stored']);
    await until('all is sent', () => delivery.pending === 0);
    expect(sink.to('a.example.com').map(({ body }) => body)).toEqual(['repeated']);
    expect((await delivery.report()).routes['shop/b']?.outcomes).toMatchObject({
      withdrawn: { 'withdrawn.consent': 1 },
    });
  } finally {
    await delivery.stop();
    await sink.close();
  }
});
