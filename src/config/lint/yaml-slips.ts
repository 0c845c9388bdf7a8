import { KEY } from './yaml-line.ts';

/** The corrected text of a line, and what is wrong with the written one. */
export interface Slip {
  readonly text: string;
  readonly why: string;
}

const PLACEHOLDER = 'this is the placeholder of another tool: here a variable of the environment is written `${NAME}`';
const LIST_SIGN = 'a member of a list begins with `- `: an ordinary dash and a space';

export const FENCE = 'a fence of Markdown is no part of the file: take the line out';

/** Notations of variables in other tools: `{{ NAME }}`, `%NAME%`, `!env NAME`. The first group is the name. */
const FOREIGN: readonly RegExp[] = [
  /(["']?)\$?\{\{\s*(?:secrets\.|env\.|\.)?([A-Za-z_][A-Za-z0-9_.]*)\s*\}\}\1/,
  /(["']?)%([A-Za-z_][A-Za-z0-9_]*)%\1/,
  /(["']?)!(?:env|ENV|env_var|secret)\s+\$?\{?([A-Za-z_][A-Za-z0-9_]*)\}?\1/,
];

/**
 * A line whose own text is wrong; undefined where it is not.
 * @param entry the next line is below the text of this one, as the further keys of a list's member are
 */
export function slipIn(text: string, entry: boolean): Slip | undefined {
  for (const foreign of FOREIGN) {
    if (!foreign.test(text)) continue;
    const mended = text.replace(foreign, (_all, _quote, name: string) => `\${${name.replaceAll('.', '_')}}`);
    return { text: mended, why: PLACEHOLDER };
  }
  const sign = /^(?:[\u2010-\u2015\u2212\u2022\u2023\u25cf\u25e6\u00b7*+]\s+|-\t\s*)(?=\S)/.exec(text);
  if (sign !== null) return { text: `- ${text.slice(sign[0].length)}`, why: LIST_SIGN };
  if (/^-[^\s-]/.test(text)) return { text: `- ${text.slice(1)}`, why: 'the `-` of a list needs a space behind it' };
  if (/^(?:\/\/|\/\*|--\s|;)/.test(text))
    return { text: `# ${text.replace(/^\W+/, '')}`, why: 'a comment begins with `#`' };
  if (text.startsWith('```')) return { text: `# ${text}`, why: FENCE };
  return KEY.test(text) ? valueSlip(text) : keySlip(text, entry);
}

/** A value that YAML reads as a notation of its own. */
function valueSlip(text: string): Slip | undefined {
  const [, item = '', rest = ''] = /^((?:- +)*)(.*)$/.exec(text) ?? [];
  const value = /^.*?:\s+(.*)$/.exec(rest)?.[1] ?? '';
  const key = item + rest.slice(0, rest.length - value.length);
  const quoted = (why: string): Slip => ({
    text: `${key}"${value.replaceAll(/["\u201c\u201d\u201e\u00ab\u00bb]/g, '')}"`,
    why,
  });
  if (/^[@`%*&!|>]\S/.test(value) && !/^[|>][+-]?\d*$/.test(value))
    return quoted('a value that begins with this sign needs quotes');
  if (/^[|>&] \S/.test(value))
    return {
      text: key + value.slice(2),
      why: `\`${value.charAt(0)}\` has a meaning of its own in YAML: the value stands alone`,
    };
  if (/^[^"'[{|>&*!][^"'[{]*: /.test(value)) return quoted('a value with a colon in it needs quotes');
  if (/^[\u201c\u201d\u201e\u00ab]/.test(value))
    return quoted('typographic quotation marks: YAML takes straight ones only');
  const listed = /^("[^"]*"|'[^']*')\s*[,;]$/.exec(value)?.[1];
  if (listed !== undefined) return { text: key + listed, why: 'a line of YAML ends without a comma or a semicolon' };
  const escaped = /^"([^"']*\\[^"'\\/bfnrtu0][^"']*)"$/.exec(value)?.[1];
  if (escaped !== undefined)
    return { text: `${key}'${escaped}'`, why: 'a backslash in double quotes has a meaning of its own in YAML' };
  const after = /^("[^"]*"|'[^']*')\s*[^\s,\]}#].*$/.exec(value)?.[1];
  if (after !== undefined)
    return { text: key + after, why: 'behind the closing quotation mark nothing may follow but a comment' };
  return bracketSlip(key, value);
}

/** In braces, a value that begins with a sign of YAML's own: `{ value: >= 100 }`. */
const RESERVED = /(:\s+)([>|*@`%&!][^,}]*[^\s,}])/g;
/** In braces, a value of one word and a key behind it: `{ a: b c: d }`. */
const NO_COMMA = /(:\s+[^\s,{}[\]:]+)\s+(?=[A-Za-z_][\w.]*:(?:\s|$))/g;

function outsideQuotes(value: string, mend: (text: string) => string): string {
  return value
    .split(/("[^"]*"|'[^']*')/)
    .map((text, i) => (i % 2 === 0 ? mend(text) : text))
    .join('');
}

/** Brackets that do not match, and commas that are too many or missing inside them. */
function bracketSlip(key: string, value: string): Slip | undefined {
  if (!/^[[{]/.test(value)) return undefined;
  const close = value.startsWith('[') ? ']' : '}';
  const other = close === ']' ? '}' : ']';
  if (/[\]}]{2}$/.test(value) && count(value, /[\]}]/g) > count(value, /[[{]/g))
    return { text: key + value.slice(0, -1), why: `one \`${value.slice(-1)}\` too many` };
  if (value.endsWith(other) && !value.includes(close))
    return { text: key + value.slice(0, -1) + close, why: `\`${value.charAt(0)}\` is closed by \`${close}\`` };
  if (/^\[[^\]]*\](?:\s*,\s*\[[^\]]*\])+$/.test(value))
    return { text: key + value.replaceAll(/\]\s*,\s*\[/g, ', '), why: 'a list stands in one pair of brackets' };
  if (/,\s*,|[[{]\s*,/.test(value))
    return { text: key + value.replaceAll(/,(?:\s*,)+/g, ',').replace(/([[{])\s*,\s*/, '$1'), why: 'a comma too many' };
  const begun = close === '}' ? outsideQuotes(value, (text) => text.replaceAll(RESERVED, '$1"$2"')) : value;
  if (begun !== value) return { text: key + begun, why: 'a value that begins with this sign needs quotes' };
  const mended = outsideQuotes(value, (text) => (close === '}' ? text.replaceAll(NO_COMMA, '$1, ') : text)).replaceAll(
    /(["'])\s+(?=["']|[A-Za-z_]\w*:)/g,
    '$1, ',
  );
  if (mended !== value) return { text: key + mended, why: 'a comma is missing' };
  if (/[[,]\s*[*@`%&!][^,\]"']*/.test(value) && close === ']')
    return {
      text: key + value.replaceAll(/([[,]\s*)([*@`%&!][^,\]"']*)/g, '$1"$2"'),
      why: 'a value that begins with this sign needs quotes',
    };
  if (/"[^"]*\\[^"\\/bfnrtu0][^"]*"/.test(value))
    return {
      text: key + value.replaceAll('\\', '/'),
      why: 'a backslash in double quotes has a meaning of its own in YAML',
    };
  return undefined;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

/** A line that should begin with a key and a colon. */
function keySlip(text: string, entry: boolean): Slip | undefined {
  const [, item = '', rest = ''] = /^((?:- +)*)(.*)$/.exec(text) ?? [];
  if (/^[[{]/.test(rest)) return bracketSlip(item, rest);
  if (/^[@`%*&!]/.test(rest) && item !== '')
    return { text: `${item}"${rest.replaceAll('"', '')}"`, why: 'a value that begins with this sign needs quotes' };
  // A member of a list may be any text; every other line must begin with a key.
  if (item !== '' && !entry && !/^[A-Za-z_]+(?: *= *|:)\S/.test(rest)) return undefined;
  const [, key = '', sign = '', value = ''] =
    /^([A-Za-z_][A-Za-z0-9_-]*)(\s*(?:=>|->|=|;|\uff1a|::)\s*|\s*:|\s+|$)(.*)$/.exec(rest) ?? [];
  if (key === '') return undefined;
  const mark = sign.trim();
  const why =
    mark === ':'
      ? 'the colon behind a key needs a space behind it'
      : mark === ''
        ? 'the colon behind the key is missing'
        : `a key is followed by \`: \`, not by \`${mark}\``;
  return { text: `${item}${key}:${value === '' ? '' : ` ${value}`}`, why };
}
