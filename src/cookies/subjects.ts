import { IDENTIFIERS } from '../../destinations/identifiers.ts';

/**
 * Subjects: the ids of a visitor as `kind:value` texts, hashed before they are stored. A row is filed under all of them,
 * so that any one that is left when consent is withdrawn finds it.
 */

/** Most subjects of one hit, so that a header full of cookies takes no more room than an ordinary one. */
const MAX_SUBJECTS = 8;

const SUBJECTS = IDENTIFIERS.flatMap(({ cookie }) => cookie?.subject ?? []);

/** Kinds that name a browser for good, those of every site first. */
const BROWSERS: readonly string[] = [
  ...new Set(['ga', 'own', ...SUBJECTS.flatMap(({ kind, browser }) => (browser === true ? kind : []))]),
];

const BROWSER_KINDS: readonly string[] = BROWSERS.map((kind) => `${kind}:`);

/** Whose browser it is, by the first kind that says so. */
export function browserOf(subjects: readonly string[]): string | undefined {
  for (const kind of BROWSER_KINDS) {
    const subject = subjects.find((one) => one.startsWith(kind));
    if (subject !== undefined) return subject;
  }
  return undefined;
}

/** The order in which kinds are taken where there are too many; all others come after them. */
const ORDER: readonly string[] = [
  ...new Set([...BROWSERS, ...SUBJECTS.flatMap(({ kind, first }) => (first === true ? kind : [])), 'uid']),
];

/**
 * At most eight of these, each once. One of every kind is taken before a second of any kind, so that many cookies of one
 * kind cannot push out the one that matters. A second client id is the one that a hit or a back end states beside the
 * cookie.
 */
export function boundedSubjects(subjects: readonly string[]): readonly string[] {
  if (subjects.length <= MAX_SUBJECTS && areDistinct(subjects)) return subjects;
  const each = [...new Set(subjects)];
  if (each.length <= MAX_SUBJECTS) return each;
  const seen = new Map<string, number>();
  const ranked = each.map((subject) => {
    const kind = subject.slice(0, subject.indexOf(':'));
    const nth = seen.get(kind) ?? 0;
    seen.set(kind, nth + 1);
    return { subject, rank: rankOf(kind, nth) };
  });
  ranked.sort((a, b) => a.rank - b.rank);
  return ranked.slice(0, MAX_SUBJECTS).map(({ subject }) => subject);
}

/** The same for few, without allocating: this runs for every event. */
function areDistinct(subjects: readonly string[]): boolean {
  for (let i = 1; i < subjects.length; i++) if (subjects.indexOf(subjects[i] as string) !== i) return false;
  return true;
}

function rankOf(kind: string, nth: number): number {
  if (kind === 'ga' && nth === 1) return ORDER.length;
  const at = ORDER.indexOf(kind);
  return nth * 100 + (at === -1 ? ORDER.length + 1 : at);
}
