import { writeSync } from 'node:fs';

/** The fields that a log line may have beside `time`, `level` and `msg`: no payload, no id, no address (design 7.7). */
export interface LogFields {
  readonly site?: string;
  readonly route?: string;
  readonly count?: number;
  readonly ms?: number;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly code?: string;
  readonly reason?: string;
  readonly url?: string;
}

export interface JsonLog {
  readonly info: (msg: string, fields?: LogFields) => void;
  readonly warn: (msg: string, fields?: LogFields) => void;
  readonly error: (msg: string, fields?: LogFields) => void;
}

const STDERR = 2;

/** JSON lines on stderr, written synchronously, so that the last line before an end is written. */
export function createLog(): JsonLog {
  const at =
    (level: 'info' | 'warn' | 'error') =>
    (msg: string, fields?: LogFields): void => {
      const line = JSON.stringify({ level, time: new Date().toISOString(), ...fields, msg });
      try {
        writeSync(STDERR, `${line}\n`);
      } catch {
        // Nobody reads stderr (EPIPE), or not fast enough (EAGAIN): the gateway does not stop for its log.
      }
    };
  return { info: at('info'), warn: at('warn'), error: at('error') };
}
