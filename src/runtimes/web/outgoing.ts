import { Unsendable, type FilledRequest } from '../../delivery/lane/ports.ts';

/** A request line's target: what an URL may hold unescaped, nothing that ends the line. */
const TARGET = /^[\x21-\x7e]*$/;
const AUTHORITY_END = /[/?#]/g;

/** Headers of the message's framing or the connection: a plan may not set them. */
const OURS = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
  'expect',
]);

const SCHEME = 'https://';

/**
 * Host and target of an https URL to a declared host; nothing else is ever connected to (R67, R68).
 * @throws Unsendable
 */
export function hostAndTarget(url: string, hosts: readonly string[]): { host: string; target: string } {
  if (!url.startsWith(SCHEME)) throw new Unsendable('not an https address');
  AUTHORITY_END.lastIndex = SCHEME.length;
  const end = AUTHORITY_END.exec(url)?.index ?? url.length;
  const authority = url.slice(SCHEME.length, end);
  const host = authority.endsWith(':443') ? authority.slice(0, -4) : authority;
  if (!hosts.includes(host)) throw new Unsendable('a host the destination does not declare');
  const hash = url.indexOf('#', end);
  const target = url.slice(end, hash === -1 ? undefined : hash);
  if (!TARGET.test(target)) throw new Unsendable('an address with characters it cannot have');
  return { host, target: target.startsWith('/') ? target : `/${target}` };
}

/**
 * The plan's headers and ours, as names and values in turn. Those that HTTP cannot carry are refused by the client
 * (R69).
 * @param agent the `user-agent` where the plan has none
 * @throws Unsendable
 */
export function headersOf(planned: FilledRequest['headers'], agent: string): string[] {
  const headers: string[] = [];
  let named = false;
  for (const name in planned) {
    const lower = name.toLowerCase();
    if (OURS.has(lower)) throw new Unsendable('a header that cannot be sent');
    if (lower === 'user-agent') named = true;
    headers.push(name, planned[name] ?? '');
  }
  if (!named) headers.push('user-agent', agent);
  return headers;
}
