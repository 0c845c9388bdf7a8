/** One line of a YAML file that is neither empty nor a comment. */
export interface Line {
  /** 1-based. */
  readonly number: number;
  readonly raw: string;
  /** Columns of white space in front of the text. */
  readonly indent: number;
  /** Without indentation, comment and trailing white space. */
  readonly text: string;
}

/** Characters that look like a space or are invisible, and that a parser takes for neither. */
export const LOOKS_EMPTY = /[\u00a0\u00ad\u2000-\u200f\u202f\u2060\u3000\ufeff]/;

/** A key at the start of a line, after the dashes of a list. */
export const KEY = /^(?:- +)*(?:"[^"]*"|'[^']*'|[^\s:#[\]{},"'`@%&*!|>-][^:[{]*?)\s*:(?: |$)/;

/** The lines of a file, without those that are empty or a comment. */
export function linesOf(raws: readonly string[]): Line[] {
  return raws.flatMap((raw, i) => {
    const lead = /^[\s\u200b-\u200f\u2060\ufeff]*/.exec(raw)?.[0] ?? '';
    const content = withoutComment(raw.slice(lead.length)).trimEnd();
    if (content === '') return [];
    return [{ number: i + 1, raw, indent: indentOf(lead), text: content }];
  });
}

/** A file as lines, without the byte order mark that some editors write. */
export function rawLines(text: string): string[] {
  return text.replace(/^\ufeff/, '').split(/\r?\n/);
}

/** Columns of leading white space. Every space-like character counts as one, a tab as two. */
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

/** A quotation mark counts only where a value begins; inside a word it is an apostrophe. */
export function opensQuote(content: string, at: number): boolean {
  const char = content.charAt(at);
  return (char === '"' || char === "'") && (at === 0 || /[\s,[{:]/.test(content.charAt(at - 1)));
}

/** How many characters two texts have in common at their beginning. */
export function sameUntil(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  return i;
}

/** Columns of the dashes in front of a member of a list. */
export function dashesOf(text: string): number {
  return /^(?:- +)+/.exec(text)?.[0].length ?? 0;
}

/** A key whose value is a secret, with a value that is not a secret's name. */
const BARE_SECRET =
  /^(.*?(?:token|secret|keys?|credentials?|password|auth)[\w-]*["']?(?:\s*[:=]+\s*|\s+)[[{]?\s*)(?!["']?(?:\$\{[A-Za-z_]\w*\}|file:))["']?[^\s:=[\]{}"']/i;
/** Letters and digits as in keys and tokens; host names and addresses have dots and slashes between them. */
const LIKE_A_KEY = /(?<![\w{.-])(?=[\w+=-]*\d)[\w+=-]{24,}/g;

/** A line as it may be shown: without a value that may be a secret. */
export function shown(content: string): string {
  const bare = BARE_SECRET.exec(content.slice(0, 400))?.[1];
  const text = (bare === undefined ? content : `${bare}...`).replaceAll(LIKE_A_KEY, '...');
  return text.length > 160 ? `${text.slice(0, 80)}...` : text;
}
