import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { insides } from './insides.ts';
import { moreProcesses } from './more-processes.ts';
import { openModel } from './open-model.ts';
import { startSink } from './servers.ts';
import { profiles } from './profiles.ts';
import { writeReport } from './report.ts';
import type { Pure, Results } from './results.ts';
import { startProfile, startUp } from './start-up.ts';
import { deadLetters, sustained } from './sustained.ts';
import { closed, quick, say, SECONDS } from './turns.ts';

/**
 * `npm run bench`: everything in one run on one machine, each turn in a fresh process, the contestants in alternating
 * order. Writes `results/latest.json`, the tables of `README.md` and `throughput.svg`. `-- --quick` takes a minute and
 * writes nothing.
 */
const ROOT = join(import.meta.dirname, '..');

/** What a program prints that measures one thing in a process of its own. */
function printed(program: string): unknown {
  const seconds = quick ? '0.3' : '1';
  const text = execFileSync(process.execPath, [join(import.meta.dirname, program), '--seconds', seconds], {
    encoding: 'utf8',
  });
  return JSON.parse(text);
}

const begun = performance.now();
const loadBefore = loadavg()[0] ?? NaN;
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
const sink = await startSink();
const results: Results = {
  at: new Date().toISOString(),
  commit,
  machine: {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    loadBefore,
  },
  seconds: SECONDS,
  pure: printed('pure.ts') as Pure,
  idleRoutes: printed('idle-routes.ts') as Results['idleRoutes'],
  start: await startUp(),
  closed: await closed(sink),
  ...(await openModel(sink)),
  sustained: await sustained(sink),
  workers: await moreProcesses(),
  deadLetters: quick ? [] : await deadLetters(),
  startProfile: await startProfile(),
  profiles: await profiles(sink),
  ...(await insides(sink)),
};
await sink.stop();
const text = writeReport(results);
if (!quick) {
  writeFileSync(join(import.meta.dirname, 'results/latest.json'), `${JSON.stringify(results, null, 1)}\n`);
}
console.log(text);
say(`took ${Math.round((performance.now() - begun) / 1000)} s`);
