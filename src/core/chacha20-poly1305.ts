/*
 * ChaCha20-Poly1305 as RFC 8439 has it, for runtimes that give no cipher which answers at once: WebCrypto only promises,
 * and a record is written, and an event sent, in one step. Texts are short: an address, a name. There is no table that is
 * looked up by secret bytes, and the numbers of a tag are used for one text only.
 */

/** Bytes. */
export const KEY_BYTES = 32;
export const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const BLOCK = 64;

/** The text, encrypted, and its tag. `place`: what it can be opened for; it is not in the result. */
export function sealBytes(key: Uint8Array, nonce: Uint8Array, text: Uint8Array, place: Uint8Array): Uint8Array {
  const out = new Uint8Array(text.length + TAG_BYTES);
  out.set(mixed(key, nonce, text));
  out.set(tagOf(key, nonce, out.subarray(0, text.length), place), text.length);
  return out;
}

/** @throws Error where the key, the nonce or the place is another one, or a byte was changed */
export function openBytes(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, place: Uint8Array): Uint8Array {
  const end = sealed.length - TAG_BYTES;
  if (end < 0 || nonce.length !== NONCE_BYTES) throw new Error('too short to be sealed');
  const hidden = sealed.subarray(0, end);
  // All bytes are compared, wherever the first difference is.
  let differs = 0;
  for (const [i, byte] of tagOf(key, nonce, hidden, place).entries()) differs |= byte ^ (sealed[end + i] as number);
  if (differs !== 0) throw new Error('it was sealed under another key or for another place, or was changed');
  return mixed(key, nonce, hidden);
}

/** The stream of the key and the nonce, from its second block on, over the text (2.4). */
function mixed(key: Uint8Array, nonce: Uint8Array, text: Uint8Array): Uint8Array {
  const out = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += BLOCK) {
    const stream = block(key, nonce, at / BLOCK + 1);
    const end = Math.min(BLOCK, text.length - at);
    for (let i = 0; i < end; i++) out[at + i] = (text[at + i] as number) ^ (stream[i] as number);
  }
  return out;
}

/** One block of the stream (2.3). */
function block(key: Uint8Array, nonce: Uint8Array, count: number): Uint8Array {
  const state = new Uint32Array(16);
  // "expand 32-byte k"
  state.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);
  for (let i = 0; i < 8; i++) state[4 + i] = wordAt(key, 4 * i);
  state[12] = count;
  for (let i = 0; i < 3; i++) state[13 + i] = wordAt(nonce, 4 * i);
  const mix = state.slice();
  for (let round = 0; round < 10; round++) for (const [a, b, c, d] of QUARTERS) quarter(mix, a, b, c, d);
  const out = new DataView(new ArrayBuffer(BLOCK));
  for (const [i, word] of mix.entries()) out.setUint32(4 * i, word + (state[i] as number), true);
  return new Uint8Array(out.buffer);
}

/** Two rounds: the columns, then the diagonals. */
const QUARTERS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

/** A quarter round (2.1). */
function quarter(mix: Uint32Array, a: number, b: number, c: number, d: number): void {
  const step = (to: number, by: number, turned: number, bits: number): void => {
    mix[to] = (mix[to] as number) + (mix[by] as number);
    const word = (mix[turned] as number) ^ mix[to];
    mix[turned] = (word << bits) | (word >>> (32 - bits));
  };
  step(a, b, d, 16);
  step(c, d, b, 12);
  step(a, b, d, 8);
  step(c, d, b, 7);
}

const PRIME = (1n << 130n) - 5n;
/** Bits of the first number that the tag does not use (2.5). */
const CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

/** The tag of what is hidden and of its place (2.8): Poly1305 under a key of this nonce alone. */
function tagOf(key: Uint8Array, nonce: Uint8Array, hidden: Uint8Array, place: Uint8Array): Uint8Array {
  const once = block(key, nonce, 0);
  const r = numberOf(once.subarray(0, 16)) & CLAMP;
  let sum = 0n;
  const add = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; at += 16)
      sum = ((sum + numberOf(bytes.subarray(at, at + 16)) + (1n << 128n)) * r) % PRIME;
  };
  add(place);
  add(hidden);
  const lengths = new DataView(new ArrayBuffer(16));
  lengths.setBigUint64(0, BigInt(place.length), true);
  lengths.setBigUint64(8, BigInt(hidden.length), true);
  add(new Uint8Array(lengths.buffer));
  let tag = sum + numberOf(once.subarray(16, 32));
  return Uint8Array.from({ length: TAG_BYTES }, () => {
    const byte = Number(tag & 255n);
    tag >>= 8n;
    return byte;
  });
}

/** Little-endian; a part of a block counts as if zeros followed. */
function numberOf(bytes: Uint8Array): bigint {
  let number = 0n;
  for (const byte of bytes.toReversed()) number = (number << 8n) | BigInt(byte);
  return number;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
}
