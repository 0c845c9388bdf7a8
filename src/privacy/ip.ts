import ipaddr from 'ipaddr.js';

/** An address as numbers: IPv4 as one unsigned 32-bit number, IPv6 as eight 16-bit groups. */
type Address = number | readonly number[];

/** One network: its address and how many leading bits count. */
interface Cidr {
  readonly address: Address;
  readonly bits: number;
}

/** Networks, compiled by `parseCidrs`. */
export type Cidrs = readonly Cidr[];

/** The longest address has eight groups, brackets, a port and a zone. */
const LONGEST = 100;

/**
 * Compiles networks such as `10.0.0.0/8`, `2001:db8::/32` or a single address.
 * @throws TypeError naming the first entry that is neither
 */
export function parseCidrs(list: readonly string[]): Cidrs {
  return list.map((entry) => {
    const slash = entry.indexOf('/');
    const text = slash < 0 ? entry : entry.slice(0, slash);
    const read = parseIPv4(text) ?? parseIPv6(text);
    const width = typeof read === 'number' ? 32 : 128;
    const bits = slash < 0 ? width : decimal(entry, slash + 1, entry.length, 3);
    if (read === undefined || bits < 0 || bits > width) {
      throw new TypeError(`"${entry}" is not a network such as 10.0.0.0/8 or 2001:db8::/32`);
    }
    const address = unmap(read);
    // A network of mapped addresses is the IPv4 network it maps; a wider one holds more than IPv4 and stays as it is.
    if (typeof address === 'number' && width === 128)
      return bits >= 96 ? { address, bits: bits - 96 } : { address: read, bits };
    return { address, bits };
  });
}

/** Whether the TCP peer is a trusted proxy, whose headers are believed. A missing or unreadable peer is not trusted. */
export function isTrusted(peer: string | undefined, trusted: Cidrs): boolean {
  if (peer === undefined || trusted.length === 0) return false;
  const address = parse(peer);
  return address !== undefined && within(address, trusted);
}

/**
 * The client's address (R37): the peer, unless it is a trusted proxy; then `X-Forwarded-For` is walked from the right,
 * trusted entries are skipped and the first untrusted one wins. If that one is no address (`unknown`, garbage),
 * the client is unknown: undefined. If all are trusted, the leftmost is the client.
 * `xForwardedFor` holds all header lines, in order, joined with commas. The answer has no port, zone or brackets.
 */
export function clientAddress(
  peer: string | undefined,
  xForwardedFor: string | undefined,
  trusted: Cidrs,
): string | undefined {
  if (peer === undefined) return undefined;
  let client = parse(peer);
  if (client === undefined) return undefined;
  if (xForwardedFor !== undefined && within(client, trusted)) {
    let end = xForwardedFor.length;
    while (end > 0) {
      const comma = xForwardedFor.lastIndexOf(',', end - 1);
      // Empty list elements count for nothing (RFC 9110 5.6.1.2).
      if (!blank(xForwardedFor, comma + 1, end)) {
        client = parse(xForwardedFor.slice(comma + 1, end).trim());
        if (client === undefined) return undefined;
        if (!within(client, trusted)) break;
      }
      end = comma;
    }
  }
  return format(client);
}

/**
 * The address in one form for everything that follows (R35): no port, zone or brackets; IPv4 that is mapped or carried
 * by 6to4, NAT64 or Teredo is unwrapped, because cutting the carrier would keep it. Octal and hexadecimal IPv4, and
 * everything that is no address: undefined.
 */
export function normaliseIp(text: string): string | undefined {
  const address = parse(text);
  return address === undefined ? undefined : format(unwrap(address));
}

/**
 * The network by which a client is counted: an IPv4 address, or the /64 of an IPv6 address, since every line has at least
 * a /64 to choose addresses from (RFC 6177). An unreadable text is counted as it is.
 */
export function networkOf(text: string): string {
  const address = parse(text);
  if (address === undefined) return text;
  return typeof address === 'number' ? format(address) : `${address.slice(0, 4).join(':')}/64`;
}

/** Whether an address belongs to this machine or a private network, and so to no visitor from the Internet. */
export function isInside(text: string | undefined): boolean {
  const address = text === undefined ? undefined : parse(text);
  return address !== undefined && within(address, INSIDE);
}

/** The address cut to /24 (IPv4) or /32 (IPv6) after normalising: pseudonymous, not anonymous (R34). */
export function truncateIp(text: string): string | undefined {
  const address = parse(text);
  if (address === undefined) return undefined;
  const inner = unwrap(address);
  if (typeof inner === 'number') return format((inner & 0xffffff00) >>> 0);
  return format([group(inner, 0), group(inner, 1), 0, 0, 0, 0, 0, 0]);
}

/**
 * Reads an address with brackets, port or zone. Mapped IPv4 becomes IPv4, because dual-stack sockets report it so.
 * Tunnelled addresses are not unwrapped here: with 6to4 a stranger could pretend to be in a trusted private network.
 */
function parse(text: string): Address | undefined {
  if (text.length > LONGEST) return undefined;
  const bare = strip(text);
  const address = parseIPv4(bare) ?? parseIPv6(bare);
  return address === undefined ? undefined : unmap(address);
}

/** `[v6]:port`, `v4:port` and `v6%zone` without port, brackets and zone. */
function strip(text: string): string {
  let bare = text;
  if (bare.charCodeAt(0) === 91) {
    const end = bare.indexOf(']');
    if (end < 0 || !(end === bare.length - 1 || isPort(bare, end + 1))) return '';
    bare = bare.slice(1, end);
    if (!bare.includes(':')) return '';
  } else {
    const colon = bare.indexOf(':');
    if (colon > 0 && bare.lastIndexOf(':') === colon && isPort(bare, colon)) return bare.slice(0, colon);
  }
  const zone = bare.indexOf('%');
  return zone < 0 ? bare : zone === bare.length - 1 ? '' : bare.slice(0, zone);
}

/** `:` and a port number from `at` to the end. */
function isPort(text: string, at: number): boolean {
  const port = decimal(text, at + 1, text.length, 5);
  return text.charCodeAt(at) === 58 && port >= 0 && port <= 65_535;
}

/** Digits between two places as a number; -1 if there are none, too many, or something else is there. */
function decimal(text: string, from: number, to: number, most: number): number {
  if (to <= from || to - from > most) return -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Four decimal numbers without leading zeros: anything else is read differently by different systems. */
function parseIPv4(text: string): number | undefined {
  let value = 0;
  let from = 0;
  for (let part = 0; part < 4; part++) {
    const dot = part === 3 ? text.length : text.indexOf('.', from);
    const byte = decimal(text, from, dot, 3);
    if (byte < 0 || byte > 255 || (dot - from > 1 && text.charCodeAt(from) === 48)) return undefined;
    value = value * 256 + byte;
    from = dot + 1;
  }
  return value;
}

function parseIPv6(text: string): Address | undefined {
  let hex = text;
  if (text.includes('.')) {
    // ipaddr.js accepts more forms of a dotted tail than R35 allows, so it only gets groups.
    const tail = text.lastIndexOf(':') + 1;
    const v4 = parseIPv4(text.slice(tail));
    if (tail === 0 || v4 === undefined) return undefined;
    hex = `${text.slice(0, tail)}${(v4 >>> 16).toString(16)}:${(v4 & 0xffff).toString(16)}`;
  }
  return hex.includes(':') && ipaddr.IPv6.isValid(hex) ? ipaddr.IPv6.parse(hex).parts : undefined;
}

/** `::ffff:a.b.c.d` as a.b.c.d. */
function unmap(address: Address): Address {
  if (typeof address === 'number') return address;
  const mapped = zeros(address, 0, 5) && address[5] === 0xffff;
  return mapped ? joined(address, 6) : address;
}

/** The IPv4 address inside 6to4 (RFC 3056), NAT64 (RFC 6052) and Teredo (RFC 4380: the client's, inverted). */
function unwrap(address: Address): Address {
  if (typeof address === 'number') return address;
  if (address[0] === 0x2002) return joined(address, 1);
  if (address[0] === 0x64 && address[1] === 0xff9b && zeros(address, 2, 6)) return joined(address, 6);
  if (address[0] === 0x2001 && address[1] === 0) return ~joined(address, 6) >>> 0;
  return address;
}

function format(address: Address): string {
  if (typeof address !== 'number') return new ipaddr.IPv6([...address]).toRFC5952String();
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

function within(address: Address, cidrs: Cidrs): boolean {
  return cidrs.some((cidr) => sameNetwork(address, cidr.address, cidr.bits));
}

function sameNetwork(a: Address, b: Address, bits: number): boolean {
  if (typeof a === 'number' || typeof b === 'number') {
    // Shifts count modulo 32, so /0 needs saying.
    return typeof a === typeof b && (bits === 0 || ((a as number) ^ (b as number)) >>> (32 - bits) === 0);
  }
  for (let i = 0, left = bits; left > 0; i++, left -= 16) {
    const differs = group(a, i) ^ group(b, i);
    if (differs >>> Math.max(0, 16 - left) !== 0) return false;
  }
  return true;
}

function group(groups: readonly number[], i: number): number {
  return groups[i] ?? 0;
}

/** Two groups as one 32-bit number. */
function joined(groups: readonly number[], i: number): number {
  return group(groups, i) * 65_536 + group(groups, i + 1);
}

function zeros(groups: readonly number[], from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (groups[i] !== 0) return false;
  return true;
}

function blank(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code !== 32 && code !== 9) return false;
  }
  return true;
}

/** RFC 1122 loopback, RFC 1918, RFC 3927, RFC 6598; RFC 4291 loopback and link-local, RFC 4193. */
const INSIDE = parseCidrs([
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  '::1',
  'fe80::/10',
  'fc00::/7',
]);
