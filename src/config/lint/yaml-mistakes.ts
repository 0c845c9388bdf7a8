import { dashesOf, LOOKS_EMPTY, KEY, linesOf, opensQuote, rawLines, sameUntil, shown, type Line } from './yaml-line.ts';
import { FENCE, slipIn } from './yaml-slips.ts';

/** A slip of the hand in a YAML file: its place, what it is, and the corrected line. */
export interface YamlMistake {
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
  readonly message: string;
  readonly instead?: string;
  /** The whole corrected line. It is never shown, because there may be a secret in it. */
  readonly fixed: string;
}

/** The depth of a section, in spaces; the first section is the file itself. */
interface Level {
  readonly indent: number;
  /** Its lines begin with a dash. */
  readonly list: boolean;
  /** A list has the indentation of the key it belongs to: `key:` and below it `- member`. */
  dashed: boolean;
}

const STRANGE = 'a space that is none (copied from a page or a document): YAML needs ordinary spaces here';
const TAB = 'indented with a tab: YAML takes spaces only';

/** Whether one cause makes this mistake in many places: the editor, or the page the file was copied from. */
export function isOfWholeFile(message: string): boolean {
  return message === STRANGE || message === TAB || message === FENCE;
}

/** No more causes are looked for, because with so many the file is no YAML. */
const MAX_CAUSES = 25;
/** In longer files the first correction of a line is taken, because each try looks at all lines. */
const MAX_SEARCHED = 2_000;

/**
 * Looks for slips of the hand in YAML, line by line: a tab, a space too many, a missing colon, a notation of another
 * system. A parser reports the consequence, often on a later line and several times. This finds the cause once, on its
 * own line: each mistake is corrected before the next is looked for, and of several corrections the one counts that
 * leaves the fewest mistakes. It runs only for a refused file, because texts over several lines could look like
 * mistakes.
 */
export function mistakesIn(text: string): readonly YamlMistake[] {
  const raws = rawLines(text);
  const causes = new Map<number, YamlMistake>();
  let found = scan(raws);
  while (found[0] !== undefined && causes.size < MAX_CAUSES) {
    const cause = found.length === 1 || raws.length > MAX_SEARCHED ? found[0] : likeliest(raws, found[0], causes);
    if (causes.has(cause.line)) break;
    causes.set(cause.line, cause);
    raws[cause.line - 1] = cause.fixed;
    found = scan(raws);
  }
  return [...causes.values()].sort((a, b) => a.line - b.line);
}

/** The corrected file. */
export function mendedText(text: string, mistakes: readonly YamlMistake[]): string {
  const raws = rawLines(text);
  for (const { line, fixed } of mistakes) raws[line - 1] = fixed;
  return raws.join('\n');
}

/** Of the corrections of the first mistake, or of the line before it, the one that leaves the fewest mistakes. */
function likeliest(raws: readonly string[], first: YamlMistake, causes: ReadonlyMap<number, YamlMistake>): YamlMistake {
  const left = (mistake: YamlMistake) => scan(raws.with(mistake.line - 1, mistake.fixed)).length;
  let best = first;
  let fewest = left(first);
  for (const other of otherWays(raws, first)) {
    if (causes.has(other.line)) continue;
    const count = left(other);
    if (count < fewest) [best, fewest] = [other, count];
  }
  return best;
}

function* otherWays(raws: readonly string[], first: YamlMistake): Generator<YamlMistake> {
  const lines = linesOf(raws.slice(0, first.line));
  const indents = [...new Set(lines.map(({ indent }) => indent))].slice(-12);
  const text = first.fixed.trimStart();
  const flagged = lines.at(-1) as Line;
  for (const indent of indents) {
    const { message } = first.message.startsWith('indented by') ? wrongIndent(flagged, indent) : first;
    yield { ...first, message, instead: `${' '.repeat(indent)}${shown(text)}`, fixed: `${' '.repeat(indent)}${text}` };
  }
  const listed = undashed(lines, flagged);
  if (listed !== undefined) yield listed;
  const after = linesOf(raws.slice(first.line, first.line + 20))[0];
  const itself = after !== undefined && after.indent > flagged.indent ? withoutValue(flagged, after.indent) : undefined;
  if (itself !== undefined) yield itself;
  const before = lines.at(-2);
  if (before === undefined) return;
  for (const indent of indents) if (indent !== before.indent) yield wrongIndent(before, indent);
  // The first key of a list's member, whose dash stands too far out for the keys below it.
  const dashes = dashesOf(before.text);
  if (dashes > 0 && flagged.indent > before.indent + dashes) yield wrongIndent(before, flagged.indent - dashes);
  // The head of the previous section, and the first line in it at the depth of this one.
  const outer = lines.slice(0, -1).findLastIndex(({ indent }) => indent < flagged.indent);
  for (const line of [lines[outer], lines[outer + 1]])
    if (line !== undefined && line.indent !== flagged.indent) yield wrongIndent(line, flagged.indent);
  const opened = withoutValue(before, flagged.indent);
  if (opened !== undefined) yield opened;
}

/** The head of a section that was written as the member of a list, beside a line without a dash. */
function undashed(lines: readonly Line[], { indent, text }: Line): YamlMistake | undefined {
  const head = lines.slice(0, -1).findLast((line) => line.indent <= indent);
  if (head?.indent !== indent || dashesOf(text) > 0 || !KEY.test(text)) return undefined;
  const dashes = dashesOf(head.text);
  const name = head.text.slice(dashes).replace(/^type:\s*["']?([\w-]+)["']?$/, '$1:');
  if (dashes === 0 || !name.endsWith(':')) return undefined;
  return mistake(head, indent, indent, 'a `-` begins a member of a list, and this section is none', name);
}

/** A line as the head of a section: the text after its colon is the first key of the section, or there is none. */
function withoutValue({ number, indent, text }: Line, below: number): YamlMistake | undefined {
  const [, key, value = ''] = /^((?:- +)*[A-Za-z_][\w-]*:)\s+(.*)$/.exec(text) ?? [];
  if (key === undefined) return undefined;
  const head = `${' '.repeat(indent)}${key}`;
  return {
    line: number,
    column: indent + key.length + 2,
    message: 'a section stands below its key: behind the colon there is no value beside it',
    instead: KEY.test(value) ? `${head}\n${' '.repeat(below)}${shown(value)}` : head,
    fixed: head,
  };
}

/**
 * Keys without lines below them although a section begins there: the lines were meant to be further out. The nearest
 * first.
 */
export function emptyHeads(text: string, before: number): readonly YamlMistake[] {
  const lines = linesOf(rawLines(text));
  const heads = lines.filter(
    (line, i) => line.number < before && line.text.endsWith(':') && lines[i + 1]?.indent === line.indent,
  );
  return heads
    .map((line) => wrongIndent(line, line.indent - 2))
    .toReversed()
    .slice(0, 5);
}

/** One pass over all lines. Each line is corrected given the lines before it. */
function scan(raws: readonly string[]): YamlMistake[] {
  const found: YamlMistake[] = [];
  const levels: Level[] = [{ indent: 0, list: false, dashed: false }];
  let opens = false;
  let open: Opened | undefined;
  const lines = linesOf(raws);
  for (const [i, line] of lines.entries()) {
    if (open !== undefined && KEY.test(line.text) && line.indent <= open.indent) {
      found.push(unclosed(open));
      open = undefined;
    }
    if (open === undefined) {
      const seen = lookAt(line, levels, opens, lines[i + 1]?.indent ?? 0);
      if (seen.mistake !== undefined) found.push(seen.mistake);
      opens = seen.opens;
    }
    open = stillOpen(line, open);
  }
  if (open !== undefined) found.push(unclosed(open));
  return found;
}

/** Reads one line outside brackets, and whether the next may be deeper. Keeps `levels` as they were meant. */
function lookAt(
  line: Line,
  levels: Level[],
  opens: boolean,
  below: number,
): { mistake: YamlMistake | undefined; opens: boolean } {
  const { text, raw } = line;
  const slip = slipIn(text, below === line.indent + dashesOf(text)) ?? dashSlip(line, levels, opens);
  const lead = /^\s*/.exec(raw)?.[0] ?? '';
  if (slip?.text.startsWith('# ') === true) {
    return { mistake: mistake(line, line.indent, lead.length, slip.why, slip.text), opens };
  }
  const meant = place({ ...line, text: slip?.text ?? text }, levels, opens, below);
  const next = /^(?:- +)*-?$/.test(text) || (slip?.text ?? text).endsWith(':') || /:\s+[|>][+-]?\d*$/.test(text);
  const at = (column: number, message: string, content = text) => ({
    mistake: mistake(line, meant, column, message, content),
    opens: next,
  });
  const strange = LOOKS_EMPTY.exec(raw.slice(0, lead.length + beforeValue(text)));
  if (strange !== null) return at(strange.index, STRANGE, withoutStrange(text));
  if (lead.includes('\t')) return at(lead.indexOf('\t'), TAB, slip?.text);
  if (slip !== undefined)
    return at(lead.length + (KEY.test(text) ? sameUntil(text, slip.text) : 0), slip.why, slip.text);
  return { mistake: meant === line.indent ? undefined : wrongIndent(line, meant), opens: next };
}

function mistake({ number }: Line, indent: number, column: number, message: string, content: string): YamlMistake {
  const space = ' '.repeat(indent);
  return {
    line: number,
    column: column + 1,
    message,
    instead: `${space}${shown(content)}`,
    fixed: `${space}${content}`,
  };
}

function wrongIndent(line: Line, meant: number): YamlMistake {
  const off = line.indent - meant;
  const spaces = `${Math.abs(off)} space${Math.abs(off) === 1 ? '' : 's'}`;
  const message = `indented by ${spaces} too ${off > 0 ? 'many' : 'few'} for the section it stands in`;
  return mistake(line, meant, line.raw.length - line.raw.trimStart().length, message, line.text);
}

/** Characters that look like a space become a space; invisible ones are removed. */
export function withoutStrange(text: string): string {
  return text.replaceAll(new RegExp(LOOKS_EMPTY.source, 'g'), (c) =>
    /[\u00ad\u200b-\u200f\u2060\ufeff]/.test(c) ? '' : ' ',
  );
}

/** Space-like characters where YAML looks for structure: a parser takes them for a part of the key. */
export function strangeSpaces(text: string): readonly YamlMistake[] {
  return LOOKS_EMPTY.test(text) ? mistakesIn(text).filter(({ message }) => message === STRANGE) : [];
}

/** The end of the key of a line. The value follows, in which any character may be meant. */
function beforeValue(text: string): number {
  const colon = text.search(/:/);
  return colon === -1 ? text.length : colon + 2;
}

/** The heads of the file's own sections, behind a dash. */
const OF_FILE = /^- (?:server|sites|delivery|limits):(?:\s|$)/;

/** A dash in a section without dashes, or no dash in a section whose lines all have one. */
function dashSlip({ indent, text }: Line, levels: readonly Level[], opens: boolean) {
  const level = levels.findLast((each) => each.indent <= indent);
  if (level?.indent !== indent) return undefined;
  const dashes = dashesOf(text);
  if (dashes > 0 && levels.length === 1 && OF_FILE.test(text))
    return { text: text.slice(dashes), why: 'the sections of the file are no list: none of them begins with a `-`' };
  if (dashes > 0 && !level.list && !level.dashed && !opens && levels.length > 1)
    return { text: text.slice(dashes), why: 'a `-` begins a member of a list, and this section is none' };
  if (dashes === 0 && level.list && !KEY.test(text) && text !== '-' && level === levels.at(-1))
    return { text: `- ${text}`, why: 'each member of this list begins with `- `' };
  return undefined;
}

/**
 * The indentation that a line was meant to have. The first line of a deeper section may choose it.
 * @param below the indentation of the next line
 */
function place(line: Line, levels: Level[], opens: boolean, below: number): number {
  const { indent, text } = line;
  const dashes = dashesOf(text);
  const meant =
    opens && /^ *\t/.test(line.raw) ? (levels.at(-1) as Level).indent + 2 : fitting(line, levels, opens, below);
  while (levels.length > 1 && (levels.at(-1) as Level).indent > meant) levels.pop();
  const top = levels.at(-1) as Level;
  if (top.indent < meant) levels.push({ indent: meant, list: dashes > 0 || text === '-', dashed: false });
  else if (!top.list) top.dashed = dashes > 0;
  // `- key: value`: its further keys are below the first.
  if (dashes > 0 && KEY.test(text)) levels.push({ indent: meant + dashes, list: false, dashed: false });
  return indent === meant ? indent : meant;
}

function fitting({ indent, text }: Line, levels: readonly Level[], opens: boolean, below: number): number {
  const top = levels.at(-1) as Level;
  const dashes = dashesOf(text);
  if (indent > top.indent) {
    if (!opens) return top.indent;
    // Indentation grows in even steps. An odd indentation is a slip, unless the next line has it too.
    const heads = text.endsWith(':') && below > indent;
    if ((indent - top.indent) % 2 === 1 && Math.abs(below - indent - dashes) === 1)
      return heads ? indent - 1 : below - dashes;
    // A section cannot continue further out than where it began.
    if (below === top.indent + 2 && below + dashes < indent) return below;
    return indent - top.indent === 1 ? indent + 1 : indent;
  }
  const at = levels.findLastIndex((each) => each.indent <= indent);
  const level = levels[at] as Level;
  const deeper = levels[at + 1];
  // The keys of a list's member are after its dash, not below it.
  if (level.indent === indent && level.list && dashes === 0 && KEY.test(text) && deeper?.list === false)
    return deeper.indent;
  // A line with a value has nothing below it, so a deeper line belongs beside it.
  const closed = KEY.test(text) && !/:\s*(?:[|>&].*)?$/.test(text);
  if (level.indent === indent && opens && closed && dashes === 0 && below === indent + 2) return below;
  if (level.indent === indent) return indent;
  // Between two levels, the nearer one was meant. Where both are equally near, the deeper one was meant, unless it
  // would leave no room for what the line opens.
  const fits = deeper !== undefined && !(text.endsWith(':') && below <= deeper.indent);
  return fits && deeper.indent - indent <= indent - level.indent ? deeper.indent : level.indent;
}

/** A bracket or a quotation mark without its other half. */
interface Opened {
  readonly line: Line;
  readonly indent: number;
  readonly column: number;
  readonly close: string;
  /** The characters that close it and everything that is open inside it. */
  readonly closers: string;
}

/**
 * What is open after a line, given what was open before it. The outermost counts, because the next lines are inside it.
 */
function stillOpen(line: Line, before: Opened | undefined): Opened | undefined {
  const stack: Opened[] = before === undefined ? [] : [before];
  const lead = line.raw.length - line.raw.trimStart().length;
  const push = (i: number, close: string) =>
    stack.push({ line, indent: line.indent, column: lead + i, close, closers: close });
  for (let i = 0; i < line.text.length; i++) {
    const char = line.text.charAt(i);
    const inside = stack.at(-1);
    if (inside?.close === '"' || inside?.close === "'") {
      if (char === inside.close) stack.pop();
    } else if (opensQuote(line.text, i)) push(i, char);
    else if ((char === '[' || char === '{') && (inside !== undefined || /^$|[\s:-]/.test(line.text.charAt(i - 1)))) {
      push(i, char === '[' ? ']' : '}');
    } else if (char === inside?.close) stack.pop();
  }
  const [outermost] = stack;
  return (
    outermost && {
      ...outermost,
      closers: stack
        .map(({ close }) => close)
        .toReversed()
        .join(''),
    }
  );
}

function unclosed({ line, column, close, closers }: Opened): YamlMistake {
  const what = close === ']' ? '`[`' : close === '}' ? '`{`' : 'quotation mark';
  const space = ' '.repeat(line.indent);
  // `${NAME` needs its own brace first.
  const half = /\$\{[A-Za-z_]\w*(?=\s*[\]},]|$)/;
  const content = closers.includes('}') ? line.text.replace(half, (name) => `${name}}`) : line.text;
  const rest = content === line.text ? closers : closers.replace('}', '');
  const inner = /^["']/.test(rest) ? content.replace(/([\]}]+)$/, '') : content;
  return {
    line: line.number,
    column: column + 1,
    message: `this ${what} is never closed`,
    instead: `${space}${shown(inner + rest)}`,
    fixed: `${space}${inner + rest}`,
  };
}
