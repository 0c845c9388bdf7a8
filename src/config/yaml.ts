import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type YAMLError,
} from 'yaml';
import { shown } from './lint/yaml-line.ts';
import {
  emptyHeads,
  isOfWholeFile,
  mendedText,
  mistakesIn,
  strangeSpaces,
  type YamlMistake,
} from './lint/yaml-mistakes.ts';
import type { ConfigPath, Finding, Remark } from './lint/finding.ts';

/** Counted in UTF-16 units, because this is a limit and not a measurement (R78). */
const MAX_TEXT = 256 * 1024;
const MAX_ALIASES = 50;

/** A YAML file as plain values. It also finds the line and column of a path. */
export interface YamlSource {
  readonly value: unknown;
  readonly finding: (remark: Remark) => Finding;
}

/**
 * Reads YAML 1.2 by the core schema: no tags, no directives, no merge keys, bounded size and aliases (R78). `${NAME}`
 * may be unquoted everywhere, also inside `[...]`. There YAML gives braces a meaning of their own, so they are replaced
 * by two noncharacters of the same width while the file is parsed, and no column changes.
 */
export function readYaml(text: string, file: string): YamlSource | { readonly findings: readonly Finding[] } {
  const at = (offset: number, message: string, lines: LineCounter): Finding => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col), kind: 'error', code: 'yaml', message };
  };
  const lines = new LineCounter();
  if (text.length > MAX_TEXT) {
    return { findings: [at(0, `the file is larger than ${MAX_TEXT / 1024} KiB`, lines)] };
  }
  const coded = wrongEncoding(text) ?? notOfTheFile(text);
  if (coded !== undefined) return { findings: [at(coded[0], coded[1], counted(text, lines))] };
  try {
    const document = parsed(text, lines);
    if (document.directives?.yaml.explicit)
      return { findings: [at(0, 'directives (%YAML, %TAG) are not allowed', lines)] };
    const [first] = [...document.errors, ...document.warnings];
    if (first !== undefined) {
      const heads = first.code === 'DUPLICATE_KEY' ? emptyHeads(text, lines.linePos(first.pos[0]).line) : [];
      const head = heads.find((each) => isSound(mendedText(text, [each])));
      const causes = mistakeFindings(head === undefined ? mistakesIn(text) : [head], file);
      // The mistakes after the first are mostly a consequence of it.
      return { findings: causes.length > 0 ? causes : [at(first.pos[0], wordsFor(first, text), lines)] };
    }
    const strange = strangeSpaces(text);
    if (strange.length > 0) return { findings: mistakeFindings(strange, file) };
    const refused = restore(document) ?? memberInValue(document, text) ?? oddlyQuoted(document, text);
    if (refused !== undefined) {
      const instead = refused.quoted === undefined ? {} : { instead: refused.quoted };
      return { findings: [{ ...at(refused.at, refused.why, lines), ...instead }] };
    }
    return {
      value: document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown,
      finding: ({ path, atKey, ...rest }) => {
        const { line, col } = lines.linePos(offsetOf(document, path, atKey ?? false));
        return { file, line: Math.max(1, line), column: Math.max(1, col), ...rest };
      },
    };
  } catch (error) {
    // `toJS` refuses too many aliases, and the parser runs out of stack on absurd nesting. Other exceptions are not
    // caused by the file.
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    const message = error instanceof ReferenceError ? 'too many aliases' : 'nested too deeply to be read';
    return { findings: [at(0, message, lines)] };
  }
}

function parsed(text: string, lineCounter: LineCounter): Document.Parsed {
  return parseDocument(hideBraces(text), {
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    prettyErrors: false,
    lineCounter,
  });
}

function isSound(text: string): boolean {
  return parsed(text, new LineCounter()).errors.length === 0;
}

/**
 * Mistakes as they are shown. The same mistake on lines that follow each other is shown once, and what the editor or the
 * page did that the file was written in or copied from, once for the whole file.
 */
function mistakeFindings(mistakes: readonly YamlMistake[], file: string): Finding[] {
  const found: (Finding & { more: number; apart: number })[] = [];
  for (const { fixed: _, ...mistake } of mistakes) {
    const same = found.findLast(({ message }) => message === mistake.message);
    if (same !== undefined && same.line + same.more + 1 === mistake.line) same.more++;
    else if (same !== undefined && isOfWholeFile(mistake.message)) same.apart++;
    else found.push({ file, kind: 'error', code: 'yaml', ...mistake, more: 0, apart: 0 });
  }
  return found.map(({ more, apart, ...finding }) => {
    if (more + apart === 0) return finding;
    const next = more === 1 ? 'the next line' : `the next ${more} lines`;
    const further = apart === 1 && more === 0 ? 'one further line' : `${more + apart} further lines`;
    return { ...finding, message: `${finding.message}; ${apart === 0 ? next : further} too` };
  });
}

/** The parser's findings that are still possible, in plain words. Other findings keep the parser's words. */
const WORDS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key stands twice in its section: keep one of the two',
  MULTIPLE_DOCS: 'the file holds several documents (`---`): only one can be a configuration',
  BAD_INDENT: 'the lines of one section must be indented alike',
  BLOCK_AS_IMPLICIT_KEY: 'a key inside a value: either the line is indented too far, or the value needs quotes',
  MULTILINE_IMPLICIT_KEY: 'a key stands on one line, with a colon behind it',
  MISSING_CHAR: 'a colon, a bracket or a quotation mark is missing here or in a line above',
  NON_STRING_KEY: 'a key must be a text',
};

function wordsFor({ code, message, pos }: YAMLError, text: string): string {
  const [, key] = /^["']?([\w.-]{1,64})["']?\s*:/.exec(text.slice(pos[0], pos[0] + 80)) ?? [];
  if (code === 'DUPLICATE_KEY' && key !== undefined)
    return `\`${key}\` stands twice in its section: keep one of the two`;
  return WORDS[code] ?? showBraces(message);
}

/** U+FDD0 and U+FDD1 are noncharacters: they mean nothing in any text. */
function hideBraces(text: string): string {
  return text.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, '$\u{FDD0}$1\u{FDD1}');
}

function showBraces(text: string): string {
  return text.replaceAll('\u{FDD0}', '{').replaceAll('\u{FDD1}', '}');
}

/**
 * The same text with one byte a character, where that is possible. The replaced braces make the engine keep the whole
 * file with two bytes a character. Names from the file are in every record, so joining, hashing and copying them took
 * twice the work.
 */
function narrow(text: string): string {
  return /^[\0-\xff]*$/.test(text) ? new TextDecoder().decode(new TextEncoder().encode(text)) : text;
}

interface Refused {
  readonly at: number;
  readonly why: string;
  /** What to write: the value in quotes where a text was meant, or the line. */
  readonly quoted?: string;
}

/** Puts the braces back into every text. Returns the first text that is not allowed, if there is one. */
function restore(document: Document.Parsed): Refused | undefined {
  let refused: Refused | undefined;
  visit(document, {
    Node(role, node) {
      const at = node.range?.[0] ?? 0;
      const reserved = role === 'key' && isScalar(node) && node.value === '__proto__';
      if (reserved || (!isAlias(node) && node.tag !== undefined))
        refused ??= { at, why: 'tags (!name) and the key `__proto__` are not allowed' };
      if (isAlias(node) && node.resolve(document) === undefined)
        refused ??= {
          at,
          why: 'a value that begins with `*` stands for something that `&` has named before, and there is no such thing: as a text it needs quotes',
          quoted: `"*${node.source}"`,
        };
      if (isScalar(node) && typeof node.value === 'string') node.value = narrow(showBraces(node.value));
    },
  });
  return refused;
}

/**
 * A member of a list that is indented further than the one before it. YAML takes its line for more words of that value:
 * `purchase - add_to_cart`.
 */
function memberInValue(document: Document.Parsed, text: string): Refused | undefined {
  let refused: Refused | undefined;
  visit(document, {
    Scalar(_, node) {
      const [from = 0, to = 0] = node.range ?? [];
      const member = node.type === 'PLAIN' ? /\n[ \t]*(?=- )/.exec(text.slice(from, to)) : null;
      const list = /^ *(?=- )/.exec(text.slice(text.lastIndexOf('\n', from) + 1, from))?.[0];
      if (member === null || list === undefined) return undefined;
      const at = from + member.index + member[0].length;
      const off = member[0].length - 1 - list.length;
      const spaces = `${off} space${off === 1 ? '' : 's'}`;
      const [line = ''] = text.slice(at).split(/\r?\n/, 1);
      refused = { at, why: `indented by ${spaces} too many for the list it stands in`, quoted: list + shown(line) };
      return visit.BREAK;
    },
  });
  return refused;
}

/** A value in quotation marks that only typography has: YAML takes them for a part of it. */
function oddlyQuoted(document: Document.Parsed, text: string): Refused | undefined {
  let refused: Refused | undefined;
  visit(document, {
    Scalar(_, node) {
      if (node.type !== 'PLAIN' || typeof node.value !== 'string' || !TYPOGRAPHIC.test(node.value)) return undefined;
      const at = node.range?.[0] ?? 0;
      const start = text.lastIndexOf('\n', at) + 1;
      const [line = ''] = text.slice(start).split(/\r?\n/, 1);
      const why = 'typographic quotation marks: YAML takes straight ones only';
      refused = { at, why, quoted: shown(line.replaceAll(MARKS, '"')) };
      return visit.BREAK;
    },
  });
  return refused;
}

const MARKS = /[\u201c-\u201f\u00ab\u00bb\u2018\u2019\u2032\u2033]/g;
const TYPOGRAPHIC = /^[\u201c-\u201f\u00ab\u2018\u2032\u2033].*[\u201c-\u201f\u00bb\u2019\u2032\u2033]$/;

/** The place where a file is not UTF-8 with usual line ends, and what to do. */
function wrongEncoding(text: string): readonly [at: number, why: string] | undefined {
  if (/^(?:\ufffd{2}|.?\0)/.test(text)) return [0, 'the file is encoded as UTF-16: save it as UTF-8'];
  const nul = text.indexOf('\0');
  if (nul !== -1) return [nul, 'a NUL character stands here: take it out'];
  const unread = text.indexOf('\ufffd');
  if (unread !== -1)
    return [unread, 'a character here is not UTF-8: save the file as UTF-8 (it may be Latin-1 or Windows-1252 now)'];
  const lone = text.includes('\n') ? -1 : text.search(/\r./);
  return lone === -1
    ? undefined
    : [0, 'the lines end as on an old Macintosh (CR): save the file with ordinary line ends (LF)'];
}

const MERGE = /^<{7}(?: .*)?$/m;
/** What a page, a mail or a program puts in front of each line. */
const BEFORE_LINES: readonly RegExp[] = [/^>(?: |$)/, /^\+/, /^\|(?: |$)/];

/** The place of what another program has put into the file, and what to do. */
function notOfTheFile(text: string): readonly [at: number, why: string] | undefined {
  const merge = MERGE.exec(text);
  if (merge !== null && /^>{7}/m.test(text))
    return [
      merge.index,
      'a merge is not finished here: keep one of the two versions, and take out the lines with `<<<<<<<`, `=======` and `>>>>>>>`',
    ];
  const lines = text.split('\n', 200).filter((line) => line.trim() !== '');
  const [first = ''] = lines;
  if (lines.length < 3) return undefined;
  const isNumbered = lines.every((line, i) => new RegExp(`^ *${i + 1}[:|\\t ]`).test(line));
  const sign = BEFORE_LINES.find((before) => lines.every((line) => before.test(line)));
  if (!isNumbered && sign === undefined) return undefined;
  const shows = isNumbered ? 'its number' : `\`${first.charAt(0)}\``;
  return [0, `each line begins with ${shows}, which is no part of the file: take it out of all of them`];
}

/** Counts lines before there is a parser for it. */
function counted(text: string, lines: LineCounter): LineCounter {
  lines.addNewLine(0);
  for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1)) lines.addNewLine(i + 1);
  return lines;
}

/** The place of a path in the file; if it is not there, the place of the nearest part above it. */
function offsetOf(document: Document.Parsed, path: ConfigPath, atKey: boolean): number {
  const resolve = (node: unknown): Node | undefined => {
    if (isAlias(node)) return node.resolve(document);
    return isMap(node) || isSeq(node) || isScalar(node) ? node : undefined;
  };
  const start = (node: unknown): number | undefined => (node as Node | undefined)?.range?.[0];
  let node = resolve(document.contents);
  let offset = start(node) ?? 0;
  for (const [depth, segment] of path.entries()) {
    const last = depth === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(segment));
      if (pair === undefined) break;
      const key = start(pair.key);
      // For a value that begins on the next line, or is empty, the place of its key is better.
      const value = isScalar(pair.value) && pair.value.value !== null ? start(pair.value) : undefined;
      offset = (last && !atKey ? value : undefined) ?? key ?? offset;
      node = resolve(pair.value);
    } else if (isSeq(node)) {
      offset = start(node.items[Number(segment)]) ?? offset;
      node = resolve(node.items[Number(segment)]);
    } else {
      break;
    }
  }
  return offset;
}
