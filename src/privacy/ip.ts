import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Networks, compiled by `parseCidrs`: each an address, and how many leading bits of it count. */
export type Cidrs = readonly (readonly [address: Address, bits: number])[];

/** The longest address has eight groups, brackets, a port and a zone. */
const LONGEST = 100;

/** Mapped IPv4 (RFC 4291 2.5.5.2), and tunnels that carry it: NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380). */
const MAPPED = ipaddr.IPv6.parseCIDR('::ffff:0:0/96');
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
const SIX_TO_FOUR = ipaddr.IPv6.parseCIDR('2002::/16');
const TEREDO = ipaddr.IPv6.parseCIDR('2001::/32');

/**
 * Compiles networks such as `10.0.0.0/8`, `2001:db8::/32` or a single address.
 * @throws TypeError naming the first entry that is neither
 */
export function parseCidrs(list: readonly string[]): Cidrs {
  return list.map((entry) => {
    const slash = entry.indexOf('/');
    const read = readAddress(slash < 0 ? entry : entry.slice(0, slash));
    const width = read instanceof ipaddr.IPv4 ? 32 : 128;
    const bits = slash < 0 ? width : decimal(entry.slice(slash + 1), 3);
    if (read === undefined || bits < 0 || bits > width) {
      throw new TypeError(`"${entry}" is not a network such as 10.0.0.0/8 or 2001:db8::/32`);
    }
    // A network of mapped addresses is the IPv4 network it maps; a wider one holds more than IPv4 and stays as it is.
    const address = unmap(read);
    return address !== read && bits >= 96 ? [address, bits - 96] : [read, bits];
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
 * The network by which a client is counted: an IPv4 address, or the /64 of an IPv6 address, since every line has at least
 * a /64 to choose addresses from (RFC 6177). An unreadable text is counted as it is.
 */
export function networkOf(text: string): string {
  const address = parse(text);
  if (address === undefined) return text;
  return address instanceof ipaddr.IPv4 ? format(address) : `${address.parts.slice(0, 4).join(':')}/64`;
}

/** Whether an address belongs to this machine or a private network, and so to no visitor from the Internet. */
export function isInside(text: string | undefined): boolean {
  const address = text === undefined ? undefined : parse(text);
  return address !== undefined && within(address, INSIDE);
}

/**
 * The address cut to /24 (IPv4) or /32 (IPv6): pseudonymous, not anonymous (R34). IPv4 that is mapped or carried by 6to4,
 * NAT64 or Teredo is unwrapped first, because cutting the carrier would keep it (R35).
 */
export function truncateIp(text: string): string | undefined {
  const address = parse(text);
  if (address === undefined) return undefined;
  const inner = unwrap(address);
  if (inner instanceof ipaddr.IPv4) return format(new ipaddr.IPv4([...inner.octets.slice(0, 3), 0]));
  return format(new ipaddr.IPv6([...inner.parts.slice(0, 2), 0, 0, 0, 0, 0, 0]));
}

/**
 * Reads an address with brackets, port or zone. Mapped IPv4 becomes IPv4, because dual-stack sockets report it so.
 * Tunnelled addresses are not unwrapped here: with 6to4 a stranger could pretend to be in a trusted private network.
 */
function parse(text: string): Address | undefined {
  if (text.length > LONGEST) return undefined;
  const address = readAddress(strip(text));
  return address === undefined ? undefined : unmap(address);
}

/** `[v6]:port`, `v4:port` and `v6%zone` without port, brackets and zone. */
function strip(text: string): string {
  let bare = text;
  if (bare.charCodeAt(0) === 91) {
    const end = bare.indexOf(']');
    if (end < 0 || !(end === bare.length - 1 || isPort(bare.slice(end + 1)))) return '';
    bare = bare.slice(1, end);
    if (!bare.includes(':')) return '';
  } else {
    const colon = bare.indexOf(':');
    if (colon > 0 && bare.lastIndexOf(':') === colon && isPort(bare.slice(colon))) return bare.slice(0, colon);
  }
  const zone = bare.indexOf('%');
  return zone < 0 ? bare : zone === bare.length - 1 ? '' : bare.slice(0, zone);
}

/** `:` and a port number. */
function isPort(text: string): boolean {
  const port = decimal(text.slice(1), 5);
  return text.charCodeAt(0) === 58 && port >= 0 && port <= 65_535;
}

/** Digits as a number; -1 if there are none, too many, or something else. */
function decimal(text: string, most: number): number {
  return text.length <= most && /^\d+$/.test(text) ? Number(text) : -1;
}

/** Four decimal numbers without leading zeros. Other forms of IPv4 are read differently by different systems. */
const FOUR_PARTS = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;

/**
 * An address without brackets, port or zone. The library would read more forms of IPv4 than these four numbers, alone and
 * behind the colons of IPv6, and `::1.2.3.4` as a mapped address. So it gets numbers and groups.
 */
function readAddress(text: string): Address | undefined {
  const colon = text.lastIndexOf(':');
  if (colon >= 0 && !text.includes('.')) return ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : undefined;
  const end = colon < 0 ? text : text.slice(colon + 1);
  if (!FOUR_PARTS.test(end)) return undefined;
  const octets = end.split('.').map(Number);
  if (octets.some((octet) => octet > 255)) return undefined;
  const v4 = new ipaddr.IPv4(octets);
  return colon < 0 ? v4 : readAddress(text.slice(0, colon + 1) + groupsOf(v4));
}

/** The two groups of IPv6 that hold an IPv4 address. */
function groupsOf({ octets: [a = 0, b = 0, c = 0, d = 0] }: ipaddr.IPv4): string {
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

/** `::ffff:a.b.c.d` as a.b.c.d. */
function unmap(address: Address): Address {
  return address instanceof ipaddr.IPv6 && address.match(MAPPED) ? inside(address, 12) : address;
}

/** The IPv4 address inside 6to4, NAT64 and Teredo (the client's, inverted). */
function unwrap(address: Address): Address {
  if (address instanceof ipaddr.IPv4) return address;
  if (address.match(SIX_TO_FOUR)) return inside(address, 2);
  if (address.match(NAT64)) return inside(address, 12);
  if (address.match(TEREDO)) return inside(address, 12, 255);
  return address;
}

/** Four bytes of an IPv6 address, as an IPv4 address. */
function inside(address: ipaddr.IPv6, from: number, inverted = 0): ipaddr.IPv4 {
  const bytes = address.toByteArray().slice(from, from + 4);
  return new ipaddr.IPv4(bytes.map((byte) => byte ^ inverted));
}

function format(address: Address): string {
  return address instanceof ipaddr.IPv4 ? address.toString() : address.toRFC5952String();
}

function within(address: Address, cidrs: Cidrs): boolean {
  return cidrs.some(([network, bits]) => address.kind() === network.kind() && address.match(network, bits));
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
