import { pino, type Logger } from 'pino';

/** The fixed fields a log line may have beside `level`, `time` and `msg`: no payload, no id, no address (design 7.7). */
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

export interface Log {
  readonly info: (msg: string, fields?: LogFields) => void;
  readonly warn: (msg: string, fields?: LogFields) => void;
  readonly error: (msg: string, fields?: LogFields) => void;
}

/** JSON lines on stderr. */
export function createLog(): Log {
  const logger: Logger = pino(
    {
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
    },
    pino.destination({ fd: 2, sync: true }),
  );
  const at =
    (level: 'info' | 'warn' | 'error') =>
    (msg: string, fields: LogFields = {}): void =>
      logger[level](fields, msg);
  return { info: at('info'), warn: at('warn'), error: at('error') };
}
