import type { WrittenRequest } from '../config/cases/request.ts';
import { PROTOCOLS } from '../protocols/index.ts';
import { UsageError } from './args.ts';
import { curlRequest, shellWords } from './curl.ts';

/**
 * Requests in a file: a HAR (every entry), a `curl` line, or a request as it goes over the wire.
 * @throws UsageError when it is none of them.
 */
export function readRequests(text: string): readonly WrittenRequest[] {
  const start = text.trimStart();
  if (start.startsWith('{')) return harRequests(start);
  if (/^curl\s/.test(start)) return [curlRequest(shellWords(start).slice(1))];
  return [rawRequest(start)];
}

interface HarEntry {
  readonly startedDateTime?: string;
  readonly request?: {
    readonly method?: string;
    readonly url?: string;
    readonly headers?: readonly { readonly name: string; readonly value: string }[];
    readonly cookies?: readonly { readonly name: string; readonly value: string }[];
    readonly postData?: { readonly text?: string };
  };
}

/** HAR 1.2. Browsers leave the Cookie header out of some exports; then the `cookies` list is used. */
function harRequests(text: string): readonly WrittenRequest[] {
  const entries = harEntries(text);
  return entries.flatMap(({ startedDateTime, request }): WrittenRequest[] => {
    if (request?.url === undefined) return [];
    const headers = (request.headers ?? []).map(({ name, value }) => [name, value] as const);
    const cookies = (request.cookies ?? []).map(({ name, value }) => `${name}=${value}`).join('; ');
    const hasCookie = headers.some(([name]) => name.toLowerCase() === 'cookie');
    const at = Date.parse(startedDateTime ?? '');
    return [
      {
        method: request.method ?? 'GET',
        url: request.url,
        headers: hasCookie || cookies === '' ? headers : [...headers, ['cookie', cookies]],
        body: request.postData?.text ?? '',
        ...(Number.isNaN(at) ? {} : { at }),
      },
    ];
  });
}

function harEntries(text: string): readonly HarEntry[] {
  try {
    const har = JSON.parse(text) as { readonly log?: { readonly entries?: readonly HarEntry[] } };
    if (Array.isArray(har.log?.entries)) return har.log.entries;
  } catch {
    // The error below says it.
  }
  throw new UsageError('this is JSON, but not a HAR file (log.entries)');
}

/** A first line, headers, an empty line, the body. */
function rawRequest(text: string): WrittenRequest {
  const [head = '', ...rest] = text.split(/\r?\n\r?\n/);
  const [first = '', ...lines] = head.split(/\r?\n/);
  const [method, target] = first.trim().split(/\s+/);
  if (method === undefined || target === undefined || !/^[A-Z]+$/.test(method)) {
    throw new UsageError(
      `expected a HAR file, a \`curl\` line, or a request that begins like \`GET ${PROTOCOLS[0].doors[0].paths[0]}?... HTTP/1.1\``,
    );
  }
  const headers = lines.flatMap((line): [string, string][] => {
    const colon = line.indexOf(':');
    return colon < 1 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
  });
  const host = headers.find(([name]) => name.toLowerCase() === 'host')?.[1];
  if (!/^https?:/.test(target) && host === undefined) throw new UsageError('the request has no Host header');
  return {
    method,
    url: /^https?:/.test(target) ? target : `https://${host}${target}`,
    headers,
    body: rest.join('\n\n').replace(/\r?\n$/, ''),
  };
}
