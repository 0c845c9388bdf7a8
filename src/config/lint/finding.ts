/** Something to say about a configuration, at a place in its file. */
export interface Finding {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
  /** An error refuses to start; a warning is probably a mistake; a note says what the law or a vendor demands. */
  readonly kind: 'error' | 'warning' | 'note';
  readonly code: FindingCode;
  /** What is wrong. It never repeats a value that might be a secret. */
  readonly message: string;
  /** What to write instead. */
  readonly instead?: string;
}

export type FindingCode =
  | 'yaml'
  | 'unknown-key'
  | 'missing-key'
  | 'type'
  | 'value'
  | 'secret'
  | 'contradiction'
  | 'suspicious'
  | 'custom-event'
  | 'custom-params'
  | 'legal'
  | 'vendor';

/** A place in a configuration: keys and list positions from the top. */
export type ConfigPath = readonly (string | number)[];

/** A finding that still has a path in place of a line and a column. */
export interface Remark extends Pick<Finding, 'kind' | 'code' | 'message' | 'instead'> {
  readonly path: ConfigPath;
  /** Point at the key rather than at the value. */
  readonly atKey?: boolean;
}

/** A setting without effect, or two settings that contradict each other. */
export function contradiction(path: ConfigPath, message: string, instead?: string): Remark {
  return { kind: 'error', code: 'contradiction', path, message, ...(instead !== undefined && { instead }) };
}

/** Probably a mistake, though it may be meant. */
export function suspicious(path: ConfigPath, message: string, instead?: string): Remark {
  return { kind: 'warning', code: 'suspicious', path, message, ...(instead !== undefined && { instead }) };
}

/** `file:line:column kind[code] message`, and the right text. */
export function showFinding(finding: Finding): string {
  const { file, line, column, kind, code, message, instead } = finding;
  const hint = instead === undefined ? '' : `\n  write instead: ${instead}`;
  return `${file}:${line}:${column} ${kind}[${code}] ${message}${hint}`;
}
