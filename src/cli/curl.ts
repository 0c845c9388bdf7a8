import type { WrittenRequest } from '../config/cases/request.ts';
import { UsageError } from './args.ts';

/** Options with a value that change the request. */
const HEADER_OPTIONS: Readonly<Record<string, string>> = {
  '-A': 'user-agent',
  '--user-agent': 'user-agent',
  '-b': 'cookie',
  '--cookie': 'cookie',
  '-e': 'referer',
  '--referer': 'referer',
};
const DATA_OPTIONS = ['-d', '--data', '--data-raw', '--data-binary', '--data-ascii'];
/** Options with a value that do not change it. */
const IGNORED = [
  '-o',
  '--output',
  '-w',
  '--write-out',
  '-m',
  '--max-time',
  '--connect-timeout',
  '--retry',
  '-x',
  '--proxy',
  '--cacert',
];

/**
 * The request a `curl` command would make. Options that change only how it is sent are ignored.
 * @throws UsageError on files (`@name`) and when there is no URL.
 */
export function curlRequest(words: readonly string[]): WrittenRequest {
  const headers: [string, string][] = [];
  const data: string[] = [];
  let method: string | undefined;
  let url: string | undefined;
  const queue = words.flatMap(unglued);
  for (let i = 0; i < queue.length; i++) {
    const word = queue[i] ?? '';
    const value = () => {
      const next = queue[++i];
      if (next === undefined) throw new UsageError(`curl: ${word} has no value`);
      return next;
    };
    const header = HEADER_OPTIONS[word];
    if (header !== undefined) headers.push([header, value()]);
    else if (word === '-X' || word === '--request') method = value();
    else if (word === '-H' || word === '--header') headers.push(splitHeader(value()));
    else if (word === '--url') url = value();
    else if (word === '--json') {
      data.push(value());
      headers.push(['content-type', 'application/json']);
    } else if (DATA_OPTIONS.includes(word)) data.push(value());
    else if (IGNORED.includes(word)) value();
    else if (word === '-I' || word === '--head') method = 'HEAD';
    else if (word === '-G' || word === '--get') method = 'GET';
    else if (!word.startsWith('-')) url ??= word;
  }
  if (url === undefined) throw new UsageError('curl: no URL');
  if (data.some((text) => text.startsWith('@')))
    throw new UsageError('curl: a body from a file (@name) is not read; write it out');
  return {
    method: method ?? (data.length > 0 ? 'POST' : 'GET'),
    url: /^https?:\/\//.test(url) ? url : `http://${url}`,
    headers,
    body: data.join('&'),
  };
}

/** `-XPOST`, `-HName: value` and `--data=x` as two words. */
function unglued(word: string): string[] {
  const glued = /^(-[XHdAbe])(.+)$/s.exec(word) ?? /^(--[a-z-]+)=(.*)$/s.exec(word);
  return glued === null ? [word] : glued.slice(1);
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(':');
  return colon === -1 ? [line.replace(/;$/, ''), ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '0': '\0' };

/** A command line as the shell splits it: both kinds of quotes, `$'...'`, backslashes, continued lines. No expansion. */
export function shellWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i);
    const ansi = char === '$' && line[i + 1] === "'";
    if (char === "'" || char === '"' || ansi) {
      const quote = ansi ? "'" : char;
      word ??= '';
      for (i += ansi ? 2 : 1; i < line.length && line[i] !== quote; i++) {
        if (line[i] !== '\\' || (quote === "'" && !ansi)) {
          word += line[i];
          continue;
        }
        i++;
        const escaped = line[i] ?? '';
        if (ansi && escaped === 'u') {
          word += String.fromCharCode(Number.parseInt(line.slice(i + 1, i + 5), 16));
          i += 4;
        } else if (ansi) {
          word += ESCAPES[escaped] ?? escaped;
        } else if (escaped !== '\n') {
          word += '"\\$`'.includes(escaped) ? escaped : `\\${escaped}`;
        }
      }
    } else if (char === '\\') {
      i++;
      if (line[i] === '\r') i++;
      if (line[i] !== '\n') word = (word ?? '') + (line[i] ?? '');
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}
