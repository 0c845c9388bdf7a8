import { readdirSync, readFileSync } from 'node:fs';

/** What the system (Linux) says of processes and threads. */

/** The processes that a process has started itself. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** A process and those it has started, and those they have. */
function family(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(family)];
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Resident and peak memory of a process and those it has started, megabytes. */
export function memory(pid: number): { readonly rss: number; readonly peak: number } {
  const all = family(pid).map((member) => readFileSync(`/proc/${member}/status`, 'utf8'));
  const of = (name: string): number =>
    sumOf(all.map((status) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0))) / 1024;
  return { rss: of('VmRSS'), peak: of('VmHWM') };
}

/** Memory of a process that is a view of files on the disk, its program above all, megabytes; processes share it. */
export function mappedFiles(pid: number): number {
  let kilobytes = 0;
  let file = false;
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    if (/^[0-9a-f]+-/.test(line)) file = line.includes(' /');
    else if (file && line.startsWith('Rss:')) kilobytes += Number(/\d+/.exec(line)?.[0]);
  }
  return kilobytes / 1024;
}

/** What the system's scheduler has counted of a thread so far, microseconds. */
export interface Scheduled {
  readonly ran: number;
  /** Ready, and waited for a core. */
  readonly waited: number;
  /** How often it got a core. */
  readonly times: number;
}

/** The threads of a process by what they do: the first one, the delivery thread, and all others together. */
export function scheduled(pid: number): Readonly<Record<'first' | 'delivery' | 'others', Scheduled>> {
  const sums = { first: NEVER, delivery: NEVER, others: NEVER };
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${thread}`;
    const name = readFileSync(`${folder}/comm`, 'utf8').trim();
    const [ran = 0, waited = 0, times = 0] = readFileSync(`${folder}/schedstat`, 'utf8').trim().split(' ').map(Number);
    const kind = Number(thread) === pid ? 'first' : name === 'WorkerThread' ? 'delivery' : 'others';
    const sum = sums[kind];
    sums[kind] = { ran: sum.ran + ran / 1e3, waited: sum.waited + waited / 1e3, times: sum.times + times };
  }
  return sums;
}

const NEVER: Scheduled = { ran: 0, waited: 0, times: 0 };

/** Ticks of /proc are hundredths of a second. */
const TICK_US = 10_000;

/** Processor time used so far, microseconds: of the first thread of a process, and of all threads and children. */
export function processorTime(pid: number): { readonly first: number; readonly all: number } {
  const of = (file: string): number => {
    const text = readFileSync(file, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_US;
  };
  const all = family(pid).map((member) => of(`/proc/${member}/stat`));
  return { first: of(`/proc/${pid}/task/${pid}/stat`), all: sumOf(all) };
}

/** Processor time of programs that this process has started and that have ended, microseconds. */
export function endedTime(): number {
  const text = readFileSync('/proc/self/stat', 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * TICK_US;
}

/** Bytes a process has given to the disk so far. */
export function written(pid: number): number {
  return Number(/write_bytes: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}
