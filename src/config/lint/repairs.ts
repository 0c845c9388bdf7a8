import type { Finding } from './finding.ts';
import { dashesOf, LOOKS_EMPTY, KEY, linesOf, rawLines, sameUntil, shown, type Line } from './yaml-line.ts';
import { mendedText, mistakesIn, withoutStrange } from './yaml-mistakes.ts';

/** One slip, with the corrected lines. */
interface Repair {
  readonly finding: Pick<Finding, 'line' | 'column' | 'message' | 'instead'>;
  /** The whole corrected file. It is never shown, because there may be a secret in it. */
  readonly text: string;
  /** Lines that must have no error afterwards, because others were moved to them. */
  readonly settles?: readonly number[];
}

/** The result of reading a text again: how many errors are left, and which. */
type Reread = (text: string) => readonly Finding[];

/** How often a text is read again; each time takes about as long as the first. */
const MAX_READS = 60;
/** Larger files are not looked at, because a person would have to wait. */
const MAX_TEXT = 64 * 1024;

/**
 * Slips of the hand in a file that is valid YAML but says something else than was meant: `basis:consent` is a key
 * without a value, and a line a level too high belongs to another section. Corrections of the lines with errors are
 * tried. If one leaves fewer errors, it is the cause of the errors that it removes, and is reported in place of them.
 * @param errors the errors found, in the order of the file.
 */
export function causesOf(text: string, file: string, errors: readonly Finding[], reread: Reread): readonly Finding[] {
  if (text.length > MAX_TEXT) return errors;
  const causes: Finding[] = [];
  let left = errors;
  let now = text;
  let reads = 0;
  const better = (repair: Repair): boolean => {
    if (repair.text === now || reads++ >= MAX_READS) return false;
    const after = reread(repair.text);
    if (weight(after) >= weight(left)) return false;
    if (after.some(({ line }) => repair.settles?.includes(line) === true)) return false;
    if (repair.settles !== undefined && missesMore(left, after)) return false;
    causes.push({ file, kind: 'error', code: 'yaml', ...repair.finding });
    [now, left] = [repair.text, after];
    return true;
  };
  for (let i = 0; i < left.length && reads < MAX_READS; ) {
    const at = left[i] as Finding;
    if (best(repairsAt(now, at), reread, () => reads++ < MAX_READS).some(better)) i = 0;
    else i++;
  }
  return [...causes, ...left].sort((a, b) => a.line - b.line || a.column - b.column);
}

/** Whether a key is missing that was not: it was moved away from where it belongs. */
function missesMore(before: readonly Finding[], after: readonly Finding[]): boolean {
  const known = new Set(before.map(({ message }) => message));
  return after.some(({ code, message }) => code === 'missing-key' && !known.has(message));
}

/**
 * How much is wrong. Values inside a wrong shape have not been checked yet, so a correction of the shape counts even if
 * mistakes appear behind it.
 */
function weight(errors: readonly Finding[]): number {
  const shape = /^expected a (?:list|section)|` is empty|^`sites` is missing/;
  return errors.reduce((sum, { code, message }) => {
    if (code === 'yaml') return sum + 10_000;
    return sum + (code === 'unknown-key' || shape.test(message) ? 100 : 1);
  }, 0);
}

/** Corrections in their order; of those that move lines, the one that leaves the fewest errors. */
function best(repairs: readonly (readonly Repair[])[], reread: Reread, may: () => boolean): Repair[] {
  return repairs.flatMap((group) => {
    if (group.length < 2) return group;
    const counted = group.filter(may).map((repair) => ({ repair, count: weight(reread(repair.text)) }));
    counted.sort((a, b) => a.count - b.count);
    return counted.slice(0, 1).map(({ repair }) => repair);
  });
}

function repairsAt(text: string, found: Finding): readonly (readonly Repair[])[] {
  const raws = rawLines(text);
  return [
    ...lineRepairs(raws, found.line),
    strayLines(text),
    ...(found.message.includes('` is empty') ? [liftInto(raws, found.line)] : []),
    ...(found.code === 'unknown-key' ? [lowered(raws, found.line)] : []),
    ...(found.code === 'unknown-key' || found.message.startsWith('expected a section')
      ? [raised(raws, found.line)]
      : []),
    ...(found.message.startsWith('expected a list') ? [dashed(raws, found.line)] : []),
    ...(found.message.startsWith('expected a section') ? [undashed(raws, found.line)] : []),
    ...(found.message.startsWith('`sites` is missing') ? [underSites(raws)] : []),
  ];
}

/** The corrected line, where one of its characters was mistyped. */
const CHARACTERS: readonly (readonly [why: string, mend: (line: string) => string])[] = [
  [
    'a character that cannot be seen, or a space that is none, stands in this line (copied from a page or a document)',
    (line) => (LOOKS_EMPTY.test(line) ? withoutStrange(line).trimEnd() : line),
  ],
  [
    'typographic quotation marks: YAML takes straight ones only',
    (line) => line.replaceAll(/[\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019\u201a]/g, '"'),
  ],
  [
    'a dash of typography stands in this line: an ordinary `-` is meant',
    (line) => line.replaceAll(/[\u2010-\u2015\u2212]/g, '-'),
  ],
  ['a line of YAML ends without a comma or a semicolon', (line) => line.replace(/[,;]\s*$/, '')],
  [
    'the colon behind a key needs a space behind it',
    (line) => line.replaceAll(/([{,]\s*[A-Za-z_][\w-]*):(?=[^\s,}])/g, '$1: '),
  ],
  [
    'the colon behind the key is missing',
    (line) => line.replaceAll(/([{,]\s*[A-Za-z_][\w-]*)\s+(?=["'$[\w])/g, '$1: '),
  ],
  [
    'between a key and its value stands a colon',
    (line) => line.replace(/^(\s*(?:- +)*[A-Za-z_][\w-]*)\s*(?:=>|->|[=;])?\s*(?=[{[])/, '$1: '),
  ],
  [
    'a key is followed by `: `, not by `=`',
    (line) => line.replaceAll(/([{,]\s*[A-Za-z_][\w-]*)\s*=>?\s*(?=["'$[\w])/g, '$1: '),
  ],
  [
    'a comment begins with ` #`, a space in front of it',
    (line) => line.replace(/(\S)#(?=\s)/, '$1 #').replace(/\s\/\/.*$/, (comment) => comment.replace('//', '#')),
  ],
  ['the `-` of a list needs a space behind it', (line) => line.replace(/^(\s*)-(?=[^\s-])/, '$1- ')],
];

function lineRepairs(raws: readonly string[], number: number): Repair[][] {
  const raw = raws[number - 1] ?? '';
  return CHARACTERS.map(([why, correct]) => {
    const fixed = correct(raw);
    if (fixed === raw) return [];
    const finding = { line: number, column: sameUntil(raw, fixed) + 1, message: why, instead: shownLine(fixed) };
    return [{ finding, text: raws.with(number - 1, fixed).join('\n') }];
  });
}

function shownLine(line: string): string {
  const text = line.trimStart();
  return `${line.slice(0, line.length - text.length)}${shown(text)}`;
}

/** Lines that look mistyped in a file that is valid: the parser took them for the rest of other lines. */
function strayLines(text: string): Repair[] {
  const [first, ...others] = mistakesIn(text);
  if (first === undefined) return [];
  const { fixed: _, ...finding } = first;
  const alike = others.filter(({ message }) => message === first.message);
  const alone = { finding, text: mendedText(text, [first]) };
  if (alike.length === 0) return [alone];
  const message = `${first.message}; ${alike.length === 1 ? 'one further line' : `${alike.length} further lines`} too`;
  return [alone, { finding: { ...finding, message }, text: mendedText(text, [first, ...alike]) }];
}

/** Lines from `from` to `to` (1-based, `to` not included), moved by some columns. */
function moved(raws: readonly string[], from: number, to: number, by: number): string {
  return raws
    .map((raw, i) => {
      if (i + 1 < from || i + 1 >= to || raw.trim() === '') return raw;
      return by >= 0 ? ' '.repeat(by) + raw : raw.replace(new RegExp(`^ {1,${-by}}`), '');
    })
    .join('\n');
}

/** The lines below an empty key, moved in: they belong to the key. */
function liftInto(raws: readonly string[], number: number): Repair[] {
  const lines = linesOf(raws);
  const at = lines.findIndex((line) => line.number === number);
  const [head, first] = [lines[at], lines[at + 1]];
  if (head === undefined || first?.indent !== head.indent + dashesOf(head.text)) return [];
  const key = /^(?:- +)*(.*?)\s*:/.exec(head.text)?.[1] ?? '';
  const ends = lines
    .slice(at + 2)
    .filter(({ indent }) => indent <= first.indent)
    .map((line) => line.number);
  const repair = (to: number): Repair => ({
    finding: {
      line: first.number,
      column: first.indent + 1,
      message: `this belongs to \`${key}\` above, so it stands two spaces further in${further(lines, first, to)}`,
      instead: `  ${' '.repeat(first.indent)}${shown(first.text)}`,
    },
    text: moved(raws, first.number, to, 2),
    // Where the key takes a value, it is simply empty.
    settles: [head.number],
  });
  return [...ends.slice(0, 8), raws.length + 1].map(repair);
}

function further(lines: readonly Line[], { number }: Line, to: number): string {
  const count = lines.filter((line) => line.number > number && line.number < to).length;
  return count === 0 ? '' : ` (and the ${count === 1 ? 'line' : `${count} lines`} below it)`;
}

/** A key and the lines that belong to it, moved out: it belongs to a section above. */
function lowered(raws: readonly string[], number: number): Repair[] {
  const lines = linesOf(raws);
  const at = lines.findIndex((line) => line.number === number);
  const head = lines[at];
  if (head === undefined || !KEY.test(head.text) || dashesOf(head.text) > 0) return [];
  const end = lines.slice(at + 1).find(({ indent }) => indent <= head.indent)?.number ?? raws.length + 1;
  const outer = [...new Set(lines.slice(0, at).map(({ indent, text }) => indent + dashesOf(text)))].filter(
    (indent) => indent < head.indent,
  );
  return outer.map((indent) => ({
    finding: {
      line: number,
      column: head.indent + 1,
      message: `indented too far: this key belongs to a section further out${further(lines, head, end)}`,
      instead: `${' '.repeat(indent)}${shown(head.text)}`,
    },
    text: moved(raws, number, end, indent - head.indent),
    settles: [number],
  }));
}

/** A key and the lines that belong to it, moved in: it belongs to the section just above. */
function raised(raws: readonly string[], number: number): Repair[] {
  const lines = linesOf(raws);
  const at = lines.findIndex((line) => line.number === number);
  const [above, head] = [lines[at - 1], lines[at]];
  if (head === undefined || above === undefined || above.indent <= head.indent) return [];
  const end = lines.slice(at + 1).find(({ indent }) => indent <= head.indent)?.number ?? raws.length + 1;
  const deeper = [...new Set(lines.slice(0, at).map(({ indent }) => indent))].filter(
    (indent) => indent > head.indent && indent <= above.indent,
  );
  return deeper.map((indent) => ({
    finding: {
      line: number,
      column: head.indent + 1,
      message: `indented too little: this key belongs to the section above it${further(lines, head, end)}`,
      instead: `${' '.repeat(indent)}${shown(head.text)}`,
    },
    text: moved(raws, number, end, indent - head.indent),
    settles: [number],
  }));
}

/** Members of a list without their dash, or with a name in its place. */
function dashed(raws: readonly string[], number: number): Repair[] {
  const lines = linesOf(raws);
  const at = lines.findIndex((line) => line.number === number);
  const [head, first] = [lines[at], lines[at + 1]];
  if (head === undefined || first === undefined || first.indent <= head.indent) return [];
  const message = 'this section is a list: each of its members begins with `- `, and has no name';
  const finding = (instead: string) => ({ line: first.number, column: first.indent + 1, message, instead });
  const space = ' '.repeat(first.indent);
  const names = lines
    .slice(at + 1)
    .filter(
      ({ indent }, i, rest) => indent === first.indent && rest.slice(0, i).every((line) => line.indent > head.indent),
    );
  const unnamed = raws.map((raw, i) =>
    names.some((line) => line.number === i + 1 && line.text.endsWith(':')) ? `${space}-` : raw,
  );
  const outdented = `${' '.repeat(first.indent - 2)}- ${first.text}`;
  return [
    {
      finding: finding(`${' '.repeat(first.indent - 2)}- ${shown(first.text)}`),
      text: raws.with(first.number - 1, outdented).join('\n'),
    },
    { finding: finding(`${space}-`), text: unnamed.join('\n') },
  ];
}

/** A section that was written as a list. */
function undashed(raws: readonly string[], number: number): Repair[] {
  const lines = linesOf(raws);
  const at = lines.findIndex((line) => line.number === number);
  const first = lines[at + 1];
  if (first === undefined || dashesOf(first.text) === 0) return [];
  const after = lines.slice(at + 1);
  const end = after.findIndex(
    ({ indent, text }) => indent < first.indent || (indent === first.indent && dashesOf(text) === 0),
  );
  const members = after.slice(0, end === -1 ? after.length : end).filter(({ indent }) => indent === first.indent);
  const change = (as: (text: string) => string): Repair => {
    const fixed = new Map(
      members.map((line) => [line.number, ' '.repeat(line.indent) + as(line.text.slice(dashesOf(line.text)))]),
    );
    return {
      finding: {
        line: first.number,
        column: first.indent + 1,
        message: 'this section has names in place of `- `: lines of `name: value`',
        instead: shownLine(fixed.get(first.number) as string),
      },
      text: raws.map((raw, i) => fixed.get(i + 1) ?? raw).join('\n'),
    };
  };
  return [change((text) => text), change((text) => text.replace(/^(?:type|name):\s*["']?([\w-]+)["']?$/, '$1:'))];
}

/** A file that begins with the keys of its only site. */
function underSites(raws: readonly string[]): Repair[] {
  const lines = linesOf(raws);
  const first = lines.find(({ text }) => !/^(?:server|delivery|limits):/.test(text));
  if (first === undefined || first.indent > 0 || !KEY.test(first.text)) return [];
  const end = lines.find(
    ({ number, text }) => number > first.number && /^(?:server|delivery|limits):/.test(text),
  )?.number;
  const below = moved(raws, first.number, end ?? raws.length + 1, 4).split('\n');
  const head = `sites:\n  - ${first.text}`;
  return [
    {
      finding: {
        line: first.number,
        column: 1,
        message: 'the keys of a site stand below `sites:`, as a member of its list, all of them four spaces further in',
        instead: `sites:\n  - ${shown(first.text)}`,
      },
      text: below.with(first.number - 1, head).join('\n'),
    },
  ];
}
