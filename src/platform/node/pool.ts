import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { Reply } from '../../core/destination.ts';
import { publicLookup } from './addresses.ts';
import { ReplyParser } from './reply-parser.ts';

/** Where connections go. */
export interface Origin {
  readonly host: string;
  readonly port: number;
  /** TLS, verified, to public addresses only; without it, a loopback sink. */
  readonly tls: boolean;
}

export interface PoolOptions {
  /** From the start of a request to the end of its answer, milliseconds. */
  readonly timeoutMs: number;
  /** Unused connections are closed after this, milliseconds. */
  readonly idleMs: number;
  /** More certificate authorities to trust, PEM; for tests. There is no switch that turns verification off. */
  readonly ca?: string;
  /** In place of the resolver and its check; for tests. */
  readonly lookup?: ConnectionOptions['lookup'];
}

class Failed extends Error {
  readonly code: string;
  constructor(code: string) {
    super('the request failed');
    this.code = code;
  }
}

interface Exchange {
  readonly head: string;
  readonly body: string | undefined;
  readonly latin1: boolean;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  /** It has been sent once on a connection that was open already and turned out to be closed. */
  again: boolean;
}

/**
 * Keep-alive connections to one origin, one request at a time on each. Node's own client spends more on a small request
 * than the request is worth (bench/results); this one does no more than vendors' endpoints need: no redirects, no
 * cookies, no compression, no pipelining.
 */
export class Pool {
  readonly #origin: Origin;
  readonly #options: PoolOptions;
  readonly #idle: Connection[] = [];
  readonly #open = new Set<Connection>();
  #session: Buffer | undefined;

  constructor(origin: Origin, options: PoolOptions) {
    this.#origin = origin;
    this.#options = options;
  }

  /** Sends a head (with its blank line) and a body. Rejects when no whole answer comes. */
  send(head: string, body: string | undefined, latin1: boolean): Promise<Reply> {
    return new Promise((resolve, reject) => this.#start({ head, body, latin1, resolve, reject, again: false }));
  }

  /** Ends what has taken too long; closes what has not been used. Called now and then. */
  sweep(now: number): void {
    for (const connection of this.#open) connection.sweep(now);
  }

  close(): void {
    for (const connection of this.#open) connection.destroy();
  }

  #start(exchange: Exchange): void {
    const idle = exchange.again ? undefined : this.#idle.pop();
    const connection =
      idle ??
      new Connection(this.#connect(), this.#options, {
        free: (it) => this.#idle.push(it),
        gone: (it) => {
          this.#open.delete(it);
          const at = this.#idle.indexOf(it);
          if (at !== -1) this.#idle.splice(at, 1);
        },
        again: (it) => this.#start(it),
      });
    this.#open.add(connection);
    connection.start(exchange);
  }

  #connect(): Socket {
    const { host, port, tls } = this.#origin;
    if (!tls) return connectTcp({ host, port, noDelay: true });
    const { ca, lookup = publicLookup } = this.#options;
    const socket = connectTls({
      host,
      port,
      servername: host,
      lookup,
      ALPNProtocols: ['http/1.1'],
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
      ...(this.#session === undefined ? {} : { session: this.#session }),
    });
    socket.setNoDelay(true);
    socket.on('session', (session) => (this.#session = session));
    return socket;
  }
}

interface Owner {
  readonly free: (connection: Connection) => void;
  readonly gone: (connection: Connection) => void;
  readonly again: (exchange: Exchange) => void;
}

class Connection {
  readonly #socket: Socket;
  readonly #options: PoolOptions;
  readonly #owner: Owner;
  #exchange: Exchange | undefined;
  #parser = new ReplyParser();
  #used = 0;
  /** Start of the exchange, or of idleness; monotonic milliseconds. */
  #since = 0;

  constructor(socket: Socket, options: PoolOptions, owner: Owner) {
    this.#socket = socket;
    this.#options = options;
    this.#owner = owner;
    socket.on('data', (chunk: Buffer) => this.#data(chunk));
    socket.on('error', (error: Error & { code?: string }) => this.#fail(error.code ?? 'ECONNECTION'));
    socket.on('end', () => {
      if (this.#exchange !== undefined && this.#parser.close()) this.#finish(this.#exchange);
    });
    socket.on('close', () => {
      this.#fail('ECONNRESET');
      owner.gone(this);
    });
  }

  start(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#parser = new ReplyParser();
    this.#since = performance.now();
    this.#used++;
    const { head, body, latin1 } = exchange;
    if (!latin1) this.#socket.write(body === undefined ? head : head + body);
    else {
      this.#socket.write(head, 'latin1');
      if (body !== undefined) this.#socket.write(body);
    }
  }

  sweep(now: number): void {
    const limit = this.#exchange === undefined ? this.#options.idleMs : this.#options.timeoutMs;
    if (now - this.#since < limit) return;
    this.#fail('ETIMEDOUT');
    this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #data(chunk: Buffer): void {
    const exchange = this.#exchange;
    // Bytes nobody asked for: this connection is out of step.
    if (exchange === undefined) {
      this.#socket.destroy();
      return;
    }
    try {
      if (this.#parser.feed(chunk)) this.#finish(exchange);
    } catch {
      this.#fail('EBADREPLY');
      this.#socket.destroy();
    }
  }

  #finish(exchange: Exchange): void {
    const parser = this.#parser;
    this.#exchange = undefined;
    if (parser.reusable && this.#socket.writable) {
      this.#since = performance.now();
      this.#owner.free(this);
    } else this.#socket.destroy();
    exchange.resolve(parser.reply(Date.now()));
  }

  #fail(code: string): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.#exchange = undefined;
    // A kept connection that the other side closed at the same moment: nothing was read, one new connection is due.
    const stale =
      this.#used > 1 && !this.#parser.begun && !exchange.again && code !== 'ETIMEDOUT' && code !== 'EBADREPLY';
    if (stale) {
      exchange.again = true;
      this.#owner.again(exchange);
    } else exchange.reject(new Failed(code));
  }
}
