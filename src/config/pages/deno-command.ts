import { secretsOf } from '../compile/secrets.ts';
import type { Config } from '../schema.ts';

/** How and where the gateway runs; files and folders by their full paths. */
export interface DenoPlace {
  /** Folder of the program and of the libraries it loads. */
  readonly code: string;
  /** Its main module. */
  readonly main: string;
  /** The configuration, and its folder. */
  readonly file: string;
  readonly folder: string;
  readonly data: string;
  /** `host:port` of both listeners. */
  readonly listen: string;
  readonly admin: string;
}

/** What Deno is asked to allow; each list has full paths, names of variables, or hosts. */
export interface DenoPermissions {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly env: readonly string[];
  readonly net: readonly string[];
}

/** Variables that the program looks at, and the libraries in it: the reader of YAML and the HTTP client. */
export const VARIABLES: readonly string[] = [
  'PORTVAKT_ADMIN_TOKEN',
  'NODE_ENV',
  'LOG_STREAM',
  'LOG_TOKENS',
  'JEST_WORKER_ID',
  'UNDICI_NO_WASM_SIMD',
];

/** What a gateway with this configuration needs, and no more. */
export function denoPermissions(config: Config, { code, folder, data, listen, admin }: DenoPlace): DenoPermissions {
  const secrets = secretsOf(config).map(({ ref }) => ref);
  const files = secrets.flatMap((ref) => ('file' in ref ? [ref.file] : []));
  const names = secrets.flatMap((ref) => ('env' in ref ? [ref.env] : []));
  const vendors = config.sites.flatMap(({ destinations }) =>
    [...destinations.values()].flatMap(({ destination, settings }) => destination.bind(settings).hosts),
  );
  return {
    // The folder of the configuration, because a new version of a file is often moved to its place.
    read: distinct([code, folder, data, ...files]),
    write: [data],
    env: distinct([...VARIABLES, ...names]),
    // Vendors without a port: Deno asks for the name alone when it is looked up.
    net: distinct([listen, admin, ...vendors.toSorted()]),
  };
}

/** The options of `deno run`. */
export function denoOptions({ read, write, env, net }: DenoPermissions): readonly string[] {
  return [
    '--no-prompt',
    '--cached-only',
    `--allow-read=${read.join()}`,
    `--allow-write=${write.join()}`,
    `--allow-env=${env.join()}`,
    `--allow-net=${net.join()}`,
    // For the mode of the files it makes (umask), which has no name of its own among these.
    '--allow-sys',
  ];
}

/** The command for a POSIX shell that starts the gateway on Deno. */
export function denoCommand(permissions: DenoPermissions, { main, file, data, listen, admin }: DenoPlace): string {
  const places = ['--data', data, '--listen', listen, '--admin', admin];
  const serve = [main, 'serve', file, ...places].map(quoted).join(' ');
  return ['deno run', ...denoOptions(permissions).map(quoted), serve].join(' \\\n  ');
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}

function quoted(word: string): string {
  return /^[\w./:=,@%+[\]-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
