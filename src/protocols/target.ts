/** The target of a request, from its first line and `Host`. */
export interface Target {
  /** Host and port of a target in absolute form, which counts in place of `Host` (RFC 9112 3.2.2). */
  readonly authority: string | undefined;
  /** Undecoded. */
  readonly path: string;
  /** Without `?`, undecoded. */
  readonly query: string;
}

/** Splits a request target: `/path?query`, or the same behind `http://host` (RFC 9112 3.2). */
export function splitTarget(target: string): Target {
  let from = 0;
  let authority: string | undefined;
  if (target.charCodeAt(0) !== SLASH) {
    const scheme = /^https?:\/\//i.exec(target)?.[0];
    if (scheme === undefined) return { authority: undefined, path: target, query: '' };
    from = scheme.length;
    while (from < target.length && !ENDS_AUTHORITY.has(target.charCodeAt(from))) from++;
    authority = target.slice(scheme.length, from);
  }
  const queryAt = target.indexOf('?', from);
  const path = queryAt === -1 ? target.slice(from) : target.slice(from, queryAt);
  return { authority, path: path === '' ? '/' : path, query: queryAt === -1 ? '' : target.slice(queryAt + 1) };
}

const SLASH = 47;
/** `/`, `?`, `#` */
const ENDS_AUTHORITY = new Set([SLASH, 63, 35]);

/** The host of a `Host` header or an authority, in lower case without the port; sites are found by it. */
export function hostOf(text: string): string {
  const colon = text.lastIndexOf(':');
  if (colon === -1) return text.toLowerCase();
  for (let i = colon + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // `[::1]` has colons and no port; any other text that is no port stays, and then no site has the host.
    if (code < 48 || code > 57) return text.toLowerCase();
  }
  return text.slice(0, colon).toLowerCase();
}
