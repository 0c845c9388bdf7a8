import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { goesToOutbox, recordOf } from '../../src/delivery/records.ts';
import type { OutboxRecord } from '../../src/delivery/outbox.ts';
import { decideRequest as decide } from '../../src/decide/request.ts';
import { Runner } from '../../src/runtimes/node/delivery/delivery-runner.ts';
import type { RunnerOptions } from '../../src/runtimes/node/delivery/runner-options.ts';
import type { Gateway } from '../../src/policy/gateway.ts';
import { gatewayOf, jsonHit } from '../support/hits.ts';
import { fine } from './support/sink.ts';
import { pause } from './support/load.ts';
import type { Form, Summary } from './support/summary.ts';
import { configOf, eventId, idsIn, purchases } from './support/world.ts';

const DB = 'outbox.sqlite';
const WAL = 'outbox.sqlite-wal';
/** Rows in the outbox that is damaged, and how many of them are in the file; the others are in its log only. */
const ROWS = 80;
const IN_FILE = 60;
/** Trials at the same time: each waits for timers most of the time. */
const AT_ONCE = 8;
/** Bytes at the end of the log that are cut off, one more each time (R51). */
const TAIL = 65_536;

type Files = ReadonlyMap<string, Buffer>;

/** How to spoil a copy of the files. */
interface Spoil {
  readonly name: string;
  readonly trials: (full: boolean) => number;
  readonly spoil: (files: Files, trial: number, trials: number) => Files;
}

const SPOILS: readonly Spoil[] = [
  {
    name: 'log cut short',
    trials: (full) => (full ? TAIL : 12),
    spoil: (files, trial, trials) => {
      const log = files.get(WAL) ?? Buffer.alloc(0);
      return new Map([...files, [WAL, log.subarray(0, log.length - Math.round(((trial + 1) * TAIL) / trials))]]);
    },
  },
  { name: 'bit flipped in the log', trials: (full) => (full ? 5_000 : 20), spoil: (files) => flipped(files, WAL) },
  { name: 'bit flipped in the file', trials: (full) => (full ? 5_000 : 20), spoil: (files) => flipped(files, DB) },
];

function flipped(files: Files, name: string): Files {
  const bytes = Buffer.from(files.get(name) ?? Buffer.alloc(1));
  const at = Math.floor(Math.random() * bytes.length);
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << Math.floor(Math.random() * 8)), at);
  return new Map([...files, [name, bytes]]);
}

/** Torn and flipped files: it starts, loses at most the record that was hit, and counts it (R51, R53). */
export async function damage({ full, say, minutes = Infinity }: Form): Promise<Summary> {
  const started = performance.now();
  const gateway = gatewayOf(configOf(['meta']), Date.now());
  const files = await filled(gateway);
  const problems: string[] = [];
  const figures: Record<string, string> = {
    'bytes in the file': String(files.get(DB)?.length),
    'bytes in the log': String(files.get(WAL)?.length),
  };
  let acknowledged = 0;
  let delivered = 0;
  let duplicates = 0;
  let left = SPOILS.length;
  for (const { name, trials: planned, spoil } of SPOILS) {
    const end = performance.now() + (minutes * 60_000 - (performance.now() - started)) / left--;
    const wanted = planned(full);
    const lost: number[] = [];
    let unnoticed = 0;
    let next = 0;
    const trials = async (): Promise<void> => {
      while (next < wanted && performance.now() < end) {
        const trial = next++;
        const found = await survive(gateway, spoil(files, trial, wanted));
        lost.push(ROWS - found.ids.size);
        acknowledged += ROWS;
        delivered += found.ids.size;
        duplicates += found.sent - found.ids.size;
        if (found.ids.size < ROWS && found.damaged === 0) unnoticed++;
        if (found.problem !== undefined) problems.push(`${name}, trial ${trial}: ${found.problem}`);
        if (trial % 1_000 === 999) say(`${name}: ${trial + 1} of ${wanted}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, trials));
    const most = Math.max(0, ...lost);
    const losing = lost.filter((n) => n > 0).length;
    figures[name] = `${lost.length} trials, ${losing} lost something, at most ${most} of ${ROWS} records`;
    if (most > LIMIT[name as keyof typeof LIMIT]) problems.push(`${name}: ${most} records lost at once`);
    // A log that simply ends has nothing in it that could be counted.
    if (unnoticed > 0 && name !== 'log cut short') problems.push(`${name}: ${unnoticed} losses were not counted`);
  }
  return {
    acknowledged,
    delivered,
    otherwise: acknowledged - delivered,
    duplicates,
    seconds: (performance.now() - started) / 1000,
    figures,
    problems,
  };
}

/** Records that one blow may cost. The tail of the log that is cut off holds several commits, of one record each. */
const LIMIT = { 'log cut short': Math.ceil(TAIL / 4_096), 'bit flipped in the log': 1, 'bit flipped in the file': 1 };

/** A folder where writing costs nothing, if there is one: these trials are about what is read. */
function inMemory(): string {
  return mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'portvakt-'));
}

/** The files of an outbox with rows that nobody takes, as a power cut leaves them. */
async function filled(gateway: Gateway): Promise<Files> {
  const dir = inMemory();
  const fill = async (from: number, to: number): Promise<Runner> => {
    const runner = new Runner(
      gateway,
      optionsOf(dir, () => new Promise(() => {})),
    );
    for (let n = from; n < to; n++) {
      await new Promise<void>((resolve, reject) =>
        runner.append({ records: [recordFor(gateway, n)], withdrawals: [] }, (result) =>
          result instanceof Error ? reject(result) : resolve(),
        ),
      );
    }
    return runner;
  };
  await (await fill(0, IN_FILE)).stop(0);
  const runner = await fill(IN_FILE, ROWS);
  const files = new Map([DB, WAL, 'withdrawals.sqlite'].map((name) => [name, readFileSync(join(dir, name))]));
  await runner.stop(0);
  rmSync(dir, { recursive: true });
  return files;
}

interface Survived {
  readonly ids: ReadonlySet<string>;
  /** Events sent, each time counted. */
  readonly sent: number;
  readonly damaged: number;
  readonly problem: string | undefined;
}

async function survive(gateway: Gateway, files: Files): Promise<Survived> {
  const dir = inMemory();
  for (const [name, content] of files) writeFileSync(join(dir, name), content);
  const ids = new Set<string>();
  let sent = 0;
  const runner = new Runner(
    gateway,
    optionsOf(dir, async (body) => {
      const some = idsIn(body);
      sent += some.length;
      for (const id of some) ids.add(id);
      return fine('meta', some);
    }),
  );
  const end = performance.now() + 20_000;
  const waits = () => !runner.ready || Object.values(runner.report().queues).some(({ waiting }) => waiting > 0);
  while (waits() && performance.now() < end) await pause(2);
  const problem = waits() ? 'it does not start, or does not deliver what is left' : undefined;
  const { damaged } = runner.report();
  await runner.stop(0);
  rmSync(dir, { recursive: true });
  return { ids, sent, damaged, problem };
}

function optionsOf(dir: string, answer: (body: string) => Promise<{ status: number; body?: string }>): RunnerOptions {
  return {
    dir,
    name: 'outbox',
    send: async (request) => ({ at: Date.now(), headers: {}, body: '', ...(await answer(request.body ?? '')) }),
    secrets: { value: async () => 'a secret of the tests', forget: () => {} },
    log: () => {},
    changed: () => {},
  };
}

function recordFor(gateway: Gateway, n: number): OutboxRecord {
  const { headers, body = '' } = purchases([n]);
  const hit = jsonHit(body, { host: '127.0.0.1', at: Date.now(), headers: { ...headers } });
  const decided = decide(hit, gateway);
  const [event] = 'trace' in decided ? decided.trace.events : [];
  const [decision] = event?.routes ?? [];
  if (!('trace' in decided) || event === undefined || decision === undefined || !goesToOutbox(decision))
    throw new Error(`event ${eventId(n)} is not planned`);
  return recordOf(decided.trace, event, [decision], gateway.policy);
}
