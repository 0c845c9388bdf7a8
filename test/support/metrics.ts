import { ask } from './ask.ts';

/** One line of `/metrics`. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What `/metrics` says now. */
export interface Metrics {
  /** The sum of all samples of this name whose labels include these. */
  readonly sum: (name: string, labels?: Readonly<Record<string, string>>) => number;
  /** The samples of this name. */
  readonly of: (name: string) => readonly Sample[];
}

/** Reads the metrics of a running gateway. */
export async function metricsOf(adminUrl: string): Promise<Metrics> {
  const { status, body } = await ask(adminUrl, { method: 'GET', path: '/metrics', alone: true });
  if (status !== 200) throw new Error(`/metrics answered ${status}`);
  const samples: Sample[] = [];
  for (const line of body.split('\n')) {
    const match = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match === null) continue;
    const [, name = '', list = '', value = ''] = match;
    const labels = [...list.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [key, text]);
    samples.push({ name, labels: Object.fromEntries(labels) as Record<string, string>, value: Number(value) });
  }
  const of = (name: string) => samples.filter((sample) => sample.name === name);
  return {
    of,
    sum: (name, wanted = {}) =>
      of(name)
        .filter(({ labels }) => Object.entries(wanted).every(([key, value]) => labels[key] === value))
        .reduce((sum, { value }) => sum + value, 0),
  };
}

/** Asks until `holds`, every 50 ms; rejects with `what` after `ms`. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 15_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
