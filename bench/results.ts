import type { Drained } from './drain.ts';
import type { Inside } from './inside.ts';
import type { Measured, OpenMeasured } from './load.ts';
import type { Scheduled } from './system.ts';

/** One run of `npm run bench`, as it is kept in `results/latest.json`. */
export interface Results {
  readonly at: string;
  readonly commit: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGb: number;
    readonly kernel: string;
    readonly node: string;
    /** Load of the machine before the run: above 0, others were at work on it. */
    readonly loadBefore: number;
  };
  readonly seconds: number;
  /** The closed model, one entry a contestant and number of connections, with each of its turns. */
  readonly closed: readonly {
    readonly name: string;
    readonly connections: number;
    readonly turns: readonly Turn[];
  }[];
  /** The open model at 1,000 hits/s. */
  readonly open: readonly { readonly name: string; readonly measured: OpenMeasured }[];
  readonly capacity: readonly { readonly name: string; readonly measured: OpenMeasured }[];
  readonly sustained: Sustained | undefined;
  readonly workers: readonly {
    readonly workers: number;
    readonly turns: readonly Turn[];
    /** Requests a second where each process has a fifth of a core; empty where that could not be arranged. */
    readonly slices: readonly number[];
  }[];
  readonly start: readonly { readonly from: string; readonly milliseconds: readonly number[] }[];
  /** Milliseconds of one start as published, from spawn to listening, by what each thread was at. */
  readonly startProfile: {
    readonly first: readonly (readonly [string, number])[];
    readonly delivery: readonly (readonly [string, number])[];
  };
  readonly deadLetters: readonly (readonly [number, number])[];
  readonly pure: Pure;
  /** Routes that are configured and not used: `ratio` = their cost through that of the used ones alone. */
  readonly idleRoutes: {
    readonly configured: number;
    readonly used: number;
    readonly types: number;
    readonly ratio: string;
  };
  /** Microseconds a request by area, most first, of the collecting and of the delivery thread. */
  readonly profiles: readonly {
    readonly name: string;
    readonly first: readonly (readonly [string, number])[];
    readonly delivery: readonly (readonly [string, number])[];
  }[];
  /** Whose the memory is after a turn at 256 connections, megabytes; `heaps` by thread. */
  readonly memory: readonly {
    readonly name: string;
    readonly rss: number;
    readonly files: number;
    readonly heaps: readonly Inside['heap'][];
  }[];
  /** What a hit waits for at 1,000 hits/s: by kind of thread for each hit, and second by second from inside. */
  readonly waits: readonly {
    readonly name: string;
    readonly p99: number;
    readonly threads: readonly (Scheduled & { readonly thread: string })[];
    /** Processor time of what shared the cores, microseconds for each hit. */
    readonly beside: readonly (readonly [process: string, ran: number])[];
    readonly seconds: readonly (readonly Inside[])[];
  }[];
}

export interface Turn extends Measured {
  /** Resident memory after the turn and at its highest, megabytes. */
  readonly rss: number;
  readonly peak: number;
  /** Processor time for one request, microseconds: of the first thread, and of the whole process. */
  readonly cpuFirst?: number;
  readonly cpuAll?: number;
}

/** Accepting and delivering at the same time, and each alone. */
export interface Sustained {
  readonly accepted: number;
  /** Delivered per second while as much as possible was accepted. */
  readonly deliveredMeanwhile: number;
  /** How fast a full outbox is worked off while nothing is accepted, by the kind of vendor. */
  readonly drains: readonly (Drained & { readonly name: string })[];
  /** An arrival rate, and how many events waited one third into it and at its end. */
  readonly balance: { readonly rate: number; readonly waiting: readonly [number, number] };
}

/** Microseconds of processor time. */
export interface Pure {
  readonly perHit: Readonly<Record<string, number>>;
  readonly growth: Readonly<Record<string, readonly (readonly [number, number])[]>>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}
