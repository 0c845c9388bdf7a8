import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { secretsOf } from '../config/compile/secrets.ts';
import { showFinding } from '../config/lint/finding.ts';
import { lintWorkers } from '../config/lint/lint-workers.ts';
import { loadConfig } from '../config/load.ts';
import { asModule } from '../config/pages/as-module.ts';
import { toPortable } from '../config/pages/portable.ts';
import {
  outsideZone,
  usualJurisdiction,
  workersReadme,
  wranglerConfig,
  type DeploymentOptions,
} from '../config/pages/workers-files.ts';
import type { Config } from '../config/schema.ts';
import { readYaml } from '../config/yaml.ts';
import { rootKey } from '../runtimes/node/process/keys.ts';
import { version } from '../runtimes/node/process/version.ts';
import { ADMIN_TOKEN, BUILT_VERSION, ROOT_KEY } from '../runtimes/workers/built-version.ts';
import { FINE, UNUSABLE, UsageError } from './args.ts';
import type { BuildOptions } from './build-options.ts';
import { printFindings } from './read-config.ts';
import { readText } from './read-text.ts';

const JURISDICTIONS = ['eu', 'fedramp', 'none'];
const SECRETS = '.secrets.env';

/** All that a deployment to Cloudflare Workers needs, as a folder. */
export async function buildForWorkers(file: string, asked: BuildOptions): Promise<number> {
  const out = asked.out ?? join('deploy', 'workers');
  const config = checked(file);
  if (config === undefined) return UNUSABLE;
  const { zone } = asked;
  const outside = zone === undefined ? [] : outsideZone(config, zone);
  if (outside.length > 0) throw new UsageError(`${outside.join(', ')}: not in the zone ${zone}`);
  if (existsSync(join(out, 'wrangler.jsonc')) && asked.force !== true)
    throw new UsageError(`${out} has been built before: --force writes it again (its secrets stay)`);
  const options = {
    name: asked.name ?? 'portvakt',
    zone,
    jurisdiction: jurisdictionOf(asked.jurisdiction, config),
    version: version(),
  };
  const missing = await write(out, config, options, asked.data);
  report(out, missing);
  return FINE;
}

/** The configuration, if this target supports it; findings are printed. */
function checked(file: string): Config | undefined {
  const text = readText(file);
  const loaded = loadConfig(text, file);
  if (!('config' in loaded)) {
    printFindings(loaded.findings.filter(({ kind }) => kind === 'error'));
    return undefined;
  }
  const source = readYaml(text, file);
  const findings =
    'findings' in source ? source.findings : lintWorkers(loaded.config, source.value).map(source.finding);
  const errors = findings.filter(({ kind }) => kind === 'error');
  printFindings(errors);
  for (const finding of findings) if (finding.kind !== 'error') console.log(showFinding(finding));
  return errors.length === 0 ? loaded.config : undefined;
}

function jurisdictionOf(asked: string | undefined, config: Config): string | undefined {
  if (asked === undefined) return usualJurisdiction(config);
  if (!JURISDICTIONS.includes(asked)) throw new UsageError(`--jurisdiction takes ${JURISDICTIONS.join(', ')}`);
  return asked === 'none' ? undefined : asked;
}

/** Writes the folder; names the secrets that have no value yet. */
async function write(
  out: string,
  config: Config,
  options: Omit<DeploymentOptions, 'hash'>,
  data: string | undefined,
): Promise<readonly string[]> {
  mkdirSync(out, { recursive: true });
  const worker = join(out, 'worker.js');
  await putWorker(out, worker);
  const hash = createHash('sha256').update(readFileSync(worker)).digest('hex');
  writeFileSync(join(out, 'config.js'), asModule({ version: BUILT_VERSION, config: toPortable(config) }));
  writeFileSync(join(out, 'wrangler.jsonc'), wranglerConfig(config, { ...options, hash }));
  writeFileSync(join(out, 'README.md'), workersReadme(config, { ...options, hash }));
  writeFileSync(join(out, '.gitignore'), `${SECRETS}\n.wrangler/\n`);
  console.log(`worker.js sha256 ${hash}`);
  return writeSecrets(join(out, SECRETS), config, data);
}

/** In the package it lies beside the program; in a checkout it is built now. */
async function putWorker(out: string, worker: string): Promise<void> {
  const shipped = join(import.meta.dirname, 'workers', 'worker.js');
  if (existsSync(shipped)) {
    copyFileSync(shipped, worker);
    return;
  }
  const script = pathToFileURL(join(import.meta.dirname, '../../scripts/worker.ts')).href;
  const { buildWorker } = (await import(script)) as { buildWorker: (dir: string) => Promise<unknown> };
  await buildWorker(out);
}

/** Existing secrets stay, because a new key would change every pseudonym. */
function writeSecrets(path: string, config: Config, data: string | undefined): readonly string[] {
  const before = new Map(existsSync(path) ? readFileSync(path, 'utf8').split('\n').flatMap(pairOf) : []);
  const names = secretsOf(config).flatMap(({ ref }) => ('env' in ref ? [ref.env] : []));
  const made = (name: string, make: () => string): [string, string] => [name, before.get(name) ?? make()];
  const secrets: [string, string][] = [
    made(ROOT_KEY, () => Buffer.from(data === undefined ? randomBytes(32) : rootKey(data)).toString('hex')),
    made(ADMIN_TOKEN, () => randomBytes(32).toString('hex')),
    ...names.map((name): [string, string] => [name, process.env[name]?.trim() || before.get(name) || '']),
  ];
  const text = secrets.map(([name, value]) => `${name}=${quoted(value)}`).join('\n');
  writeFileSync(path, `${text}\n`, { mode: 0o600 });
  return secrets.filter(([, value]) => value === '').map(([name]) => name);
}

function pairOf(line: string): [string, string][] {
  const [, name, value = ''] = /^([A-Za-z_]\w*)=(.*)$/.exec(line) ?? [];
  if (name === undefined) return [];
  return [[name, value.startsWith("'") && value.endsWith("'") ? value.slice(1, -1) : value]];
}

/** A JSON key of a service account has quotes and backslashes in it. */
function quoted(value: string): string {
  if (/^[\w.:/+=-]*$/.test(value)) return value;
  if (value.includes("'") || /[\r\n]/.test(value))
    throw new UsageError(
      "a secret with ' or a line break in it cannot be written to a file: put it with `wrangler secret put`",
    );
  return `'${value}'`;
}

function report(out: string, missing: readonly string[]): void {
  const folder = relative('.', out) || '.';
  if (missing.length > 0) console.log(`fill in ${join(folder, SECRETS)}: ${missing.join(', ')}`);
  console.log(`next: cd ${folder} && npx wrangler deploy --secrets-file ${SECRETS}`);
}
