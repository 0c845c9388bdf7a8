import { codeAt } from '../code-at.ts';
import type { Detection } from './findings.ts';
import { isCalledVersion } from './words-before.ts';

/** Eight groups of four digits, or six and an IPv4 address. */
const LONGEST_IPV6 = 45;

/**
 * Finds IP addresses (R42): four numbers up to 255 with a host number in them, and IPv6 with `::` or eight groups.
 * Each character is read once, and once more inside a candidate.
 */
export function findAddresses(text: string, findings: Detection[]): void {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (isHex(code) || code === COLON) {
      const end = runEnd(text, i);
      // Most runs are words that begin with a to f; they are too short for an address.
      if (end - i >= SHORTEST) {
        const start = isWord(codeAt(text, i - 1)) ? pastColon(text, i, end) : i;
        const stop = isWord(codeAt(text, end)) ? beforeColon(text, start, end) : end;
        if (stop - start >= SHORTEST) read(text, start, stop, findings);
      }
      i = end;
    }
  }
}

const SHORTEST = 6;

/** `data:203.0.113.7`: the text before a colon may be a word that ends in a to f. */
function pastColon(text: string, from: number, end: number): number {
  const colon = text.indexOf(':', from);
  return colon < 0 || colon >= end ? end : colon + 1;
}

/** `203.0.113.7:80x`: the text behind the last colon may be a word that begins with a to f. */
function beforeColon(text: string, from: number, end: number): number {
  let at = end;
  while (at > from && codeAt(text, at) !== COLON) at--;
  return at;
}

const DOT = 46;
const COLON = 58;
const ZERO = 48;
const NINE = 57;

/** Past hexadecimal digits, dots and colons. */
function runEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length) {
    const code = codeAt(text, end);
    if (!isHex(code) && code !== DOT && code !== COLON) break;
    end++;
  }
  return end;
}

/** The address of a network card identifies a device: `00:1b:44:11:3a:b7`. It has a letter, because times have none. */
const HARDWARE = /^(?=.*[a-f])[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i;
const HARDWARE_LENGTH = 17;

/** The same as Windows writes it: `3C-22-FB-12-34-56`. It has letters and digits. */
const HYPHENATED = /(?<![\w-])(?=[\d-]{0,17}[a-f])(?=[a-f-]{0,17}\d)[\da-f]{2}(?:-[\da-f]{2}){5}(?![\w-])/gi;

export function findHardware(text: string, findings: Detection[]): void {
  if (!text.includes('-')) return;
  for (const { 0: address, index } of text.matchAll(HYPHENATED)) {
    findings.push({ kind: 'id', start: index, end: index + address.length });
  }
}

function read(text: string, start: number, end: number, findings: Detection[]): void {
  if (end - start === HARDWARE_LENGTH && HARDWARE.test(text.slice(start, end))) {
    findings.push({ kind: 'id', start, end });
    return;
  }
  const last = codeAt(text, end - 1) === DOT ? end - 1 : end;
  if (last - start <= LONGEST_IPV6 && isIpv6(text, start, last)) {
    findings.push({ kind: 'ip', start, end: last });
    return;
  }
  // `10.0.0.7:8080`, `ip:10.0.0.7`: what stands between colons.
  for (let from = start, to: number; from < last; from = to + 1) {
    to = text.indexOf(':', from);
    if (to < 0 || to > last) to = last;
    if (to - from < 7 || to - from > 15 || !isIpv4(text, from, to)) continue;
    if (!isCalledVersion(text, from)) findings.push({ kind: 'ip', start: from, end: to });
  }
}

/** Four numbers up to 255; a network such as `120.0.0.0` (and the version of a browser) names nobody. */
function isIpv4(text: string, from: number, to: number): boolean {
  let parts = 0;
  let tail = 0;
  // A network ends with 0, as many versions do.
  if (text.charCodeAt(to - 1) === ZERO && text.charCodeAt(to - 2) === DOT) return false;
  for (let start = from; start <= to; ) {
    let end = start;
    let value = 0;
    for (; end < to && text.charCodeAt(end) !== DOT; end++) {
      const digit = text.charCodeAt(end) - 48;
      if (digit > 9) return false;
      value = value * 10 + digit;
    }
    if (end === start || end - start > 3 || value > 255) return false;
    if (++parts > 1) tail += value;
    start = end + 1;
  }
  return parts === 4 && tail > 0;
}

/** Eight groups of up to four digits, or fewer and one `::`; the last two groups may be an IPv4 address. */
function isIpv6(text: string, from: number, to: number): boolean {
  let colons = 0;
  let gaps = 0;
  let decimal = false;
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code >= ZERO && code <= NINE) decimal = true;
    if (code !== COLON) continue;
    colons++;
    if (i + 1 < to && text.charCodeAt(i + 1) === COLON) gaps++;
  }
  // Of three colons in a row, two begin a gap.
  if (gaps > 1 || (gaps === 0 && colons < 6)) return false;
  let digits = 0;
  let count = 0;
  for (let start = from, end: number; start <= to; start = end + 1) {
    end = text.indexOf(':', start);
    if (end < 0 || end > to) end = to;
    if (end === start) continue;
    if (end === to && isIpv4(text, start, end)) {
      count += 2;
      digits += 4;
    } else {
      if (end - start > 4 || !isWithoutDots(text, start, end)) return false;
      count++;
      digits += end - start;
    }
  }
  // `a::b` is a name in a program.
  return gaps === 0 ? count === 8 : count < 8 && digits >= 4 && decimal;
}

function isWithoutDots(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (text.charCodeAt(i) === DOT) return false;
  return true;
}

function isHex(code: number): boolean {
  const lower = code | 32;
  return (code >= 48 && code <= 57) || (lower >= 97 && lower <= 102);
}

function isWord(code: number): boolean {
  const lower = code | 32;
  return (code >= 48 && code <= 57) || (lower >= 97 && lower <= 122) || code === 95 || code > 127;
}
