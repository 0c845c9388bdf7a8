import { dirname, resolve } from 'node:path';
import { readCases } from '../config/cases/index.ts';
import { compileGateway } from '../config/compile/index.ts';
import { standInKeys } from '../config/cases/case-hit.ts';
import { runCase } from '../config/cases/run-case.ts';
import { NO_SECRETS } from '../config/compile/secrets.ts';
import { FINDINGS, FINE, readArgs, UNUSABLE } from './args.ts';
import { printFindings, readConfig } from './read-config.ts';
import { readText } from './read-text.ts';

interface Result {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly failures: readonly string[];
}

/** `portvakt test`: runs the cases that lie beside a configuration. Nothing is sent or stored. */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(args, { json: { type: 'boolean' } }, ['cases.yaml', 'cases.yaml...']);
  const results: Result[] = [];
  for (const file of positionals) {
    const found = runFile(file);
    if (found === undefined) return UNUSABLE;
    results.push(...found);
  }
  if (values.json === true) console.log(JSON.stringify(results, null, 2));
  else print(results);
  return results.some(({ failures }) => failures.length > 0) ? FINDINGS : FINE;
}

/** Undefined when the file or its configuration cannot be used; the reason is printed to stderr. */
function runFile(file: string): readonly Result[] | undefined {
  const read = readCases(readText(file), file);
  if ('findings' in read) {
    printFindings(read.findings);
    return undefined;
  }
  const { cases, lines } = read;
  const loaded = readConfig(resolve(dirname(file), cases.config));
  if (loaded === undefined) return undefined;
  const gateway = compileGateway(loaded.config, NO_SECRETS);
  const now = cases.now ?? Date.now();
  return cases.cases.map((one, i) => {
    const host = one.request.site;
    const site = loaded.config.sites.find(({ hosts }) => host === undefined || hosts.includes(host));
    const failures = runCase(one, gateway, now, standInKeys(site));
    return { file, line: lines[i] ?? 1, name: one.name, failures };
  });
}

function print(results: readonly Result[]): void {
  for (const { file, line, name, failures } of results) {
    console.log(failures.length === 0 ? `ok    ${name}` : `FAIL  ${name}  (${file}:${line})`);
    for (const failure of failures) console.log(`      ${failure}`);
  }
  const failed = results.filter(({ failures }) => failures.length > 0).length;
  console.log(`${results.length - failed} of ${results.length} cases hold`);
}
