import { readFileSync } from 'node:fs';

/** Microseconds a thread spent, by area. Wall time: what it waited for a processor is in it. */
type Areas = ReadonlyMap<string, number>;

/** A function, by its own name and the address of its file. */
interface Frame {
  readonly functionName: string;
  readonly url: string;
}

/** What of V8's CPU profile is read. Times are microseconds of the system's monotonic clock. */
interface CpuProfile {
  readonly startTime: number;
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: Frame;
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export const IDLE = 'idle';
/** Before there was anything to profile. */
const BEFORE = 'before: the process, the engine, the thread';
const WRITING = 'HTTP: writing to sockets';

/** By the name the engine gives to what is not a function of a file. */
const ENGINE: ReadonlyMap<string, string> = new Map([
  ['(idle)', IDLE],
  ['(garbage collector)', 'garbage collection'],
  ['(program)', 'engine and system'],
  ['writeLatin1String', WRITING],
  ['writeUtf8String', WRITING],
  ['writev', WRITING],
]);

/** By the file of the function; what libraries do counts for who called them. */
const FILES: readonly (readonly [RegExp, string])[] = [
  [/\/src\/protocols\//, 'reading the hit'],
  [/\/src\/consent\//, 'consent'],
  [/\/src\/privacy\//, 'privacy'],
  [/\/src\/cookies\//, 'cookies'],
  [/\/src\/core\/view|\/src\/(decide|policy)\//, 'permits and views'],
  [/\/destinations\/|\/src\/core\/consent-mode/, "vendors' formats"],
  [/\/src\/runtimes\/node\/http\/(?!connections)|\/src\/(http|ledger)\//, 'taking hits, answering, counting'],
  [
    /\/src\/(outbox\/append-codec|runtimes\/node\/(delivery\/delivery|process\/outbox-thread))\.|^node:internal\/worker/,
    'between the threads',
  ],
  [/\/src\/outbox\/|\/src\/runtimes\/node\/delivery\//, 'storing'],
  [/\/src\/delivery\/egress/, 'egress check'],
  [/\/src\/delivery\/|\/src\/runtimes\/node\/(vendors\/|http\/connections)|\/undici\//, 'delivering'],
  [/^node:(_http|internal\/http|net|internal\/streams|internal\/stream_base|internal\/net)/, 'HTTP: reading, framing'],
];

/** What of a start a function is about, by its name: what is published does not know which file it came from. */
const STEPS: ReadonlyMap<string, string> = new Map([
  ['compileSourceTextModule', "compiling the gateway's code"],
  ['compileForInternalLoader', "loading Node's own modules"],
  ['evaluate', 'running what the modules do when they are loaded'],
  ['rootKey', 'making the key'],
  ['loadConfig', 'reading and checking the configuration'],
  ['gatewayFrom', 'making the gateway of the configuration'],
  ['WithdrawalLog', 'making or opening the files of the outbox'],
  ['SqliteOutbox', 'making or opening the files of the outbox'],
  ['openDatabase', 'making or opening the files of the outbox'],
  ['openStore', 'making or opening the files of the outbox'],
]);

/** Microseconds of the clock that profiles go by. */
export function monotonic(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Areas of a running gateway. */
export function running({ functionName, url }: Frame): string | undefined {
  return ENGINE.get(functionName) ?? FILES.find(([pattern]) => pattern.test(url))?.[1];
}

/** Areas of a start. */
export function starting({ functionName, url }: Frame): string | undefined {
  const modules = url.startsWith('node:internal/modules/') ? 'finding and linking files' : undefined;
  return ENGINE.get(functionName) ?? STEPS.get(functionName) ?? modules;
}

/**
 * Sums up a profile between two moments, microseconds of the monotonic clock. A sample's area is that of the nearest
 * function that has one.
 */
export function areasOf(file: string, from: number, to: number, areaOf: (frame: Frame) => string | undefined): Areas {
  const { startTime, nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
  const areas = new Map<number, string>();
  const parents = new Map<number, number>();
  for (const { id, children = [] } of nodes) for (const child of children) parents.set(child, id);
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const nearest = (id: number): string => {
    const known = areas.get(id);
    if (known !== undefined) return known;
    const frame = frames.get(id);
    const parent = parents.get(id);
    const area = (frame && areaOf(frame)) ?? (parent === undefined ? 'other' : nearest(parent));
    areas.set(id, area);
    return area;
  };
  const sums = new Map<string, number>();
  let at = startTime;
  if (from < at) sums.set(BEFORE, Math.min(at, to) - from);
  samples.forEach((id, i) => {
    const took = timeDeltas[i] ?? 0;
    at += took;
    if (at >= from && at < to) sums.set(nearest(id), (sums.get(nearest(id)) ?? 0) + took);
  });
  return sums;
}
