/** A mistake of the hand in a YAML file: where it is, what it is, and the line as it was most likely meant. */
export interface Mistake {
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
  readonly message: string;
  readonly instead?: string;
}

/** How deep a section lies, in spaces; the first is the file itself. */
interface Level {
  readonly indent: number;
  /** The line that opened it has no value: what is deeper belongs to it. */
  readonly line: number;
}

interface Line {
  readonly number: number;
  readonly raw: string;
  readonly indent: number;
  /** Without indentation, comment and trailing white space. */
  readonly text: string;
}

const INVISIBLE = /[\u00a0\u2000-\u200f\u202f\u2060\u3000\ufeff]/;
const KEY = /^(?:- +)*(?:"[^"]*"|'[^']*'|[^\s:#[\]{},"'`@%&*!|>-][^:]*?)\s*:(?: |$)/;
const STRANGE = 'a space that is none (copied from a page or a document): YAML needs ordinary spaces here';
const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/**
 * Looks for what people mistype in YAML, line by line: a tab, a space too many, a colon that is missing, a sign of
 * another system. A parser stumbles over the consequence, often a line later and several times; this finds the cause
 * once, on its own line. Sound files have nothing of it, but it is asked only where the parser refused one: texts over
 * several lines could look like mistakes.
 */
export function mistakesIn(text: string): readonly Mistake[] {
  const found: Mistake[] = [];
  const levels: Level[] = [{ indent: 0, line: 0 }];
  let opens = false;
  let open: Opened | undefined;
  const lines = linesOf(text);
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

function linesOf(text: string): Line[] {
  // A mark of the byte order in front is what some editors write.
  return text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .flatMap((raw, i) => {
      const lead = /^[\s\u200b-\u200f\u2060\ufeff]*/.exec(raw)?.[0] ?? '';
      const content = withoutComment(raw.slice(lead.length)).trimEnd();
      if (content === '') return [];
      return [{ number: i + 1, raw, indent: indentOf(lead), text: content }];
    });
}

/** Columns of leading white space; whatever is no space counts as one, except that a tab counts as two. */
function indentOf(lead: string): number {
  return lead.replaceAll('\t', '  ').length;
}

/** Up to a `#` that begins a comment: at the start, or after a space, outside quotes. */
function withoutComment(content: string): string {
  let quote = '';
  for (let i = 0; i < content.length; i++) {
    const char = content.charAt(i);
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (opensQuote(content, i)) quote = char;
    else if (char === '#' && (i === 0 || /\s/.test(content.charAt(i - 1)))) return content.slice(0, i);
  }
  return content;
}

/** A quotation mark is one where a value begins; inside a word it is an apostrophe. */
function opensQuote(content: string, at: number): boolean {
  const char = content.charAt(at);
  return (char === '"' || char === "'") && (at === 0 || /[\s,[{:]/.test(content.charAt(at - 1)));
}

/** What one line in the open says, and whether the next may lie deeper. Keeps `levels` as they were meant. */
function lookAt(
  line: Line,
  levels: Level[],
  opens: boolean,
  below: number,
): { mistake: Mistake | undefined; opens: boolean } {
  const { text, raw } = line;
  const mended = mend(text, below === line.indent + dashesOf(text));
  const meant = place({ ...line, text: mended ?? text }, levels, opens, below);
  const next = /^(?:- +)*$/.test(text) || (mended ?? text).endsWith(':') || /:\s+[|>][+-]?\d*$/.test(text);
  const lead = /^\s*/.exec(raw)?.[0] ?? '';
  const strange = INVISIBLE.exec(raw.slice(0, lead.length + beforeValue(text)));
  const at = (column: number, message: string, content = text): Mistake => ({
    line: line.number,
    column: column + 1,
    message,
    instead: `${' '.repeat(meant)}${shown(content)}`,
  });
  if (strange !== null) {
    const clean = text.replaceAll(new RegExp(INVISIBLE.source, 'g'), (c) =>
      /[\u200b-\u200f\u2060\ufeff]/.test(c) ? '' : ' ',
    );
    return { mistake: at(strange.index, STRANGE, clean), opens: next };
  }
  if (lead.includes('\t')) {
    return { mistake: at(lead.indexOf('\t'), 'indented with a tab: YAML takes spaces only'), opens: next };
  }
  if (mended !== undefined) return { mistake: at(lead.length, reasonFor(text), mended), opens: next };
  if (meant !== line.indent) {
    const off = line.indent - meant;
    const spaces = `${Math.abs(off)} space${Math.abs(off) === 1 ? '' : 's'}`;
    const message = `indented by ${spaces} too ${off > 0 ? 'many' : 'few'} for the section it stands in`;
    return { mistake: at(lead.length, message), opens: next };
  }
  return { mistake: undefined, opens: next };
}

/** A line as it may be shown: a value that may be a secret is left out. */
function shown(content: string): string {
  const [, key = '', value = ''] = /^([^:]*:\s+)(.+)$/.exec(content) ?? [];
  if (value === '' || /^["']?(?:\$\{|file:)/.test(value))
    return content.length > 120 ? `${content.slice(0, 60)}...` : content;
  return /token|secret|key|credential|password|auth/i.test(key) || value.length > 60 ? `${key}...` : content;
}

/** Spaces that are none where YAML looks for structure: a parser takes them for a part of the key. */
export function strangeSpaces(text: string): readonly Mistake[] {
  return INVISIBLE.test(text) ? mistakesIn(text).filter(({ message }) => message === STRANGE) : [];
}

/** How far the key of a line reaches: what follows is its value, in which any character may be meant. */
function beforeValue(text: string): number {
  const colon = text.search(/:/);
  return colon === -1 ? text.length : colon + 2;
}

/**
 * The indentation a line was meant to have. The first line of a deeper section may choose it.
 * @param below the indentation of the next line
 */
function place(line: Line, levels: Level[], opens: boolean, below: number): number {
  const { indent, text, number, raw } = line;
  const top = levels.at(-1) as Level;
  const dashes = dashesOf(text);
  let meant = indent;
  // How wide a tab was meant to be nobody knows.
  if (opens && /^ *\t/.test(raw)) meant = top.indent + 2;
  else if (indent > top.indent) {
    if (!opens) meant = top.indent;
    // Steps are even: an odd one, of which the next line knows nothing, is a slip.
    else if ((indent - top.indent) % 2 === 1 && Math.abs(below - indent - dashes) === 1) meant = below - dashes;
    else if (indent - top.indent === 1) meant = indent + 1;
  } else {
    const level = levels.findLast((each) => each.indent <= indent) as Level;
    // Between two levels: the nearer one was meant. Where both are as near, the deeper one, unless it would leave no
    // room for what the line opens.
    const deeper = levels.find((each) => each.indent > indent);
    if (level.indent !== indent) {
      const fits = deeper !== undefined && !(text.endsWith(':') && below <= deeper.indent);
      meant = fits && deeper.indent - indent <= indent - level.indent ? deeper.indent : level.indent;
    }
  }
  while (levels.length > 1 && (levels.at(-1) as Level).indent > meant) levels.pop();
  if ((levels.at(-1) as Level).indent < meant) levels.push({ indent: meant, line: number });
  // `- key: value`: its further keys stand under the first.
  if (dashes > 0 && KEY.test(text)) levels.push({ indent: meant + dashes, line: number });
  return meant;
}

/** Columns of the dashes in front of a member of a list. */
function dashesOf(text: string): number {
  return /^(?:- +)+/.exec(text)?.[0].length ?? 0;
}

/**
 * A line as it was meant, where its own text is at fault; undefined where it is not.
 * @param entry the next line stands under the text of this one, as the further keys of a list's member do
 */
function mend(text: string, entry: boolean): string | undefined {
  const template = /^(.*?)(["']?)\{\{\s*([A-Za-z_][A-Za-z0-9_.]*)\s*\}\}\2(.*)$/.exec(text);
  if (template !== null) return `${template[1]}\${${(template[3] as string).replaceAll('.', '_')}}${template[4]}`;
  if (/^-[^\s-]/.test(text)) return `- ${text.slice(1)}`;
  const [, item = '', rest = ''] = /^((?:- +)*)(.*)$/.exec(text) ?? [];
  if (KEY.test(text)) {
    const value = /^.*?:\s+(.*)$/.exec(rest)?.[1] ?? '';
    const key = rest.slice(0, rest.length - value.length);
    if (/^[@`%]/.test(value) || /^[^"'[{|>&*!][^"'[{]*: /.test(value))
      return `${item}${key}"${value.replaceAll('"', '')}"`;
    if (/^[\u201c\u201d\u201e\u00ab]/.test(value))
      return `${item}${key}"${value.replaceAll(/[\u201c\u201d\u201e\u00ab\u00bb]/g, '')}"`;
    return undefined;
  }
  // A member of a list may be any text; what is left must be a key.
  if (item !== '' && !entry && !/^[A-Za-z_]+(?: *= *|:)\S/.test(rest)) return undefined;
  const [, key = '', , value = ''] = /^([A-Za-z_][A-Za-z0-9_-]*)(\s*=\s*|\s*:|\s+|$)(.*)$/.exec(rest) ?? [];
  if (!NAME.test(key)) return undefined;
  return `${item}${key}:${value === '' ? '' : ` ${value}`}`;
}

function reasonFor(text: string): string {
  if (/\{\{/.test(text))
    return '`{{ }}` is the placeholder of another tool: here a variable of the environment is written `${NAME}`';
  if (/^-[^\s-]/.test(text)) return 'the `-` of a list needs a space behind it';
  if (KEY.test(text)) {
    return /:\s+[@`%]/.test(text)
      ? 'a value that begins with this sign needs quotes'
      : /[\u201c\u201d\u201e\u00ab]/.test(text)
        ? 'typographic quotation marks: YAML takes straight ones only'
        : 'a value with a colon in it needs quotes';
  }
  if (/^(?:- +)*[A-Za-z0-9_-]+\s*:\S/.test(text)) return 'the colon behind a key needs a space behind it';
  if (/^(?:- +)*[A-Za-z0-9_-]+\s*=/.test(text)) return 'a key is followed by `: `, not by `=`';
  return 'the colon behind the key is missing';
}

/** A bracket or a quotation mark that waits for its other half. */
interface Opened {
  readonly line: Line;
  readonly indent: number;
  readonly column: number;
  readonly close: string;
  /** What closes it and all that is open inside it. */
  readonly closers: string;
}

/** What is open behind a line, of what was open before it. The outermost counts: it is what swallows the next lines. */
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

function unclosed({ line, column, close, closers }: Opened): Mistake {
  const what = close === ']' ? '`[`' : close === '}' ? '`{`' : 'quotation mark';
  return {
    line: line.number,
    column: column + 1,
    message: `this ${what} is never closed`,
    instead: `${' '.repeat(line.indent)}${shown(line.text)}${closers}`,
  };
}
