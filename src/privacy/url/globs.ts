import { percentDecodedOnce } from '../pii/decode.ts';

/** A path pattern, compiled. */
export interface Glob {
  /** Only on this host; undefined = on any. */
  readonly host: string | undefined;
  /** Segments in canonical form; `**` stands for any number of them, `*` for any characters in one. */
  readonly segments: readonly string[];
  /** A text that is in every plainly spelled path that it covers. */
  readonly needle: string;
}

/**
 * Compiles `/helse/**` (any host) or `https://shop.example.no/helse/**` (that host).
 * @throws TypeError naming the pattern if it is neither
 */
export function compileGlob(pattern: string): Glob {
  const url = /^https?:\/\/([^/]+)(\/.*)$/i.exec(pattern);
  const path = url?.[2] ?? pattern;
  if (!path.startsWith('/')) throw new TypeError(`"${pattern}" is not a path pattern such as /helse/**`);
  const segments = segmentsOf(path);
  const [first = ''] = segments;
  return { host: url?.[1]?.toLowerCase(), segments, needle: first.includes('*') ? '/' : `/${first}` };
}

const ROUNDS = 3;
/** Paths with only one spelling. */
const CANONICAL = /^[a-z0-9/_.~-]*$/;

/**
 * Whether one of the patterns covers this page. The path is compared as a server may read it, after each of three rounds
 * of decoding, so that capitals, percent-encoding, `//`, dot segments and matrix parameters cannot evade a pattern.
 */
export function covers(globs: readonly Glob[], host: string, path: string): boolean {
  if (CANONICAL.test(path) && !globs.some((glob) => path.includes(glob.needle))) return false;
  let spelling = path;
  for (let round = 0; ; round++) {
    if (coversSegments(globs, host, segmentsOf(spelling))) return true;
    // Some servers follow dot segments that show only after decoding, and others do not.
    if (spelling.includes('/..') && coversSegments(globs, host, segmentsOf(spelling.replaceAll('/..', '/'))))
      return true;
    if (round === ROUNDS || !spelling.includes('%')) return false;
    const decoded = percentDecodedOnce(spelling);
    if (decoded === spelling) return false;
    spelling = decoded;
  }
}

function coversSegments(globs: readonly Glob[], host: string, segments: readonly string[]): boolean {
  return globs.some((glob) => (glob.host === undefined || glob.host === host) && matchesPath(glob.segments, segments));
}

function segmentsOf(path: string): string[] {
  const text = CANONICAL.test(path) ? path : path.normalize('NFKC').toLowerCase().replaceAll('\\', '/');
  const segments: string[] = [];
  for (const part of text.split('/')) {
    const matrix = part.indexOf(';');
    const segment = matrix < 0 ? part : part.slice(0, matrix);
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return segments;
}

/** `/a/**` covers `/a` itself, too. */
function matchesPath(pattern: readonly string[], segments: readonly string[]): boolean {
  return wildcard(
    pattern.length,
    segments.length,
    (p) => pattern[p] === '**',
    (p, s) => matchesSegment(pattern[p] ?? '', segments[s] ?? ''),
  );
}

function matchesSegment(pattern: string, segment: string): boolean {
  if (!pattern.includes('*')) return pattern === segment;
  return wildcard(
    pattern.length,
    segment.length,
    (p) => pattern[p] === '*',
    (p, s) => pattern[p] === segment[s],
  );
}

/** Matching with stars, where going back to the last star is enough: the length of the one times that of the other. */
function wildcard(
  patternLength: number,
  length: number,
  isStar: (p: number) => boolean,
  same: (p: number, s: number) => boolean,
): boolean {
  let p = 0;
  let s = 0;
  let star = -1;
  let resume = 0;
  while (s < length) {
    if (p < patternLength && isStar(p)) {
      star = p++;
      resume = s;
    } else if (p < patternLength && same(p, s)) {
      p++;
      s++;
    } else if (star >= 0) {
      p = star + 1;
      s = ++resume;
    } else {
      return false;
    }
  }
  while (p < patternLength && isStar(p)) p++;
  return p === patternLength;
}
