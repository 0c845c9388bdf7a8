import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { denoCommand, denoPermissions } from '../config/pages/deno-command.ts';
import { FINE, UNUSABLE, UsageError } from './args.ts';
import type { BuildOptions } from './build-options.ts';
import { readConfig } from './read-config.ts';
import { listenOptions } from './listen-options.ts';

/** Prints the command that starts the gateway on Deno with the permissions this configuration needs, and no others. */
export function buildForDeno(file: string, options: BuildOptions): number {
  const loaded = readConfig(file);
  if (loaded === undefined) return UNUSABLE;
  const { config } = loaded;
  if (config.delivery.outbox !== 'sqlite')
    throw new UsageError('delivery.outbox: NATS was never tried on Deno. Use Node, or the outbox in SQLite');
  const { listen, admin, data } = listenOptions(options);
  const full = resolve(file);
  const place = { ...program(), file: full, folder: dirname(full), data: resolve(data), listen, admin };
  const permissions = denoPermissions(config, place);
  const split = permissions.read.find((path) => path.includes(','));
  if (split !== undefined) throw new UsageError(`${split}: for Deno, a comma ends a path; rename it`);
  console.log(denoCommand(permissions, place));
  return FINE;
}

/** This program: sources in a checkout, JavaScript in the package. */
function program(): { readonly code: string; readonly main: string } {
  const here = import.meta.dirname;
  const source = join(here, 'main.ts');
  return existsSync(source)
    ? { code: resolve(here, '../..'), main: source }
    : { code: resolve(here, '..'), main: join(here, 'main.js') };
}
