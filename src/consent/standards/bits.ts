/**
 * Bit fields in base64url text, as TCF and GPP strings are written: six bits a character. Bits are read from the text
 * without unpacking it.
 */
const SEXTETS = sextets();

function sextets(): Int8Array {
  const table = new Int8Array(128).fill(-1);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  for (let i = 0; i < alphabet.length; i++) table[alphabet.charCodeAt(i)] = i;
  return table;
}

/** Whether every character of `text` is of the base64url alphabet, and there is at least one. */
export function isBase64Url(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if ((SEXTETS[text.charCodeAt(i)] ?? -1) < 0) return false;
  }
  return text.length > 0;
}

/** How many bits a text of base64url characters holds. */
export function bitLength(text: string): number {
  return text.length * 6;
}

/** One bit; the caller has checked that it is there. */
export function bitAt(text: string, at: number): boolean {
  const sextet = SEXTETS[text.charCodeAt((at / 6) | 0)] as number;
  return ((sextet >> (5 - (at % 6))) & 1) === 1;
}

/** An unsigned number of up to 36 bits, most significant first; the caller has checked that it is there. */
export function bitsAt(text: string, at: number, length: number): number {
  let value = 0;
  let index = (at / 6) | 0;
  let offset = at % 6;
  let left = length;
  while (left > 0) {
    const sextet = SEXTETS[text.charCodeAt(index++)] as number;
    const taken = Math.min(6 - offset, left);
    const part = (sextet >> (6 - offset - taken)) & ((1 << taken) - 1);
    value = value * 2 ** taken + part;
    offset = 0;
    left -= taken;
  }
  return value;
}
