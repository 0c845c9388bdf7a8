/** A browser's cookie store, as far as the tests need one: RFC 6265 domain matching, Max-Age, replacement. */
export interface StoredCookie {
  readonly name: string;
  readonly value: string;
  /** Without a leading dot. */
  readonly domain: string;
  readonly hostOnly: boolean;
  /** Unix milliseconds. */
  readonly expires: number;
  readonly httpOnly: boolean;
}

export interface ParsedSetCookie {
  readonly name: string;
  readonly value: string;
  readonly attributes: Readonly<Record<string, string | true>>;
}

/** Strict on purpose: what a browser would have to guess at is an error here. */
export function parseSetCookie(header: string): ParsedSetCookie {
  if (!/^[\x20-\x7e]+$/.test(header)) throw new Error(`not printable ASCII: ${JSON.stringify(header)}`);
  const [pair, ...rest] = header.split('; ') as [string, ...string[]];
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=([\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*)$/.exec(pair);
  if (match === null) throw new Error(`bad pair: ${pair}`);
  const attributes: Record<string, string | true> = {};
  for (const attribute of rest) {
    const parsed = /^(Max-Age|Domain|Path|Secure|HttpOnly|SameSite)(?:=([A-Za-z0-9./-]+))?$/.exec(attribute);
    const key = parsed?.[1] ?? '';
    if (key === '' || key in attributes) throw new Error(`bad attribute: ${attribute}`);
    attributes[key] = parsed?.[2] ?? true;
  }
  return { name: match[1] ?? '', value: match[2] ?? '', attributes };
}

const matches = (host: string, domain: string) => host === domain || host.endsWith(`.${domain}`);

export class Browser {
  cookies: StoredCookie[] = [];

  /** A page script writes a cookie. */
  write(name: string, value: string, domain: string, expires: number): void {
    this.store({ name, value, domain, hostOnly: false, expires, httpOnly: false });
  }

  /** An answer of `host` sets cookies; one whose domain does not cover the host is refused. */
  receive(headers: readonly string[], host: string, at: number): void {
    for (const header of headers) {
      const { name, value, attributes } = parseSetCookie(header);
      const { Domain: domain, 'Max-Age': age } = attributes;
      if (typeof domain === 'string' && !matches(host, domain)) continue;
      this.store({
        name,
        value,
        domain: typeof domain === 'string' ? domain : host,
        hostOnly: typeof domain !== 'string',
        expires: at + Number(age) * 1000,
        httpOnly: attributes['HttpOnly'] === true,
      });
    }
    this.tick(at);
  }

  header(host: string, at: number): string {
    this.tick(at);
    return this.cookies
      .filter((cookie) => (cookie.hostOnly ? cookie.domain === host : matches(host, cookie.domain)))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  get(name: string): StoredCookie | undefined {
    return this.cookies.find((cookie) => cookie.name === name);
  }

  private store(cookie: StoredCookie): void {
    this.cookies = this.cookies.filter(
      ({ name, domain, hostOnly }) => name !== cookie.name || domain !== cookie.domain || hostOnly !== cookie.hostOnly,
    );
    this.cookies.push(cookie);
  }

  private tick(at: number): void {
    this.cookies = this.cookies.filter(({ expires }) => expires > at);
  }
}
