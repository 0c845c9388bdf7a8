import type { Reply } from '../../core/destination.ts';

/** As much of a vendor's answer as is read (R74). */
export const MAX_BODY = 64 * 1024;
const MAX_HEAD = 32 * 1024;

/** An answer that is not HTTP/1.1 as RFC 9112 has it. */
export class BadReply extends Error {
  override readonly name = 'BadReply';
  readonly code = 'EBADREPLY';
}

type Framing =
  | { readonly kind: 'length'; left: number }
  | { readonly kind: 'chunked'; left: number; state: 'size' | 'data' | 'end' | 'trailer' }
  | { readonly kind: 'close' };

const CRLF2 = Buffer.from('\r\n\r\n');
const CRLF = Buffer.from('\r\n');
const EMPTY = Buffer.alloc(0);

/**
 * Reads one HTTP/1.1 response from the bytes of a connection. Strict where ambiguity could mix up two answers: both
 * framings at once, bare line feeds and bytes beyond the answer end the connection.
 */
export class ReplyParser {
  #rest: Buffer = EMPTY;
  #status = 0;
  #headers: Record<string, string> = {};
  #framing: Framing | undefined;
  #body: Buffer[] = [];
  #size = 0;
  #keep = true;
  #done = false;

  /** Any byte of an answer has come. */
  get begun(): boolean {
    return this.#status !== 0 || this.#rest.length > 0;
  }

  /** The connection can carry another request. */
  get reusable(): boolean {
    return this.#done && this.#keep && this.#rest.length === 0;
  }

  /** True when the answer is complete, or as much of it as is wanted. */
  feed(chunk: Buffer): boolean {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#framing === undefined) {
      const end = this.#rest.indexOf(CRLF2);
      if (end === -1) {
        if (this.#rest.length > MAX_HEAD) throw new BadReply('the head of the answer is too long');
        return false;
      }
      if (end > MAX_HEAD) throw new BadReply('the head of the answer is too long');
      this.#head(this.#rest.toString('latin1', 0, end));
      this.#rest = this.#rest.subarray(end + 4);
    }
    this.#done = this.#read(this.#framing);
    return this.#done;
  }

  /** The other side has closed: true if that ends the answer as it should. */
  close(): boolean {
    this.#keep = false;
    this.#done = this.#framing?.kind === 'close';
    return this.#done;
  }

  reply(at: number): Reply {
    const body = this.#body.length === 0 ? '' : Buffer.concat(this.#body).toString('utf8');
    return { status: this.#status, at, headers: this.#headers, body };
  }

  #head(text: string): void {
    const lines = text.split('\r\n');
    const status = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: |$)/.exec(lines[0] ?? '');
    if (status === null) throw new BadReply('not an HTTP/1.1 answer');
    this.#status = Number(status[2]);
    this.#headers = {};
    for (let i = 1; i < lines.length; i++) {
      const line = lines[i] ?? '';
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      if (colon < 1 || !/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) throw new BadReply('a header that is none');
      const value = line.slice(colon + 1).trim();
      const before = Object.hasOwn(this.#headers, name) ? this.#headers[name] : undefined;
      if (name !== '__proto__') this.#headers[name] = before === undefined ? value : `${before}, ${value}`;
    }
    // Informational answers precede the one that counts.
    if (this.#status < 200 && this.#status !== 101) return;
    if (this.#status === 101) throw new BadReply('an upgrade nobody asked for');
    this.#keep = status[1] === '1' && !/\bclose\b/i.test(this.#headers['connection'] ?? '');
    this.#framing = this.#frame();
  }

  #frame(): Framing {
    if (this.#status === 204 || this.#status === 304) return { kind: 'length', left: 0 };
    const coding = this.#headers['transfer-encoding'];
    const length = this.#headers['content-length'];
    if (coding !== undefined) {
      if (coding.toLowerCase() !== 'chunked' || length !== undefined) throw new BadReply('an ambiguous length');
      return { kind: 'chunked', left: 0, state: 'size' };
    }
    if (length === undefined) return { kind: 'close' };
    if (!/^\d{1,15}$/.test(length)) throw new BadReply('an ambiguous length');
    return { kind: 'length', left: Number(length) };
  }

  #read(framing: Framing): boolean {
    if (framing.kind === 'length') {
      framing.left -= this.#takeBody(framing.left);
      return framing.left === 0 || this.#enough();
    }
    if (framing.kind === 'close') {
      this.#takeBody(this.#rest.length);
      return this.#enough();
    }
    for (;;) {
      if (framing.state === 'data') {
        framing.left -= this.#takeBody(framing.left);
        if (this.#enough()) return true;
        if (framing.left > 0) return false;
        framing.state = 'end';
      }
      const end = this.#rest.indexOf(CRLF);
      if (end === -1) {
        if (this.#rest.length > 1_024) throw new BadReply('a chunk without end');
        return false;
      }
      const line = this.#rest.toString('latin1', 0, end);
      this.#rest = this.#rest.subarray(end + 2);
      if (framing.state === 'end') {
        if (line !== '') throw new BadReply('a chunk longer than it said');
        framing.state = 'size';
      } else if (framing.state === 'trailer') {
        if (line === '') return true;
      } else {
        const size = /^([0-9a-fA-F]{1,8})(?:[ \t]*;.*)?$/.exec(line)?.[1];
        if (size === undefined) throw new BadReply('a chunk without size');
        framing.left = Number.parseInt(size, 16);
        framing.state = framing.left === 0 ? 'trailer' : 'data';
      }
    }
  }

  #takeBody(wanted: number): number {
    const taken = Math.min(wanted, this.#rest.length);
    if (taken === 0) return 0;
    const keep = Math.min(taken, MAX_BODY - this.#size);
    if (keep > 0) this.#body.push(Buffer.from(this.#rest.subarray(0, keep)));
    this.#size += keep;
    this.#rest = this.#rest.subarray(taken);
    return taken;
  }

  /** Full: the rest is not read, and the connection with it is given up. */
  #enough(): boolean {
    if (this.#size < MAX_BODY) return false;
    this.#keep = false;
    return true;
  }
}
