import type { Detection } from './findings.ts';

/** The shortest real address in base64, without padding. */
export const SHORTEST_ENCODED = 14;
/** An `@` or a dot in hexadecimal: nearly every address and every id of a vendor has one of them. */
export const SIGN_IN_HEX = /40|2[eE]/;
const LONGEST = 2048;
/** `+` and `/` are left out: in base64 they stand only for `>`, `?` and `~` at the end of three characters. */
const RUN = /(?<![A-Za-z0-9])[A-Za-z0-9]{14,}/g;
/** Two digits for each printable character. */
const HEX = /^(?:[2-7][0-9a-f]){7,}$/i;
/** The first of each four characters has the high bits of a printable one; most words fail this somewhere. */
const BASE64 = /^(?:[I-Za-f][A-Za-z0-9]{3})+(?:[I-Za-f][A-Za-z0-9]{1,2})?$/;
const PRINTABLE = /^[\x20-\x7e\r\n\t]+$/;

/**
 * Finds texts in base64 and in hexadecimal in which there is something personal: `?e=a2FyaUBleGFtcGxlLm5v` in links of
 * newsletters. The decoded text is three quarters as long, so even nested encodings take linear time.
 * @param isPersonal whether a decoded text has something personal in it
 */
export function findEncoded(text: string, isPersonal: (plain: string) => boolean, findings: Detection[]): void {
  RUN.lastIndex = 0;
  for (let match = RUN.exec(text); match !== null; match = RUN.exec(text)) {
    const { 0: run, index: start } = match;
    const end = start + run.length;
    const plain = decoded(run);
    if (plain !== undefined && PRINTABLE.test(plain) && isPersonal(plain)) {
      findings.push({ kind: 'token', start, end });
    }
    // `isPersonal` may have called this function and moved `lastIndex`.
    RUN.lastIndex = end;
  }
}

function decoded(run: string): string | undefined {
  if (run.length > LONGEST) return undefined;
  if (SIGN_IN_HEX.test(run) && HEX.test(run)) return fromHex(run);
  return BASE64.test(run) ? atob(run) : undefined;
}

function fromHex(hex: string): string {
  let plain = '';
  for (let i = 0; i + 1 < hex.length; i += 2) plain += String.fromCharCode(Number.parseInt(hex.slice(i, i + 2), 16));
  return plain;
}
