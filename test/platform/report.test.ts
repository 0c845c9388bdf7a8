import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Stored } from '../../src/delivery/outbox.ts';
import { Runner } from '../../src/runtimes/node/delivery/delivery-runner.ts';
import type { RunnerOptions } from '../../src/runtimes/node/delivery/runner-options.ts';
import { noSecrets, outboxRecord, testGateway } from '../support/delivery.ts';
import { temporary } from '../support/serve.ts';

// Every (event, route) is in exactly one place at any time (design 2).

const ROWS = 20;

/** Appends rows and gives every report until none waits; `status` is what the vendor answers. */
async function reports(status: number): Promise<{ ended: number; waiting: number; dead: number }[]> {
  const dir = temporary();
  const options: RunnerOptions = {
    dir,
    name: 'outbox',
    send: async () => ({ status, at: Date.now(), headers: {}, body: '' }),
    secrets: noSecrets,
    log: () => {},
    changed: () => {},
  };
  const runner = new Runner(testGateway([{ name: 'meta' }]), options);
  const records = Array.from({ length: ROWS }, (_, n) => outboxRecord('meta', `event-${n}`));
  await new Promise<readonly Stored[]>((resolve, reject) => {
    runner.append({ records, withdrawals: [] }, (result) =>
      result instanceof Error ? reject(result) : resolve(result),
    );
  });
  const seen: { ended: number; waiting: number; dead: number }[] = [];
  const end = performance.now() + 10_000;
  do {
    // As often as the event loop turns, so that every moment of a delivery is looked at.
    await new Promise((resolve) => setImmediate(resolve));
    const { routes, queues } = runner.report();
    const outcomes = Object.values(routes['shop/meta']?.outcomes ?? {}).flatMap((reasons) => Object.values(reasons));
    const queue = queues['shop/meta'];
    seen.push({
      ended: outcomes.reduce((sum, n) => sum + n, 0),
      waiting: queue?.waiting ?? 0,
      dead: queue?.dead ?? 0,
    });
  } while ((seen.at(-1)?.ended ?? 0) < ROWS && performance.now() < end);
  await runner.stop(0);
  rmSync(dir, { recursive: true });
  return seen;
}

it('counts what was delivered as delivered or as waiting, never as both', async () => {
  const seen = await reports(204);
  expect(seen.at(-1)).toEqual({ ended: ROWS, waiting: 0, dead: 0 });
  for (const { ended, waiting } of seen) expect(ended + waiting).toBe(ROWS);
});

it('shows what was refused among the dead letters as soon as it is counted', async () => {
  const seen = await reports(400);
  expect(seen.at(-1)).toEqual({ ended: ROWS, waiting: 0, dead: ROWS });
  for (const { ended, waiting, dead } of seen) {
    expect(ended + waiting).toBe(ROWS);
    expect(dead).toBe(ended);
  }
});
