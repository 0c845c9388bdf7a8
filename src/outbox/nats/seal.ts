import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  randomFillSync,
  type KeyObject,
} from 'node:crypto';

/** Version of the sealed form: a later version writes another number. */
const VERSION = 1;
const HOUR_MS = 3_600_000;
const NONCE = 12;
const TAG = 16;
const HEAD = 1 + 4;
/** Nonces that are drawn at once. */
const NONCES = 1_024;

/**
 * Seals everything that brokers store (AES-256-GCM), because deleted messages stay in their files for minutes. Each hour
 * has its own key, derived from the gateways' key, so that the number of messages with one key stays low enough for
 * random nonces. Only the gateways' key opens it (docs/decisions/nats.md).
 */
export class Seal {
  readonly #key: Uint8Array;
  /** By hour since 1970. */
  readonly #hours = new Map<number, KeyObject>();
  /** Random bytes, each used once. */
  readonly #random = Buffer.allocUnsafeSlow(NONCE * NONCES);
  #drawn = this.#random.length;

  /** @param key 32 bytes, for this use alone */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** @param subject where it is stored: it opens only with the same subject. @param now unix milliseconds */
  seal(text: string, subject: string, now: number): Uint8Array {
    const hour = Math.floor(now / HOUR_MS);
    const head = Buffer.allocUnsafe(HEAD + NONCE);
    head.writeUInt8(VERSION);
    head.writeUInt32BE(hour, 1);
    const nonce = head.subarray(HEAD);
    this.#draw(nonce);
    const cipher = createCipheriv('aes-256-gcm', this.#hourKey(hour), nonce);
    cipher.setAAD(Buffer.from(subject));
    return Buffer.concat([head, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  }

  /** Undefined if it was sealed with another key or for another subject, or was changed. */
  open(data: Uint8Array, subject: string): string | undefined {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    if (bytes.length < HEAD + NONCE + TAG || bytes.readUInt8() !== VERSION) return undefined;
    try {
      const key = this.#hourKey(bytes.readUInt32BE(1));
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(HEAD, HEAD + NONCE), { authTagLength: TAG });
      decipher.setAAD(Buffer.from(subject));
      decipher.setAuthTag(bytes.subarray(-TAG));
      return decipher.update(bytes.subarray(HEAD + NONCE, -TAG), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      return undefined;
    }
  }

  #draw(nonce: Buffer): void {
    if (this.#drawn === this.#random.length) {
      randomFillSync(this.#random);
      this.#drawn = 0;
    }
    this.#random.copy(nonce, 0, this.#drawn, (this.#drawn += NONCE));
  }

  /** A key object, made once: making one for each message takes several times as long as the cipher. */
  #hourKey(hour: number): KeyObject {
    let key = this.#hours.get(hour);
    if (key === undefined) {
      key = createSecretKey(createHmac('sha256', this.#key).update(`hour ${hour}`).digest());
      if (this.#hours.size > 200) this.#hours.clear();
      this.#hours.set(hour, key);
    }
    return key;
  }
}
