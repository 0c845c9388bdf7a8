import { join } from 'node:path';
import { UsageError } from './args.ts';

/** Options that `serve` and other commands share, checked. */
export interface ListenOptions {
  readonly listen: string;
  readonly admin: string;
  readonly data: string;
}

/** Defaults and checks of what `serve` and other commands share. @throws UsageError */
export function listenOptions(values: {
  listen?: string | undefined;
  admin?: string | undefined;
  data?: string | undefined;
}): ListenOptions {
  return {
    listen: address('--listen', values.listen ?? '127.0.0.1:8080'),
    admin: address('--admin', values.admin ?? '127.0.0.1:9090'),
    data: values.data ?? join('.portvakt', ''),
  };
}

function address(option: string, text: string): string {
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(text);
  if (match === null || Number(match[2]) > 65_535)
    throw new UsageError(`${option} takes host:port, e.g. 127.0.0.1:8080`);
  return text;
}
