import { adviceOn } from '../config/lint/advice.ts';
import { showFinding, type Finding } from '../config/lint/finding.ts';
import { loadConfig } from '../config/load.ts';
import type { SecretRef } from '../core/secret.ts';
import { missingSecrets } from '../runtimes/node/process/secrets.ts';
import { FINDINGS, FINE, readArgs } from './args.ts';
import { readText } from './read-text.ts';

/** `portvakt lint`: errors and warnings are findings, notes are not. It also prints what would be safer. With `--env`,
 * secrets must have values here. */
export async function run(args: string[]): Promise<number> {
  const options = { json: { type: 'boolean' }, env: { type: 'boolean' } } as const;
  const { values, positionals } = readArgs(args, options, ['config.yaml', 'config.yaml...']);
  const hasValue = values.env === true ? (ref: SecretRef) => missingSecrets([ref]).length === 0 : undefined;
  const findings = positionals.flatMap((path): readonly Finding[] => {
    const text = readText(path);
    const loaded = loadConfig(text, path, Date.now(), hasValue);
    return 'config' in loaded ? [...loaded.notes, ...adviceOn(text, path, loaded.config)] : loaded.findings;
  });
  if (values.json === true) console.log(JSON.stringify(findings, null, 2));
  else console.log([...findings.map(showFinding), summary(findings, positionals.length)].join('\n'));
  return findings.some(({ kind }) => kind !== 'note') ? FINDINGS : FINE;
}

function summary(findings: readonly Finding[], files: number): string {
  const count = (kind: Finding['kind']) => findings.filter((finding) => finding.kind === kind).length;
  const parts = (['error', 'warning', 'note'] as const).map(
    (kind) => `${count(kind)} ${kind}${count(kind) === 1 ? '' : 's'}`,
  );
  return `${files} file${files === 1 ? '' : 's'}: ${parts.join(', ')}`;
}
