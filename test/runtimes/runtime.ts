import { serve, temporary } from '../support/serve.ts';
import type { Host } from './engines.ts';

/** A gateway on some runtime, as a test sees it. */
export interface Running {
  readonly url: string;
  /** Everything it wrote in its log so far. */
  readonly log: () => string;
  /** Ends it as a power cut would. */
  readonly kill: () => Promise<unknown>;
  /** Ends it in order; gives the exit code of its process where it has one of its own. */
  readonly stop: () => Promise<number | null>;
}

export interface StartOptions {
  readonly config: string;
  /** Where the requests to vendors arrive. */
  readonly sink: string;
  /** What was stored before, to go on with; left out = nothing. */
  readonly data?: string;
  /** Values of secrets. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a gateway on one kind of runtime. */
export type Start = (options: StartOptions) => Promise<Running>;

const SECRETS = /\$\{([A-Z][A-Z0-9_]*)\}/g;

/** Names of the secrets of a configuration. */
export function secretNames(config: string): readonly string[] {
  return [...new Set([...config.matchAll(SECRETS)].map(([, name = '']) => name))];
}

/** How the gateway's own command is started on this program. */
export function hostStart({ program, before }: Host): Start {
  return async ({ config, sink, data = temporary(), env = {} }) => {
    if (program === undefined) throw new Error('this engine is not installed: npm ci --prefix test/runtimes');
    const nodeArgs = before(data, secretNames(config));
    const served = await serve({ config, sink, data, env, node: program, nodeArgs });
    const end = (): void => void served.child.kill('SIGKILL');
    process.once('exit', end);
    served.child.once('exit', () => process.off('exit', end));
    return {
      url: served.url,
      log: served.log,
      kill: () => served.stop('SIGKILL'),
      stop: () => served.stop(),
    };
  };
}
