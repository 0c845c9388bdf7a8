import { editorSchema } from './pages/editor-schema.ts';
import { parseSecretRef, type SecretRef } from '../core/secret.ts';
import type { ConfigPath, Finding, Remark } from './lint/finding.ts';
import { remarksOf } from './lint/issues.ts';
import { lint } from './lint/index.ts';
import { causesOf } from './lint/repairs.ts';
import { configSchema, type Config } from './schema.ts';
import { ONCE } from './compile/routes.ts';
import { readYaml } from './yaml.ts';

/** A configuration that can be used, with warnings and notes about it. */
export interface LoadedConfig {
  readonly config: Config;
  /** Warnings and notes, in the order of the file. */
  readonly notes: readonly Finding[];
}

/** A configuration that cannot be used: at least one finding is an error. */
export interface RefusedConfig {
  readonly findings: readonly Finding[];
}

/**
 * Reads a configuration. It is refused for unknown keys, wrong values, literal secrets and contradictions, each with
 * its line and column.
 * @param file names the file in the findings; nothing is read from it.
 * @param now unix milliseconds; the sunset dates of vendors are compared with it.
 * @param hasValue whether a secret has a value on this machine; left out = this is not checked.
 */
export function loadConfig(
  text: string,
  file: string,
  now: number = Date.now(),
  hasValue?: (ref: SecretRef) => boolean,
): LoadedConfig | RefusedConfig {
  const loaded = readConfigText(text, file, now, hasValue);
  if ('config' in loaded || loaded.findings.every(({ code }) => code === 'yaml' || code === 'secret')) return loaded;
  const errors = (findings: readonly Finding[]) => findings.filter(({ kind }) => kind === 'error');
  const causes = causesOf(text, file, errors(loaded.findings), (mended) => {
    const again = readConfigText(mended, file, now, hasValue);
    return 'config' in again ? [] : errors(again.findings);
  });
  const rest = loaded.findings.filter(({ kind }) => kind !== 'error');
  return { findings: [...causes, ...rest].sort((a, b) => a.line - b.line || a.column - b.column) };
}

function readConfigText(
  text: string,
  file: string,
  now: number,
  hasValue: ((ref: SecretRef) => boolean) | undefined,
): LoadedConfig | RefusedConfig {
  const source = readYaml(text, file);
  if ('findings' in source) return source;
  const value = source.value ?? {};
  const parsed = configSchema.safeParse(value, ONCE);
  const remarks = [
    ...(parsed.success ? lint(parsed.data, now) : remarksOf(parsed.error.issues, value, editorSchema(), configSchema)),
    ...(hasValue === undefined ? [] : unset(value, [], hasValue)),
  ];
  const findings = remarks.map(source.finding).sort((a, b) => a.line - b.line || a.column - b.column);
  if (parsed.success && findings.every(({ kind }) => kind !== 'error')) return { config: parsed.data, notes: findings };
  return { findings };
}

/** Secrets without a value, each with its place. An alias may contain itself. */
function unset(
  value: unknown,
  path: ConfigPath,
  hasValue: (ref: SecretRef) => boolean,
  around: readonly unknown[] = [],
): Remark[] {
  if (typeof value === 'object' && value !== null) {
    if (around.includes(value)) return [];
    const isList = Array.isArray(value);
    return Object.entries(value).flatMap(([key, inner]) =>
      unset(inner, [...path, isList ? Number(key) : key], hasValue, [...around, value]),
    );
  }
  const ref = typeof value === 'string' ? parseSecretRef(value) : undefined;
  if (ref === undefined || hasValue(ref)) return [];
  const message =
    'env' in ref
      ? `the variable ${ref.env} is not set, or empty: the gateway will not start without it`
      : `the file ${ref.file} is not there, empty, or not readable: the gateway will not start without it`;
  return [{ kind: 'error', code: 'secret', path, message }];
}
