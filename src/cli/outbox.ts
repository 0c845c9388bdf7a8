import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DeadLetter, Which } from '../outbox/dead-letters.ts';
import { EarlierVersion, outboxesIn, type Inspected, type QueueInfo } from '../outbox/sql/outbox-inspect.ts';
import { ADMIN_TOKEN } from '../runtimes/workers/built-version.ts';
import { FINDINGS, FINE, readArgs, UsageError } from './args.ts';
import { readText } from './read-text.ts';
import { outboxesAt } from './remote-outbox.ts';

/** Dead letters shown at once; the newest first. */
const SHOWN = 100;

/**
 * `portvakt outbox <list | show | retry | purge>`: what waits and what vendors refused. Works beside a running gateway
 * and without one; with `--url` in a gateway on Workers, with `--config` in the brokers that several gateways share. It
 * shows sizes, ages, routes and reasons, and nothing of an event.
 */
export async function run(args: string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = readArgs(
    args,
    { data: text, url: text, config: text, route: text, all: { type: 'boolean' }, json: { type: 'boolean' } },
    ['list | show | retry | purge', 'id?'],
  );
  const [action = '', id] = positionals;
  const which = {
    ...(values.route !== undefined && { route: values.route }),
    ...(id !== undefined && { id: rowId(id) }),
  };
  const brokers = values.config === undefined ? undefined : await brokersOf(values.config, values);
  try {
    const outboxes = brokers ?? outboxesOf(values);
    return await act(action, { outboxes, which, all: values.all, json: values.json === true });
  } catch (error) {
    if (error instanceof EarlierVersion) throw new UsageError(error.message);
    throw error;
  } finally {
    await brokers?.close();
  }
}

/** The brokers of a configuration. @throws UsageError */
async function brokersOf(file: string, { data, url }: { readonly data?: string; readonly url?: string }) {
  if (data !== undefined || url !== undefined) throw new UsageError('--config, --data or --url, one of them');
  const { inspectBrokers } = await import('../runtimes/node/nats/inspect-nats.ts');
  try {
    return await inspectBrokers(readText(file), file);
  } catch (error) {
    if (error instanceof Error && ['Unusable', 'NotThere'].includes(error.name)) throw new UsageError(error.message);
    throw error;
  }
}

function outboxesOf({ data, url }: { readonly data?: string; readonly url?: string }): Inspected {
  if (data !== undefined && url !== undefined) throw new UsageError('--data or --url, not both');
  if (url !== undefined) return outboxesAt(url, process.env[ADMIN_TOKEN]?.trim());
  const dir = data ?? join('.portvakt', '');
  if (!existsSync(dir)) throw new UsageError(`no data directory ${dir}; name the one that serve uses with --data`);
  return outboxesIn(dir);
}

interface Asked {
  readonly outboxes: Inspected;
  readonly which: Which;
  readonly all: boolean | undefined;
  readonly json: boolean;
}

async function act(action: string, { outboxes, which, all, json }: Asked): Promise<number> {
  const { dead } = outboxes;
  switch (action) {
    case 'list':
      return list(outboxes, json);
    case 'show':
      return show(dead, which, json);
    case 'retry':
      return change(chosen(which, all), (some) => dead.retry(some), 'goes back to the queue', json);
    case 'purge':
      return change(chosen(which, all), (some) => dead.purge(some), 'deleted for good', json);
    default:
      throw new UsageError(`outbox has list, show, retry and purge, not ${action}`);
  }
}

function rowId(text: string): number {
  const id = Number(text);
  if (!Number.isSafeInteger(id) || id <= 0)
    throw new UsageError(`the id of a dead letter is a number, see outbox show`);
  return id;
}

/** A change of dead letters has to name them, so that a forgotten word does not delete the whole list. */
function chosen(which: Which, all: boolean | undefined): Which {
  const named = which.id !== undefined || which.route !== undefined;
  if (named === (all === true)) throw new UsageError('name the dead letters: an id, --route NAME, or --all');
  return which;
}

async function list(outboxes: Inspected, json: boolean): Promise<number> {
  const queues = await outboxes.queues(Date.now());
  const bytes = await outboxes.bytes();
  if (json) console.log(JSON.stringify({ queues, bytes }, null, 2));
  else console.log([...table(QUEUE_HEAD, queues.map(queueCells)), '', `on disk: ${size(bytes)}`].join('\n'));
  return FINE;
}

async function show(dead: Inspected['dead'], which: Which, json: boolean): Promise<number> {
  const letters = await dead.list(which, SHOWN);
  if (json) console.log(JSON.stringify(letters, null, 2));
  else if (letters.length === 0) console.log('no dead letters');
  else if (which.id !== undefined) console.log(letters.map(details).join('\n\n'));
  else {
    const more = letters.length < SHOWN ? [] : ['', `the newest ${SHOWN}; --route NAME narrows the list`];
    console.log([...table(DEAD_HEAD, letters.map(deadCells)), ...more].join('\n'));
  }
  return which.id !== undefined && letters.length === 0 ? FINDINGS : FINE;
}

/** An id that does not exist is a finding; an empty list is not. */
async function change(
  which: Which,
  act: (which: Which) => number | Promise<number>,
  done: string,
  json: boolean,
): Promise<number> {
  const count = await act(which);
  if (json) console.log(JSON.stringify({ count }));
  else console.log(`${count} dead ${count === 1 ? 'letter' : 'letters'}: ${count === 0 ? 'nothing to do' : done}`);
  return which.id !== undefined && count === 0 ? FINDINGS : FINE;
}

const QUEUE_HEAD = ['ROUTE', 'WAITING', 'AWAITING', 'SIZE', 'OLDEST', 'DEAD', 'OUTBOX'];

function queueCells({ route, waiting, awaiting, size: bytes, oldestMs, dead, outbox }: QueueInfo): string[] {
  const oldest = waiting + (awaiting ?? 0) === 0 ? '-' : age(oldestMs);
  return [
    route,
    `${waiting}`,
    `${awaiting ?? '-'}`,
    bytes === undefined ? '-' : size(bytes),
    oldest,
    `${dead}`,
    outbox,
  ];
}

const DEAD_HEAD = ['ID', 'ROUTE', 'ACCEPTED', 'DIED', 'SIZE', 'STATE', 'REASON'];

function deadCells(letter: DeadLetter): string[] {
  const { id, route, acceptedAt, diedAt, size: bytes, words } = letter;
  return [`${id}`, route, moment(acceptedAt), moment(diedAt), size(bytes), stateOf(letter), words];
}

function details(letter: DeadLetter): string {
  const { id, outbox, route, acceptedAt, diedAt, expiresAt, reason, words, signals, policy, size: bytes } = letter;
  const rows: [string, string][] = [
    ['id', outbox === undefined ? `${id}` : `${id} in ${outbox}`],
    ['route', route],
    ['reason', words],
    ['code', reason === words ? '-' : reason],
    ['state', stateOf(letter)],
    ['accepted', moment(acceptedAt)],
    ['died', moment(diedAt)],
    ['expires', moment(expiresAt)],
    ['consent', signals.join(', ') || 'nothing'],
    ['policy', policy],
    ['size', size(bytes)],
  ];
  return rows.map(([name, value]) => `${name.padEnd(9)} ${value}`).join('\n');
}

function stateOf({ marked }: DeadLetter): string {
  return marked ? 'retry asked for' : 'waits';
}

/** Columns as wide as their longest text; the last one is not padded. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((cells) => cells[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [head, ...rows].map(line);
}

const moment = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');

function size(bytes: number): string {
  const [unit, by] = bytes >= 1e9 ? ['GB', 1e9] : bytes >= 1e6 ? ['MB', 1e6] : ['kB', 1e3];
  return `${(bytes / by).toFixed(bytes === 0 ? 0 : 1)} ${unit}`;
}

function age(ms: number): string {
  const [unit, by] = ms >= 3_600_000 ? ['h', 3_600_000] : ms >= 60_000 ? ['min', 60_000] : ['s', 1000];
  return `${(ms / by).toFixed(1)} ${unit}`;
}
