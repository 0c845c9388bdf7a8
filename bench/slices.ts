import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Length of a period in which a process gets its share, microseconds: short, so that it works all the time, only slowly. */
const PERIOD = 20_000;

const V2 = '/sys/fs/cgroup';
const V1 = '/sys/fs/cgroup/cpu';

/** Processes that may use a part of a core only, until they are let go. */
export interface Slice {
  readonly end: () => void;
}

/**
 * Gives a process and its threads `share` of one core, by a control group of Linux. So processes that each have their
 * own share can be compared with one that has one, on a machine with few cores.
 * Undefined where that is not possible: on other systems, and without the right to make control groups.
 */
export function limit(pid: number, share: number): Slice | undefined {
  const first = existsSync(join(V1, 'cpu.cfs_quota_us'));
  const folder = join(first ? V1 : V2, `portvakt-bench-${pid}`);
  const quota = Math.round(PERIOD * share);
  try {
    mkdirSync(folder);
    if (first) {
      writeFileSync(join(folder, 'cpu.cfs_period_us'), String(PERIOD));
      writeFileSync(join(folder, 'cpu.cfs_quota_us'), String(quota));
    } else {
      writeFileSync(join(folder, 'cpu.max'), `${quota} ${PERIOD}`);
    }
    writeFileSync(join(folder, 'cgroup.procs'), String(pid));
  } catch {
    return undefined;
  }
  // A group goes when its last process has ended.
  return { end: () => rmdirSync(folder) };
}
