import type { NatsConfig } from '../config/outbox-schema.ts';
import { prepareThread } from '../runtimes/node/delivery/delivery-thread.ts';
import { Unusable } from '../runtimes/node/process/unusable.ts';
import type { RunningGateway } from '../runtimes/node/process/serve.ts';
import type { ServeOptions } from '../runtimes/node/process/serve-options.ts';
import type { RunningProcesses, startProcesses } from '../runtimes/node/process/processes.ts';
import { MIN_TOKEN } from '../http/admin.ts';
import { isLoopbackName } from '../http/loopback.ts';
import { readArgs, UNUSABLE, UsageError } from './args.ts';
import { listenOptions, type ListenOptions } from './listen-options.ts';
import { readText } from './read-text.ts';

/** Where the admin listener's token comes from; needed only off loopback (R82). */
const ADMIN_TOKEN = 'PORTVAKT_ADMIN_TOKEN';

/** The longest that a stop may be put off, seconds. */
const LONGEST_DRAIN = 60;

/** `portvakt serve <config.yaml> [--listen] [--admin] [--data] [--sink] [--outbox] [--drain] [--processes]` (design 7.3). */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(
    args,
    {
      listen: { type: 'string' },
      admin: { type: 'string' },
      data: { type: 'string' },
      sink: { type: 'string' },
      'allow-sink': { type: 'boolean' },
      outbox: { type: 'string' },
      drain: { type: 'string' },
      processes: { type: 'string' },
      // The name of the option in earlier versions.
      workers: { type: 'string' },
    },
    ['config.yaml'],
  );
  const file = positionals[0] as string;
  const options = listenOptions(values);
  try {
    const sink = sinkOf(values.sink, values['allow-sink'] === true);
    const serving = {
      ...options,
      text: readText(file),
      file,
      adminToken: adminToken(options.admin),
      sink,
      brokers: values.outbox === undefined ? undefined : await brokersIn(values.outbox, sink),
      drainMs: drainOf(values.drain),
      watchFile: true,
    };
    const processes = values.processes ?? values.workers;
    const running = await (processes === undefined
      ? startOne(serving)
      : startSeveral(processCount(processes), serving));
    const reminder = serving.sink === undefined ? undefined : await startReminder(serving.sink);
    const code = await running.stopped;
    reminder?.stop();
    return code;
  } catch (error) {
    const message = startProblem(error, options);
    if (message === undefined) throw error;
    console.error(message);
    return UNUSABLE;
  }
}

/** The delivery thread starts first, and this thread loads the rest meanwhile: both take most of the time of a start. */
async function startOne(options: ServeOptions): Promise<RunningGateway> {
  prepareThread();
  const { startGateway } = await import('../runtimes/node/process/serve.ts');
  return startGateway(options);
}

async function startSeveral(count: number, options: Parameters<typeof startProcesses>[1]): Promise<RunningProcesses> {
  const { startProcesses } = await import('../runtimes/node/process/processes.ts');
  return startProcesses(count, options);
}

const WRITE_PROBLEMS = new Set(['EACCES', 'EEXIST', 'EPERM', 'EROFS', 'ENOSPC', 'ENOTDIR']);

/** Why starting failed, for the person at the terminal; undefined if it is a fault of this program. */
export function startProblem(error: unknown, { listen, admin, data }: ListenOptions): string | undefined {
  if (error instanceof Unusable) return error.message;
  const { code, port, syscall } = error as NodeJS.ErrnoException & { port?: number };
  if (syscall === 'listen') {
    const option = listen.endsWith(`:${port}`) ? `--listen ${listen}` : `--admin ${admin}`;
    return `cannot listen (${option}): ${code}${code === 'EADDRINUSE' ? '; something else listens there, choose another port' : ''}`;
  }
  // Node reports ENOENT if a folder cannot be made on a read-only disk.
  if (WRITE_PROBLEMS.has(code ?? '') || (code === 'ENOENT' && syscall === 'mkdir')) {
    return `cannot write the data directory ${data}: ${code}; choose another with --data`;
  }
  return undefined;
}

function processCount(text: string): number {
  if (!/^[1-9]\d?$/.test(text)) throw new UsageError('--processes takes a number, 1 to 99, e.g. 4');
  return Number(text);
}

/** Loaded only where it is needed. @throws UsageError */
async function brokersIn(text: string, sink: string | undefined): Promise<NatsConfig> {
  const { brokersOf } = await import('./outbox-option.ts');
  return brokersOf(text, sink);
}

/** Milliseconds; 0 by default: a gateway without a balancer has no one that reads `/readyz`. */
function drainOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const seconds = /^(\d{1,2})s$/.exec(text)?.[1];
  if (seconds === undefined || Number(seconds) > LONGEST_DRAIN)
    throw new UsageError('--drain takes seconds, up to 60s, e.g. 5s');
  return Number(seconds) * 1_000;
}

function adminToken(admin: string): string | undefined {
  const token = process.env[ADMIN_TOKEN];
  if (token !== undefined && token !== '') {
    if (token.length >= MIN_TOKEN) return token;
    throw new UsageError(
      `${ADMIN_TOKEN} has ${token.length} characters, ${MIN_TOKEN} are the least: make one with \`openssl rand -hex 32\``,
    );
  }
  if (isLoopbackName(admin.slice(0, admin.lastIndexOf(':')))) return undefined;
  throw new UsageError(`--admin ${admin} is not loopback: set ${ADMIN_TOKEN} to the token that callers must send`);
}

/** @throws UsageError if a production machine would send nothing to any vendor */
function sinkOf(text: string | undefined, allowed: boolean): string | undefined {
  if (text === undefined) return undefined;
  if (process.env['NODE_ENV'] === 'production' && !allowed) {
    throw new UsageError(
      '--sink sends nothing to any vendor, and NODE_ENV is production: leave it out, or add --allow-sink if that is meant',
    );
  }
  return sinkAddress(text);
}

async function startReminder(sink: string): Promise<{ readonly stop: () => void }> {
  const [{ remindOfSink }, { createLog }] = await Promise.all([
    import('../runtimes/node/process/sink-reminder.ts'),
    import('../runtimes/node/process/log.ts'),
  ]);
  return remindOfSink(sink, createLog());
}

/** A sink from the command line: loopback only, since one elsewhere would be a second recipient. @throws UsageError */
export function sinkAddress(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UsageError('--sink takes an address, e.g. http://127.0.0.1:9999');
  }
  if (url.protocol !== 'http:' || !isLoopbackName(url.hostname))
    throw new UsageError('--sink takes loopback addresses only, e.g. http://127.0.0.1:9999');
  return url.origin;
}
