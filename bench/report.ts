import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { plot } from './plot.ts';
import { median, type Results } from './results.ts';

const HERE = import.meta.dirname;
const BEGIN = '<!-- measured: begin -->';
const END = '<!-- measured: end -->';

/** The results as Markdown; put into `README.md`, with a plot beside it, when this is a whole run. */
export function writeReport(
  results: Results,
  write = results.closed.some(({ connections }) => connections === 32),
): string {
  const text = markdown(results);
  if (write) {
    const file = join(HERE, 'README.md');
    const readme = readFileSync(file, 'utf8');
    const [before = '', rest = ''] = readme.split(BEGIN);
    const after = rest.slice(rest.indexOf(END) + END.length);
    writeFileSync(file, `${before}${BEGIN}\n\n${text}\n${END}${after}`);
    writeFileSync(join(HERE, 'throughput.svg'), plot(bars(results)));
  }
  return text;
}

const CEILING = 'Hono answering 204';

interface Row {
  readonly name: string;
  readonly perSecond: number;
  readonly ratio: number;
}

function bars(results: Results): Row[] {
  const at256 = results.closed.filter(({ connections }) => connections === 256);
  const of = (name: string): number =>
    median(at256.find((entry) => entry.name === name)?.turns.map(({ perSecond }) => perSecond) ?? []);
  return at256.map(({ name }) => ({ name, perSecond: of(name), ratio: of(name) / of(CEILING) }));
}

/** Goals of the project, as ratios to the ceiling at 256 connections. */
const GOALS: Readonly<Record<string, number>> = { denied: 0.85, 'granted, GA4': 0.5, 'two events, five routes': 0.3 };

function markdown(results: Results): string {
  const { machine } = results;
  const out = [
    `Measured ${results.at.slice(0, 16).replace('T', ' ')} UTC at ${results.commit} with \`npm run bench\`: ${machine.cores} cores of ${machine.cpu}, ${machine.memoryGb} GB, Linux ${machine.kernel}, Node ${machine.node.slice(1)}; load of the machine before the run ${machine.loadBefore.toFixed(1)}. Load generator, contestant and sink share the cores.`,
    '',
    '![requests per second](throughput.svg)',
    '',
    ...closedTable(results.closed),
    ...openTables(results),
    ...(results.sustained === undefined ? [] : sustainedTables(results.sustained)),
    ...processesTable(results),
    ...startTable(results),
    ...pureTable(results.pure),
    '',
    ...profileTables(results.profiles),
    ...memoryTable(results.memory),
    ...waitsTables(results.waits),
    ...growthTable(results),
  ];
  return `${out.join('\n')}\n`;
}

/** The contestants of the closed model. */
function closedTable(closed: Results['closed']): string[] {
  const out = [
    '### Closed model (wrk, one thread)',
    '',
    'Median over the turns; every turn is a fresh process, its first two seconds not counted. "Ratio" is to Hono answering 204 in the same run.',
    '',
    '| contestant | connections | requests/s | ratio | goal | p50 ms | p99 ms | memory MB (peak) | processor us a request: first thread, all | turns |',
    '|---|---|---|---|---|---|---|---|---|---|',
  ];
  for (const connections of [256, 32]) {
    const entries = closed.filter((entry) => entry.connections === connections);
    const ceiling = median(entries.find(({ name }) => name === CEILING)?.turns.map(({ perSecond }) => perSecond) ?? []);
    for (const { name, turns } of entries) {
      const perSecond = median(turns.map((turn) => turn.perSecond));
      const of = (key: 'p50' | 'p99' | 'rss' | 'peak'): string =>
        median(turns.map((turn) => turn[key])).toFixed(key.startsWith('p') && key !== 'peak' ? 1 : 0);
      const goal = connections === 256 ? GOALS[name] : undefined;
      const cpu = (['cpuFirst', 'cpuAll'] as const)
        .map((key) => median(turns.map((turn) => turn[key] ?? NaN)))
        .map((us) => (Number.isNaN(us) ? '-' : us.toFixed(0)))
        .join(', ');
      const each = turns.map((turn) => Math.round(turn.perSecond)).join(', ');
      out.push(
        `| ${name} | ${connections} | ${count(perSecond)} | ${(perSecond / ceiling).toFixed(2)} | ${goal === undefined ? '' : `>= ${goal}`} | ${of('p50')} | ${of('p99')} | ${of('rss')} (${of('peak')}) | ${cpu} | ${each} |`,
      );
    }
  }
  return out;
}

/** The open model, at one rate and at a rising one. */
function openTables({ open, capacity }: Results): string[] {
  const out: string[] = [];
  out.push('', '### Open model (k6, 1,000 hits/s)', '');
  out.push(
    '| contestant | p50 ms | p90 ms | p99 ms | max ms | not answered 2xx | not started |',
    '|---|---|---|---|---|---|---|',
  );
  for (const { name, measured: m } of open) {
    out.push(
      `| ${name} | ${m.p50.toFixed(2)} | ${m.p90.toFixed(2)} | ${m.p99.toFixed(2)} | ${m.max.toFixed(1)} | ${m.failed} | ${m.dropped} |`,
    );
  }
  if (capacity.length > 0) {
    out.push('', 'Rising evenly from 1,000 to 12,000 hits/s, load generator included on the same cores:', '');
    out.push(
      '| contestant | answered/s on average | p50 ms | p99 ms | refused | not started |',
      '|---|---|---|---|---|---|',
    );
    for (const { name, measured: m } of capacity) {
      out.push(
        `| ${name} | ${count(m.perSecond)} | ${m.p50.toFixed(1)} | ${m.p99.toFixed(1)} | ${m.failed} | ${m.dropped} |`,
      );
    }
  }
  return out;
}

/** What is delivered while events come, and while none come. */
function sustainedTables(sustained: NonNullable<Results['sustained']>): string[] {
  const out: string[] = [];
  const { rate, waiting } = sustained.balance;
  out.push('', '### Accepting and delivering', '', '| | |', '|---|---|');
  out.push(`| accepted/s while delivering, as many as come | ${count(sustained.accepted)} |`);
  out.push(`| delivered/s meanwhile | ${count(sustained.deliveredMeanwhile)} |`);
  out.push(`| at ${count(rate)} hits/s: events waiting early and late | ${waiting.join(', ')} |`);
  out.push(
    '',
    'A full outbox, worked off while nothing comes; one core is what one core would deliver if nothing else used it (goal: 10,000).',
    '',
    '| vendor | events | delivered/s | processor us an event, whole process | events/s on one core |',
    '|---|---|---|---|---|',
  );
  for (const { name, events, perSecond, processorUs } of sustained.drains) {
    out.push(
      `| ${name} | ${count(events)} | ${count(perSecond)} | ${processorUs.toFixed(0)} | ${count(1e6 / processorUs)} |`,
    );
  }
  return out;
}

/** One process and several. */
function processesTable({ machine, workers: list }: Results): string[] {
  const out: string[] = [];
  out.push(
    '',
    '### More processes (`--workers`)',
    '',
    `These ${machine.cores} cores are shared with the load generator, and one worker alone keeps more than one of them busy. So each process is also given a fifth of a core, by a control group, and 64 connections: what a machine with cores to spare would show.`,
    '',
    '| workers | granted requests/s, a fifth of a core each | as a multiple of one | all of the machine, requests/s | processor us a request, all processes | memory MB, all processes |',
    '|---|---|---|---|---|---|',
  );
  const [one] = list;
  for (const { workers, turns, slices } of list) {
    const of = (key: 'perSecond' | 'cpuAll' | 'rss'): number => median(turns.map((turn) => turn[key] ?? NaN));
    const multiple = mean(slices) / mean(one?.slices ?? []);
    const shares =
      slices.length === 0 ? 'not possible here | ' : `${slices.map(count).join(', ')} | ${multiple.toFixed(2)}`;
    out.push(
      `| ${workers} | ${shares} | ${count(of('perSecond'))} | ${of('cpuAll').toFixed(0)} | ${of('rss').toFixed(0)} |`,
    );
  }
  return out;
}

/** Starts, and what one of them is made of. */
function startTable({ start, startProfile }: Results): string[] {
  const out: string[] = [];
  out.push('', '### Start to listening', '', '| | median ms | all |', '|---|---|---|');
  for (const { from, milliseconds } of start) {
    out.push(
      `| ${from} | ${median(milliseconds).toFixed(0)} | ${milliseconds.map((ms) => ms.toFixed(0)).join(', ')} |`,
    );
  }
  return [...out, ...startProfileTable(startProfile)];
}

/** The decision alone. */
function pureTable({ perHit }: Results['pure']): string[] {
  const out: string[] = [];
  out.push(
    '',
    '### The pure path',
    '',
    '`decideHit(hit)` and the records to be stored, one thread, processor time.',
    '',
    '| hit | microseconds | hits/s |',
    '|---|---|---|',
  );
  for (const [name, us] of Object.entries(perHit)) {
    out.push(`| ${name.replaceAll('_', ' ')} | ${us.toFixed(1)} | ${count(1e6 / us)} |`);
  }
  return out;
}

/** Cost beside events, routes, sites and dead letters. */
function growthTable({ pure, idleRoutes, deadLetters }: Results): string[] {
  const out: string[] = [];
  out.push('', '### How cost grows', '', '| what | how many | cost |', '|---|---|---|');
  for (const [name, points] of Object.entries(pure.growth)) {
    for (const [n, us] of points) out.push(`| ${name} | ${count(n)} | ${us.toFixed(1)} us a hit |`);
  }
  const { configured, used, types, ratio } = idleRoutes;
  out.push(
    `| routes that are configured and not used | ${configured - used} beside ${used}, of ${types} types | ${ratio} times the cost of the ${used} alone |`,
  );
  for (const [n, perSecond] of deadLetters)
    out.push(`| dead letters in the outbox | ${count(n)} | ${count(perSecond)} granted requests/s |`);
  return out;
}

/** What each thread does until the gateway listens. */
function startProfileTable({ first, delivery }: Results['startProfile']): string[] {
  const both = [new Map(first), new Map(delivery)];
  const areas = new Map<string, number>();
  for (const [area, ms] of [...first, ...delivery]) areas.set(area, Math.max(areas.get(area) ?? 0, ms));
  return [
    '',
    'What one such start is made of, as published: milliseconds of each thread from spawn to listening, from a CPU profile of both, which makes the start longer than it is without one.',
    '',
    '| | first thread | delivery thread |',
    '|---|---|---|',
    ...[...areas]
      .sort(([, a], [, b]) => b - a)
      .filter(([, most]) => most >= 1)
      .map(([area]) => `| ${area} | ${both.map((own) => (own.get(area) ?? 0).toFixed(0)).join(' | ')} |`),
  ];
}

/** What each area costs, in a column a scenario. */
function profileTables(profiles: Results['profiles']): string[] {
  const out = [
    '### Where the time goes',
    '',
    "CPU profiles of both threads, at 256 connections or, where it says so, at 1,000 hits/s: microseconds a request (an event, where an outbox is worked off), by the area of the code that was at work or had called the library that was. Wall time on shared cores, so a thread's waits for a core are in it; `idle` is waiting for work.",
  ];
  const threads = [
    ['collecting thread', 'first'],
    ['delivery thread', 'delivery'],
  ] as const;
  for (const [title, thread] of threads) {
    const areas = new Map<string, number>();
    for (const profile of profiles)
      for (const [area, us] of profile[thread]) areas.set(area, Math.max(areas.get(area) ?? 0, us));
    out.push('', `| ${title} | ${profiles.map(({ name }) => name).join(' | ')} |`);
    out.push(`|---|${profiles.map(() => '---|').join('')}`);
    for (const [area, most] of [...areas].sort(([, a], [, b]) => b - a)) {
      if (most < 1) continue;
      const cells = profiles.map((profile) => (new Map(profile[thread]).get(area) ?? 0).toFixed(1));
      out.push(`| ${area} | ${cells.join(' | ')} |`);
    }
  }
  return out;
}

/** Whose the memory is. */
function memoryTable(list: Results['memory']): string[] {
  const out = [
    '',
    '### Whose the memory is',
    '',
    'Megabytes after a turn at 256 connections. "Program" is what is mapped from files, the Node binary above all. "Other" is what is neither: SQLite and its page cache, sockets and their buffers, stacks, the C library.',
    '',
    '| contestant | all | program | heap of the first thread: young, old, code and other | heap of the delivery thread | other |',
    '|---|---|---|---|---|---|',
  ];
  for (const { name, rss, files, heaps } of list) {
    const parts = heaps.map(({ young, old, codeAndOther }) => [young, old, codeAndOther]);
    const texts = parts.map((sizes) => sizes.map((size) => size.toFixed(0)).join(', '));
    const known = parts.flat().reduce((sum, size) => sum + size, 0);
    out.push(
      `| ${name} | ${rss.toFixed(0)} | ${files.toFixed(0)} | ${texts[0] ?? ''} | ${texts[1] ?? 'none'} | ${(rss - files - known).toFixed(0)} |`,
    );
  }
  return out;
}

/** What a hit waits for when nothing gathers. */
function waitsTables(list: Results['waits']): string[] {
  if (list.length === 0) return [];
  const out = [
    '',
    '### What a hit waits for at 1,000 hits/s',
    '',
    'From the scheduler of the system, for each hit: how long the threads of a contestant ran, how long they were ready and waited for a core that the load generator, the sink or another thread had, and how often they were given one.',
    '',
    '| contestant | threads | ran, us a hit | waited for a core, us a hit | given a core, times a hit |',
    '|---|---|---|---|---|',
  ];
  for (const { name, threads, beside } of list) {
    for (const { thread, ran, waited, times } of threads) {
      if (times > 0.01)
        out.push(`| ${name} | ${thread} | ${ran.toFixed(0)} | ${waited.toFixed(0)} | ${times.toFixed(1)} |`);
    }
    for (const [process, ran] of beside)
      if (ran >= 1) out.push(`| ${name} | beside: ${process} | ${ran.toFixed(0)} | | |`);
  }
  out.push(
    '',
    'From inside, second by second, milliseconds: the p99 from the head of a request to the last byte of its answer, the most by which the event loop was late (a timer of 1 ms), and the longest pause for garbage collection. What the load generator sees beyond the first of these is the way there and back, and its own waits for a core.',
    '',
    '| contestant (p99 seen by the load generator in this turn) | thread | answered, p99 | event loop late, most | longest collection |',
    '|---|---|---|---|---|',
  );
  for (const { name, p99, seconds } of list) {
    seconds.forEach((thread, i) => {
      const of = (pick: (one: (typeof thread)[number]) => number): string =>
        thread.map((one) => pick(one).toFixed(1)).join(' ');
      out.push(
        `| ${name} (${p99.toFixed(1)}) | ${i === 0 ? 'first' : 'delivery'} | ${i === 0 ? of(({ answered }) => answered.p99) : ''} | ${of(({ late }) => late.most)} | ${of(({ collections }) => collections.longestMs)} |`,
      );
    });
  }
  return out;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}
