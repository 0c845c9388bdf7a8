import { subscribe } from 'node:diagnostics_channel';
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import { threadId } from 'node:worker_threads';

/**
 * Loaded into every thread of a gateway (`--import`), writes once a second what only the thread itself knows: its heap,
 * its pauses for garbage collection, and how late its event loop is. For turns of their own: looking costs time.
 */
export interface Inside {
  readonly thread: number;
  /** Megabytes of memory that the heap has been given. */
  readonly heap: { readonly young: number; readonly old: number; readonly codeAndOther: number };
  /** Of the last second. */
  readonly collections: { readonly count: number; readonly ms: number; readonly longestMs: number };
  /** How much later than asked for a timer of 1 ms was, milliseconds; of the last second. */
  readonly late: { readonly p50: number; readonly p99: number; readonly most: number };
  /** From a request's head to the last byte of its answer, milliseconds; of the last second. */
  readonly answered: { readonly count: number; readonly p50: number; readonly p99: number };
}

/** A message of Node's own channels about a server's requests. */
interface AboutRequest {
  readonly request: object;
}

const folder = process.env['BENCH_INSIDE'];
if (folder !== undefined) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  let pauses: number[] = [];
  new PerformanceObserver((list) => pauses.push(...list.getEntries().map(({ duration }) => duration))).observe({
    entryTypes: ['gc'],
  });
  const begun = new WeakMap<object, number>();
  let answers: number[] = [];
  subscribe('http.server.request.start', (message) => begun.set((message as AboutRequest).request, performance.now()));
  subscribe('http.server.response.finish', (message) => {
    const since = begun.get((message as AboutRequest).request);
    if (since !== undefined) answers.push(performance.now() - since);
  });
  const seconds: Inside[] = [];
  const write = (): void => {
    const sizes = new Map(
      getHeapSpaceStatistics().map(({ space_name: name, physical_space_size: bytes }) => [name, bytes / 1e6]),
    );
    const young = (sizes.get('new_space') ?? 0) + (sizes.get('new_large_object_space') ?? 0);
    const old = (sizes.get('old_space') ?? 0) + (sizes.get('large_object_space') ?? 0);
    const all = getHeapStatistics().total_physical_size / 1e6;
    // A timer of 1 ms counts its own length.
    const ms = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - 1);
    answers.sort((a, b) => a - b);
    const quantile = (share: number): number => answers[Math.floor(answers.length * share)] ?? 0;
    seconds.push({
      thread: threadId,
      heap: { young, old, codeAndOther: all - young - old },
      collections: {
        count: pauses.length,
        ms: pauses.reduce((sum, one) => sum + one, 0),
        longestMs: Math.max(0, ...pauses),
      },
      late: { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), most: ms(delay.max) },
      answered: { count: answers.length, p50: quantile(0.5), p99: quantile(0.99) },
    });
    answers = [];
    delay.reset();
    pauses = [];
    const file = `${folder}/thread-${threadId}.json`;
    writeFileSync(`${file}.new`, JSON.stringify(seconds));
    renameSync(`${file}.new`, file);
  };
  setInterval(write, 1_000).unref();
}
