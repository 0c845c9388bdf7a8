import { fromPortable, type PortableConfig } from '../../config/pages/portable.ts';
import { compileGateway } from '../../config/compile/index.ts';
import type { Gateway } from '../../policy/gateway.ts';
import { webSealing } from '../web/sealing.ts';
import { BUILT_VERSION, ROOT_KEY } from './built-version.ts';

/** A configuration as `portvakt build` writes it: data alone, with nothing that reads YAML. */
export interface BuiltConfig {
  /** The version of this object's form: a worker reads only its own. */
  readonly version: number;
  readonly config: PortableConfig;
}

/** A secret of the worker; undefined where it is not set. */
export function envText(env: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = env[name];
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/**
 * The gateway of a built configuration.
 * @throws Error with what to do, if a part is missing
 */
export function gatewayOf({ version, config }: BuiltConfig, env: Readonly<Record<string, unknown>>): Gateway {
  if (version !== BUILT_VERSION)
    throw new Error('config.js was built for another version of worker.js: run `portvakt build` again, with --force');
  const hex = envText(env, ROOT_KEY);
  if (hex === undefined || !/^[0-9a-f]{64}$/.test(hex))
    throw new Error(
      `the secret ${ROOT_KEY} is missing, or is not 64 hex digits: deploy with --secrets-file .secrets.env`,
    );
  const rootKey = Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  return compileGateway(fromPortable(config), {
    rootKey,
    value: (ref) => ('env' in ref ? (envText(env, ref.env) ?? '') : ''),
    sealing: webSealing,
  });
}
