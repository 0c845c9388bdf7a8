import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchRequest } from './hits.ts';
import { run, scratch } from './processes.ts';

/** The load generators. */

/** What wrk measured. Times in milliseconds. */
export interface Measured {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly refused: number;
  readonly failed: number;
}

/** How `wrk` asks. */
interface Asking {
  readonly connections: number;
  readonly seconds: number;
  /** Put in place of `#########`, rising with each request. */
  readonly from?: number;
  /** Milliseconds that a connection waits after an answer. */
  readonly restMs?: number;
}

/** The closed model: so many connections, each sending again as soon as it was answered, or a while after. */
export async function wrk(
  url: string,
  hits: readonly BenchRequest[],
  { connections, seconds, from, restMs }: Asking,
): Promise<Measured> {
  const list = scratch('hits', '.lua');
  writeFileSync(list, `return {${hits.map(luaRequest).join(',\n')}}`);
  const args = [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--timeout',
    '10s',
    '-s',
    join(import.meta.dirname, 'wrk.lua'),
    url,
  ];
  const text = await run('wrk', args, {
    BENCH_HITS: list,
    ...(from !== undefined && { BENCH_FROM: String(from) }),
    ...(restMs !== undefined && { BENCH_REST: String(restMs) }),
  });
  const found = JSON.parse(/BENCH(\{.*\})/.exec(text)?.[1] ?? 'null') as Record<string, number> | null;
  if (found === null) throw new Error(`wrk said nothing of use:\n${text}`);
  const { requests = 0, us = 1, p50 = 0, p99 = 0, refused = 0, failed = 0 } = found;
  return { perSecond: (requests / us) * 1e6, p50: p50 / 1000, p99: p99 / 1000, refused, failed };
}

/** What k6 measured. Times in milliseconds. */
export interface OpenMeasured {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  readonly failed: number;
  /** Hits that could not even be started. */
  readonly dropped: number;
}

/** The open model: `rate` hits a second, or rising to `ramp`. */
export async function k6(
  url: string,
  hits: readonly BenchRequest[],
  { rate, ramp, seconds }: { readonly rate: number; readonly ramp?: number; readonly seconds: number },
): Promise<OpenMeasured> {
  const list = scratch('hits', '.json');
  const out = `${list}.out`;
  writeFileSync(list, JSON.stringify(hits));
  await run('k6', ['run', '--quiet', '--no-usage-report', join(import.meta.dirname, 'k6.js')], {
    BENCH_HITS: list,
    BENCH_URL: url,
    BENCH_OUT: out,
    RATE: String(rate),
    SECONDS: String(seconds),
    ...(ramp === undefined ? {} : { RAMP: String(ramp) }),
  });
  return JSON.parse(readFileSync(out, 'utf8')) as OpenMeasured;
}

function luaRequest({ method, path, headers, body }: BenchRequest): string {
  const fields = Object.entries(headers).map(([name, value]) => `[${quote(name)}]=${quote(value)}`);
  return `{method=${quote(method)},path=${quote(path)},headers={${fields.join(',')}},body=${quote(body)}}`;
}

/** A Lua string; the texts of `hits.ts` hold line ends at most. */
function quote(text: string): string {
  return JSON.stringify(text);
}
