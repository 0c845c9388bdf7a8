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
import { mistakesIn, strangeSpaces, type Mistake } from './yaml-mistakes.ts';
import type { ConfigPath, Finding, Remark } from './finding.ts';

/** Bytes are counted as UTF-16 units: a bound, not a measure (R78). */
const MAX_TEXT = 256 * 1024;
const MAX_ALIASES = 50;

/** A YAML file as plain values, with a way back from a path to its line and column. */
export interface YamlSource {
  readonly value: unknown;
  readonly finding: (remark: Remark) => Finding;
}

/**
 * Reads YAML 1.2 by the core schema: no tags, no directives, no merge keys, bounded size and aliases (R78).
 *
 * `${NAME}` may stand unquoted anywhere, also inside `[...]`, where YAML gives braces a meaning of their own: they
 * are hidden behind two noncharacters of the same width while parsing, so that no column moves.
 */
export function readYaml(text: string, file: string): YamlSource | { readonly findings: readonly Finding[] } {
  const at = (offset: number, message: string, lines: LineCounter): Finding => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col), kind: 'error', code: 'yaml', message };
  };
  const asFinding = (mistake: Mistake): Finding => ({ file, kind: 'error', code: 'yaml', ...mistake });
  const lines = new LineCounter();
  if (text.length > MAX_TEXT) {
    return { findings: [at(0, `the file is larger than ${MAX_TEXT / 1024} KiB`, lines)] };
  }
  try {
    const document = parseDocument(hideBraces(text), {
      schema: 'core',
      merge: false,
      resolveKnownTags: false,
      stringKeys: true,
      prettyErrors: false,
      lineCounter: lines,
    });
    if (document.directives?.yaml.explicit)
      return { findings: [at(0, 'directives (%YAML, %TAG) are not allowed', lines)] };
    const [first] = [...document.errors, ...document.warnings];
    if (first !== undefined) {
      const causes = mistakesIn(text).map(asFinding);
      // What follows the first is mostly a consequence of it.
      return { findings: causes.length > 0 ? causes : [at(first.pos[0], wordsFor(first), lines)] };
    }
    const strange = strangeSpaces(text);
    if (strange.length > 0) return { findings: strange.map(asFinding) };
    const refused = restore(document);
    if (refused !== undefined)
      return { findings: [at(refused, 'tags (!name) and the key `__proto__` are not allowed', lines)] };
    return {
      value: document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown,
      finding: ({ path, atKey, ...rest }) => {
        const { line, col } = lines.linePos(offsetOf(document, path, atKey ?? false));
        return { file, line: Math.max(1, line), column: Math.max(1, col), ...rest };
      },
    };
  } catch (error) {
    // `toJS` refuses too many aliases; the parser runs out of stack on absurd nesting.
    const message = error instanceof ReferenceError ? 'too many aliases' : 'nested too deeply to be read';
    return { findings: [at(0, message, lines)] };
  }
}

/** The parser's findings that can still come up, in words; its own where there is no better. */
const WORDS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key stands twice in its section: keep one of the two',
  MULTIPLE_DOCS: 'the file holds several documents (`---`): only one can be a configuration',
  BAD_INDENT: 'the lines of one section must be indented alike',
  BLOCK_AS_IMPLICIT_KEY: 'a key inside a value: either the line is indented too far, or the value needs quotes',
  MULTILINE_IMPLICIT_KEY: 'a key stands on one line, with a colon behind it',
  MISSING_CHAR: 'a colon, a bracket or a quotation mark is missing here or in a line above',
  NON_STRING_KEY: 'a key must be a text',
};

function wordsFor({ code, message }: YAMLError): string {
  return WORDS[code] ?? showBraces(message);
}

/** U+FDD0 and U+FDD1 are noncharacters: they mean nothing in any text. */
function hideBraces(text: string): string {
  return text.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, '$\u{FDD0}$1\u{FDD1}');
}

function showBraces(text: string): string {
  return text.replaceAll('\u{FDD0}', '{').replaceAll('\u{FDD1}', '}');
}

/** Puts the braces back into every text; answers with the offset of something that is not allowed, if there is any. */
function restore(document: Document.Parsed): number | undefined {
  let refused: number | undefined;
  visit(document, {
    Node(role, node) {
      const reserved = role === 'key' && isScalar(node) && node.value === '__proto__';
      if (reserved || (!isAlias(node) && node.tag !== undefined)) refused ??= node.range?.[0] ?? 0;
      if (isScalar(node) && typeof node.value === 'string') node.value = showBraces(node.value);
    },
  });
  return refused;
}

/** Where a path is in the file; the nearest thing above it that is there, when it is not. */
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
      // A value that opens on the next line is best named by its key; so is an empty one.
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
