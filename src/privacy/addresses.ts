import type { Finding } from './findings.ts';

/** What stands before the number of a program: `v1.2.3.4`, `versjon 1.2.3.4`. */
const VERSION_WORD = /(?:^|[^\p{L}])(?:v|ver|version|versjon|utgave|build|release)[ .:=/-]{0,3}$/iu;
const VERSION_REACH = 12;
/** Eight groups of four digits, or six and an IPv4 address. */
const LONGEST_IPV6 = 45;

/**
 * Finds IP addresses (R42): four numbers up to 255 with a host number in them, and IPv6 with `::` or eight groups.
 * Each character is looked at once, and once more inside a candidate.
 */
export function findAddresses(text: string, findings: Finding[]): void {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (isHex(code) || code === COLON) {
      const end = runEnd(text, i);
      // Shorter is no address; most runs are words that begin with a to f.
      if (end - i >= SHORTEST) {
        const start = isWord(text.charCodeAt(i - 1)) ? pastColon(text, i, end) : i;
        const stop = isWord(text.charCodeAt(end)) ? beforeColon(text, start, end) : end;
        if (stop - start >= SHORTEST) read(text, start, stop, findings);
      }
      i = end;
    }
  }
}

const SHORTEST = 6;

/** `data:203.0.113.7`: what stands in front of a colon may be a word that ends in a to f. */
function pastColon(text: string, from: number, end: number): number {
  const colon = text.indexOf(':', from);
  return colon < 0 || colon >= end ? end : colon + 1;
}

/** `203.0.113.7:80x`: what stands behind the last colon may be a word that begins with a to f. */
function beforeColon(text: string, from: number, end: number): number {
  let at = end;
  while (at > from && text.charCodeAt(at) !== COLON) at--;
  return at;
}

const DOT = 46;
const COLON = 58;

/** Past hexadecimal digits, dots and colons. */
function runEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    if (!isHex(code) && code !== DOT && code !== COLON) break;
    end++;
  }
  return end;
}

function read(text: string, start: number, end: number, findings: Finding[]): void {
  const last = text.charCodeAt(end - 1) === DOT ? end - 1 : end;
  if (text.slice(start, Math.min(last, start + LONGEST_IPV6)).includes(':')) {
    if (last - start <= LONGEST_IPV6 && isIpv6(text.slice(start, last))) {
      findings.push({ kind: 'ip', start, end: last });
      return;
    }
  }
  // `10.0.0.7:8080`, `ip:10.0.0.7`: what stands between colons.
  for (let from = start, to: number; from < last; from = to + 1) {
    to = text.indexOf(':', from);
    if (to < 0 || to > last) to = last;
    if (to - from < 7 || to - from > 15 || !isIpv4(text, from, to)) continue;
    const before = text.slice(Math.max(0, from - VERSION_REACH), from);
    if (!VERSION_WORD.test(before)) findings.push({ kind: 'ip', start: from, end: to });
  }
}

/** Four numbers up to 255; a network such as `120.0.0.0` (and the version of a browser) names nobody. */
function isIpv4(text: string, from: number, to: number): boolean {
  let parts = 0;
  let tail = 0;
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

function isIpv6(text: string): boolean {
  const gap = text.indexOf('::');
  const groups = text.split(':');
  if (gap < 0 ? groups.length < 7 : groups.length < 3 || text.includes('::', gap + 1)) return false;
  let digits = 0;
  let count = 0;
  for (const [i, group] of groups.entries()) {
    if (group === '') continue;
    if (i === groups.length - 1 && group.includes('.')) {
      if (!isIpv4(group, 0, group.length)) return false;
      count += 2;
      digits += 4;
    } else {
      if (group.length > 4 || group.includes('.')) return false;
      count++;
      digits += group.length;
    }
  }
  // `a::b` is a name in a program.
  return gap < 0 ? count === 8 : count < 8 && digits >= 4 && /\d/.test(text);
}

function isHex(code: number): boolean {
  const lower = code | 32;
  return (code >= 48 && code <= 57) || (lower >= 97 && lower <= 102);
}

function isWord(code: number): boolean {
  const lower = code | 32;
  return (code >= 48 && code <= 57) || (lower >= 97 && lower <= 122) || code === 95 || code > 127;
}
