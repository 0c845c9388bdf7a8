import { readArgs, UsageError } from './args.ts';
import type { BuildOptions } from './build-options.ts';
import { buildForDeno } from './build-deno.ts';
import { buildForWorkers } from './build-workers.ts';

interface Target {
  /** The options it has. */
  readonly takes: readonly (keyof BuildOptions)[];
  readonly build: (file: string, options: BuildOptions) => Promise<number> | number;
}

const TARGETS: Readonly<Record<string, Target>> = {
  workers: { takes: ['out', 'zone', 'jurisdiction', 'name', 'data', 'force'], build: buildForWorkers },
  deno: { takes: ['data', 'listen', 'admin'], build: buildForDeno },
};

/** `portvakt build <config.yaml> --target workers|deno`: what another runtime than Node needs. */
export async function run(args: string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = readArgs(
    args,
    {
      target: text,
      out: text,
      zone: text,
      jurisdiction: text,
      name: text,
      data: text,
      force: { type: 'boolean' },
      listen: text,
      admin: text,
    },
    ['config.yaml'],
  );
  const { target = '', ...options } = values;
  const names = Object.keys(TARGETS);
  if (!names.includes(target))
    throw new UsageError(
      `--target ${target === '' ? 'is missing' : `${target} is unknown`}: write --target ${names.join(' or ')}`,
    );
  const { takes, build } = TARGETS[target] as Target;
  const foreign = (Object.keys(options) as (keyof BuildOptions)[]).find((name) => !takes.includes(name));
  if (foreign !== undefined) throw new UsageError(`--${foreign} has no meaning with --target ${target}`);
  return build(positionals[0] as string, options);
}
