import { appendFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LoggedDecision, Decisions } from '../../../ledger/decisions.ts';
import type { JsonLog } from './log.ts';

export interface DecisionLogOptions {
  readonly decisions: Decisions;
  /** Directory of the files, one a day (UTC): `2026-11-23.jsonl`. */
  readonly dir: string;
  /** How long a day is kept after its end, milliseconds; 0 = no day is kept. */
  readonly keep: () => number;
  readonly log: Pick<JsonLog, 'error'>;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

export interface DecisionLog {
  /** Writes the hours that are over and deletes the days that are too old. */
  readonly tick: () => void;
  /** Writes everything, also the hour that is not over. */
  readonly stop: () => void;
}

const MINUTE = 60_000;
const DAY = 86_400_000;
/** The most lines held while the disk takes none; the oldest are dropped first. */
const MAX_HELD = 50_000;

/** Writes the decision log of one process (`docs/decision-log.md`). Several may share a directory. */
export function keepDecisions({ decisions, dir, keep, log, now = Date.now }: DecisionLogOptions): DecisionLog {
  let held: LoggedDecision[] = [];
  let failing = false;

  const write = (before: number): void => {
    const taken = decisions.take(before);
    if (keep() === 0) held = [];
    else held.push(...taken);
    if (held.length === 0) return;
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      for (const [day, lines] of Map.groupBy(held, ({ hour }) => hour.slice(0, 10))) {
        const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
        appendFileSync(join(dir, `${day}.jsonl`), text, { mode: 0o600 });
      }
      held = [];
      failing = false;
    } catch (error) {
      held = held.slice(-MAX_HELD);
      if (!failing) log.error('the decision log cannot be written', { code: codeOf(error) });
      failing = true;
    }
  };

  const prune = (): void => {
    for (const file of filesIn(dir)) {
      const day = /^(\d{4}-\d\d-\d\d)\.jsonl$/.exec(file)?.[1];
      if (day !== undefined && (keep() === 0 || Date.parse(day) + DAY + keep() <= now()))
        rmSync(join(dir, file), { force: true });
    }
  };

  const tick = (): void => {
    write(now());
    prune();
  };
  tick();
  const timer = setInterval(tick, MINUTE).unref();
  return {
    tick,
    stop: () => {
      clearInterval(timer);
      write(Infinity);
    },
  };
}

function filesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'failed';
}
