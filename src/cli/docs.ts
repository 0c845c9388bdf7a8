import { writeFileSync } from 'node:fs';
import { compileGateway } from '../config/compile/index.ts';
import { configPage } from '../config/pages/docs.ts';
import { NO_SECRETS } from '../config/compile/secrets.ts';
import { FINE, readArgs, UNUSABLE } from './args.ts';
import { readConfig } from './read-config.ts';

/** `portvakt docs`: the page that says what each vendor receives under each consent. */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(args, { out: { type: 'string' } }, ['config.yaml']);
  const loaded = readConfig(positionals[0] ?? '');
  if (loaded === undefined) return UNUSABLE;
  const page = configPage(loaded.config, compileGateway(loaded.config, NO_SECRETS));
  if (values.out === undefined) console.log(page);
  else writeFileSync(values.out, page);
  return FINE;
}
