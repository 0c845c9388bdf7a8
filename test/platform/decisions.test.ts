import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { LoggedDecision, Decisions } from '../../src/ledger/decisions.ts';
import { keepDecisions, type DecisionLog } from '../../src/runtimes/node/process/decisions.ts';
import { cookiebot } from '../support/hits.ts';
import { startRecorder } from '../support/recorder.ts';
import { serve, temporary } from '../support/serve.ts';

const DAY = 86_400_000;
const NOON = Date.parse('2026-11-23T12:30:00Z');

const line = (hour: string, count = 1): LoggedDecision => ({
  hour,
  site: 'shop.example.no',
  policy: 'b347a7c0fbdcbc90',
  source: 'json',
  platform: null,
  version: null,
  conflict: false,
  signals: [],
  interest: [],
  route: 'shop.example.no/ga4',
  verdict: 'blocked',
  outcome: 'blocked',
  reason: 'consent',
  removed: [],
  count,
});

/** Decisions that are given out once each, in order. */
function given(...lots: LoggedDecision[][]): Decisions & { readonly asked: number[] } {
  const asked: number[] = [];
  return { asked, take: (before: number) => (asked.push(before), lots.shift() ?? []) } as unknown as Decisions & {
    asked: number[];
  };
}

describe('the files of the decision log', () => {
  const open: DecisionLog[] = [];
  afterEach(() => open.splice(0).forEach((log) => log.stop()));
  const errors: string[] = [];
  const start = (decisions: Decisions, dir: string, keep = 90 * DAY, now = () => NOON): DecisionLog => {
    const log = keepDecisions({ decisions, dir, keep: () => keep, now, log: { error: (msg) => errors.push(msg) } });
    open.push(log);
    return log;
  };

  it('are one a day, readable by their owner only, and only ever appended to', () => {
    const dir = join(temporary(), 'decisions');
    const decisions = given([line('2026-11-22T23'), line('2026-11-23T00')], [line('2026-11-23T11', 7)]);
    start(decisions, dir).stop();
    expect(decisions.asked).toEqual([NOON, Infinity]);
    expect(readdirSync(dir).sort()).toEqual(['2026-11-22.jsonl', '2026-11-23.jsonl']);
    const lines = readFileSync(join(dir, '2026-11-23.jsonl'), 'utf8').trimEnd().split('\n');
    expect(lines.map((text) => JSON.parse(text) as LoggedDecision)).toEqual([
      line('2026-11-23T00'),
      line('2026-11-23T11', 7),
    ]);
    expect(statSync(dir).mode & 0o077).toBe(0);
    expect(statSync(join(dir, '2026-11-23.jsonl')).mode & 0o077).toBe(0);
  });

  it('go when they are too old, and nothing else goes', () => {
    const dir = temporary();
    for (const name of ['2026-08-24.jsonl', '2026-08-25.jsonl', '2026-11-23.jsonl', 'notes.txt'])
      writeFileSync(join(dir, name), 'x');
    // 90 days after the end of 24 August is 23 November, 00:00.
    start(given(), dir);
    expect(readdirSync(dir).sort()).toEqual(['2026-08-25.jsonl', '2026-11-23.jsonl', 'notes.txt']);
  });

  it('are none at all when switched off', () => {
    const dir = temporary();
    writeFileSync(join(dir, '2026-11-23.jsonl'), 'x');
    start(given([line('2026-11-23T11')]), dir, 0).stop();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('lose nothing while the disk does not take them, and the operator is told once', () => {
    const dir = join(temporary(), 'decisions');
    writeFileSync(dir, 'a file where the directory should be');
    errors.length = 0;
    const log = start(given([line('2026-11-23T10')], [line('2026-11-23T11')]), dir);
    log.tick();
    expect(errors).toEqual(['the decision log cannot be written']);
    rmSync(dir);
    log.tick();
    const lines = readFileSync(join(dir, '2026-11-23.jsonl'), 'utf8').trimEnd().split('\n');
    expect(lines.map((text) => (JSON.parse(text) as LoggedDecision).hour)).toEqual(['2026-11-23T10', '2026-11-23T11']);
  });
});

describe('a gateway', () => {
  it('writes its decisions when it stops', async () => {
    const recorder = await startRecorder();
    const gateway = await serve({
      sink: recorder.url,
      config: `
sites:
  - hosts: [127.0.0.1]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations: { ga4: { measurement_id: G-TEST000001 } }
`,
    });
    const cid = `482310557.${Math.floor(Date.now() / 1000) - 60}`;
    const send = (choice: Parameters<typeof cookiebot>[0]) =>
      fetch(`${gateway.url}/g/collect?v=2&tid=G-TEST000001&cid=${cid}&en=page_view&uid=crm-8841`, {
        method: 'POST',
        headers: { origin: 'https://shop.example.no', cookie: cookiebot(choice, Date.now() - 60_000) },
      });
    for (const choice of [{ statistics: true }, { statistics: true }, {}])
      expect((await send(choice)).status).toBe(204);
    expect(await gateway.stop()).toBe(0);
    await recorder.close();
    const dir = join(gateway.data, 'decisions');
    const text = readdirSync(dir)
      .map((file) => readFileSync(join(dir, file), 'utf8'))
      .join('');
    const counts = text
      .trimEnd()
      .split('\n')
      .map((one) => JSON.parse(one) as LoggedDecision)
      .map(({ outcome, removed, count }) => [outcome, removed, count]);
    // Two lots where the hour ended in between.
    const sum = (outcome: string) =>
      counts.filter(([one]) => one === outcome).reduce((n, [, , count]) => n + Number(count), 0);
    expect([sum('stored'), sum('blocked')]).toEqual([2, 1]);
    expect(
      counts.filter(([outcome]) => outcome === 'stored').every(([, removed]) => String(removed) === 'user_id'),
    ).toBe(true);
    expect(text).not.toMatch(/482310557|crm-8841|127\.0\.0\.1:/);
  });
});
