import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runDemo } from '../demo/run.ts';
import { Unusable } from '../runtimes/node/process/unusable.ts';
import { FINDINGS, FINE, readArgs, UNUSABLE, UsageError } from './args.ts';
import { listenOptions } from './listen-options.ts';
import { startProblem } from './serve.ts';

/** `portvakt demo`: what `npm start` runs. */
export async function run(args: string[]): Promise<number> {
  const { values } = readArgs(args, {
    listen: { type: 'string' },
    admin: { type: 'string' },
    data: { type: 'string' },
    cluster: { type: 'boolean' },
  });
  if (values.cluster === true) return runCluster(values);
  const options = listenOptions({ ...values, data: values.data ?? join('.portvakt', 'demo') });
  // The page's origin is in the configuration, so it must be known before anything listens.
  if (options.listen.endsWith(':0')) throw new UsageError('--listen of the demo needs a port, e.g. 127.0.0.1:8080');
  try {
    return await runDemo({ ...options, configFile: demoConfig() });
  } catch (error) {
    const message = startProblem(error, options);
    if (message === undefined) throw error;
    console.error(message);
    return UNUSABLE;
  }
}

/** Several gateways and their brokers, once: nothing is left to look at. */
async function runCluster({ cluster: _cluster, ...others }: Readonly<Record<string, unknown>>): Promise<number> {
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw new UsageError(`--${other} cannot be used with --cluster, which chooses free ports and folders itself`);
  try {
    const { runClusterDemo } = await import('../demo/cluster/run.ts');
    return (await runClusterDemo(process.env, console.log)) ? FINE : FINDINGS;
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    console.error(error.message);
    return UNUSABLE;
  }
}

/** `config/demo.yaml`, from a checkout as from an installed package. */
function demoConfig(): string {
  for (let folder = import.meta.dirname; dirname(folder) !== folder; folder = dirname(folder)) {
    const file = join(folder, 'config', 'demo.yaml');
    if (existsSync(file)) return file;
  }
  throw new Error('config/demo.yaml is missing');
}
