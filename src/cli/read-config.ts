import { showFinding, type Finding } from '../config/lint/finding.ts';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { readText } from './read-text.ts';

/** The configuration in a file; undefined if it is refused, and then the findings are printed to stderr. */
export function readConfig(path: string): LoadedConfig | undefined {
  const loaded = loadConfig(readText(path), path);
  if ('config' in loaded) return loaded;
  printFindings(loaded.findings.filter(({ kind }) => kind === 'error'));
  return undefined;
}

/** Findings on stderr, one after the other. */
export function printFindings(findings: readonly Finding[]): void {
  for (const finding of findings) console.error(showFinding(finding));
}
