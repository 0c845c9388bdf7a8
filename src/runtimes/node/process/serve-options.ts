import type { Hono } from 'hono';
import type { NatsConfig } from '../../../config/outbox-schema.ts';
import type { Ports } from '../../../http/ports.ts';
import type { Show } from '../../../http/preview.ts';

/** How a gateway is started. */
export interface ServeOptions {
  /** The configuration's text, and its file. */
  readonly text: string;
  readonly file: string;
  /** `host:port` of the public listener. */
  readonly listen: string;
  /** `host:port` of the admin listener; undefined where another process has it. */
  readonly admin: string | undefined;
  /** The token that the admin listener demands; undefined on loopback. */
  readonly adminToken?: string | undefined;
  /** Data directory: outbox and keys. */
  readonly data: string;
  /** Loopback address that gets every outgoing request in place of the vendors. */
  readonly sink?: string | undefined;
  /** Brokers in place of `delivery.outbox` of the configuration. */
  readonly brokers?: NatsConfig | undefined;
  /** How long a stopping gateway says that it is not ready before it takes no new connections, milliseconds. */
  readonly drainMs?: number | undefined;
  /** Reload when the file changes, and on SIGHUP. */
  readonly watchFile: boolean;
  /** One of several processes that share the port and the data directory; undefined = the only one. */
  readonly member?: MemberPlace;
  /** Called with every accepted trace, in addition to the preview; undefined while there is no listener. */
  readonly watcher?: Ports['watcher'];
  /** Called with the entries of the preview, if another process shows it; undefined while no preview is open. */
  readonly show?: () => Show | undefined;
  /** Is told which routes wait for a person, where another process has the admin listener. */
  readonly stopped?: (routes: Readonly<Record<string, string>>) => void;
  /** Adds pages to the public listener. */
  readonly extend?: (app: Hono) => void;
}

/** Which of how many processes this is, counted from 0. Its supervisor handles signals. */
export interface MemberPlace {
  readonly index: number;
  readonly count: number;
}
