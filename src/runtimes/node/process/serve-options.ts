import type { Hono } from 'hono';
import type { Ports } from '../../../http/ports.ts';
import type { Show } from '../../../http/preview.ts';

/** How a gateway is started. */
export interface ServeOptions {
  /** The configuration's text, and the file it came from. */
  readonly text: string;
  readonly file: string;
  /** `host:port` of the public listener. */
  readonly listen: string;
  /** `host:port` of the admin listener; undefined where another process has it. */
  readonly admin: string | undefined;
  /** Demanded by the admin listener; undefined on loopback. */
  readonly adminToken?: string | undefined;
  /** Data directory: outbox and keys. */
  readonly data: string;
  /** Loopback address that gets every outgoing request in the vendors' place. */
  readonly sink?: string | undefined;
  /** Reload when the file changes, and on SIGHUP. */
  readonly watchFile: boolean;
  /** One of several processes that share the port and the data directory; without it, the only one. */
  readonly member?: MemberPlace;
  /** Who is told of every accepted trace, beside the preview; undefined while nobody is. */
  readonly watcher?: Ports['watcher'];
  /** Who is told what the preview would be, where another process has it; undefined while nobody looks. */
  readonly show?: () => Show | undefined;
  /** Who is told which routes wait for a person, where another process has the admin listener. */
  readonly stopped?: (routes: Readonly<Record<string, string>>) => void;
  /** Adds pages to the public listener. */
  readonly extend?: (app: Hono) => void;
}

/** Which of how many processes this is, counted from 0. Signals are its supervisor's business. */
export interface MemberPlace {
  readonly index: number;
  readonly count: number;
}
