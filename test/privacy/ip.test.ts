import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forwardedFor } from '../../src/privacy/forwarded.ts';
import { clientAddress, isTrusted, parseCidrs, truncateIp } from '../../src/privacy/ip.ts';

/** An address as it is read, in its one form. */
const read = (text: string) => clientAddress(text, undefined, []);

describe('reading an address (R35)', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:443', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[::ffff:203.0.113.7]:80', '203.0.113.7'],
    ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
    // An address in a tunnel stays in it here: it says nothing of a connection from a trusted network.
    ['2002:cb00:7107::1', '2002:cb00:7107::1'],
    ['64:ff9b::203.0.113.7', '64:ff9b::cb00:7107'],
  ])('%s is %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it.each([
    '',
    ' ',
    'unknown',
    '_hidden',
    '0x7f.1',
    '0x7f.0.0.1',
    '010.1.1.1',
    '::ffff:010.1.1.1',
    '127.1',
    '2130706433',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '1.2.3.4:99999',
    '1.2.3.4:',
    '1.2.3.-4',
    ' 1.2.3.4',
    '1.2.3.4/24',
    '[1.2.3.4]:80',
    '[2001:db8::1',
    '[2001:db8::1]x',
    '2001:db8::1::2',
    '2001:db8',
    'fe80::1%',
    '12345::',
    '1:2:3:4:5:6:7:8:9',
    `::${'0'.repeat(200)}1`,
  ])('%j is no address', (text) => {
    expect(read(text)).toBeUndefined();
    expect(truncateIp(text)).toBeUndefined();
  });
});

describe('truncateIp (R34)', () => {
  it.each([
    ['203.0.113.7', '203.0.113.0'],
    ['255.255.255.255', '255.255.255.0'],
    ['::ffff:203.0.113.7', '203.0.113.0'],
    // Cut to /48 these would keep the whole IPv4 address.
    ['2002:cb00:7107::1', '203.0.113.0'],
    ['64:ff9b::cb00:7107', '203.0.113.0'],
    ['64:ff9b::203.0.113.7', '203.0.113.0'],
    ['2001:0:4136:e378:8000:63bf:3fff:fdd2', '192.0.2.0'],
    // Not 6to4, not NAT64's well-known prefix, not Teredo.
    ['2003:cb00:7107::1', '2003:cb00::'],
    ['64:ff9b:1::cb00:7107', '64:ff9b::'],
    ['2001:1:4136:e378:8000:63bf:3fff:fdd2', '2001:1::'],
    ['2001:db8:1234:5678::9', '2001:db8::'],
    ['fe80::1%eth0', 'fe80::'],
    ['::1.2.3.4', '::'],
  ])('%s becomes %s', (text, expected) => {
    expect(truncateIp(text)).toBe(expected);
  });

  it('never leaves more than 24 bits of IPv4 or 32 of IPv6', () => {
    const anything = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.ipV4Extended(),
      fc.string(),
      fc.string({ unit: fc.constantFrom(...'0123456789abcdef:.%[]x'.split('')) }),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const cut = truncateIp(text);
        expect(cut ?? '::').toMatch(/^(::|([0-9a-f]{1,4}:){1,2}:|(\d{1,3}\.){3}0)$/);
      }),
      { numRuns: 20_000 },
    );
  });

  it('reads every address that standards allow', () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        expect(read(text)).toBe(text);
        expect(truncateIp(text)).toBe(text.replace(/\d+$/, '0'));
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        expect(read(text)).toBeDefined();
      }),
    );
  });

  it('gives two addresses of one network the same answer', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.nat(255), (text, last) => {
        expect(truncateIp(text.replace(/\d+$/, String(last)))).toBe(truncateIp(text));
      }),
    );
  });
});

describe('parseCidrs', () => {
  it.each([
    '',
    'x',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0/8',
    '2001:db8::/129',
    '010.0.0.0/8',
    '10.0.0.0/8/8',
    '10.0.0.0/1e1',
  ])('refuses %j and names it', (entry) => {
    expect(() => parseCidrs(['127.0.0.1', entry])).toThrow(TypeError);
    expect(() => parseCidrs(['127.0.0.1', entry])).toThrow(`"${entry}"`);
  });

  it.each([
    ['10.0.0.0/8', '10.255.1.2', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.1.2.3/8', '10.9.9.9', true],
    ['192.168.4.0/22', '192.168.7.255', true],
    ['192.168.4.0/22', '192.168.8.0', false],
    ['128.0.0.0/1', '255.0.0.1', true],
    ['128.0.0.0/1', '127.0.0.1', false],
    ['0.0.0.0/0', '203.0.113.7', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '2001:db8::1', true],
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['10.0.0.0/8', '::ffff:10.1.1.1', true],
    ['::ffff:10.0.0.0/104', '10.1.1.1', true],
    // All mapped addresses are all of IPv4; a wider network is one of IPv6.
    ['::ffff:0:0/96', '203.0.113.7', true],
    ['::ffff:0:0/95', '203.0.113.7', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['::1', '::1', true],
    ['::1', '::2', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    // A tunnel around a private address does not make a stranger a trusted proxy.
    ['10.0.0.0/8', '2002:a00:1::1', false],
    ['10.0.0.0/8', '64:ff9b::a00:1', false],
    ['10.0.0.0/8', 'nonsense', false],
  ])('%s holds %s: %s', (cidr, address, expected) => {
    expect(isTrusted(address, parseCidrs([cidr]))).toBe(expected);
  });

  it('trusts nobody by default', () => {
    expect(isTrusted('127.0.0.1', parseCidrs([]))).toBe(false);
    expect(isTrusted(undefined, parseCidrs(['0.0.0.0/0']))).toBe(false);
  });
});

describe('clientAddress (R37)', () => {
  const trusted = parseCidrs(['10.0.0.0/8', '2001:db8:ffff::/48']);

  it.each([
    ['no proxy, no header', '203.0.113.7', undefined, '203.0.113.7'],
    ['a direct connection with a forged header', '203.0.113.7', '198.51.100.1', '203.0.113.7'],
    ['one trusted proxy', '10.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['spoofed entries on the left', '10.0.0.1', '1.1.1.1, 127.0.0.1, 203.0.113.7', '203.0.113.7'],
    ['two trusted proxies', '10.0.0.1', '1.1.1.1, 203.0.113.7, 10.0.0.2', '203.0.113.7'],
    ['spaces, tabs and empty entries', '10.0.0.1', ' , 203.0.113.7\t,, 10.0.0.2 , ', '203.0.113.7'],
    ['no spaces', '10.0.0.1', '1.1.1.1,203.0.113.7', '203.0.113.7'],
    ['a port', '10.0.0.1', '203.0.113.7:55012', '203.0.113.7'],
    ['a bracketed IPv6 with a port', '10.0.0.1', '[2001:db8::7]:55012', '2001:db8::7'],
    ['mapped spellings', '::ffff:10.0.0.1', '::ffff:203.0.113.7, ::ffff:10.0.0.2', '203.0.113.7'],
    ['an IPv6 proxy', '2001:db8:ffff::1', '203.0.113.7', '203.0.113.7'],
    ['a private client behind no listed proxy', '10.0.0.1', '203.0.113.7, 192.168.1.5', '192.168.1.5'],
    ['trusted all the way', '10.0.0.1', '10.0.0.9, 10.0.0.2', '10.0.0.9'],
    ['an empty header', '10.0.0.1', '', '10.0.0.1'],
    ['a tunnelled private address is a stranger', '10.0.0.1', '1.1.1.1, 2002:a00:1::1', '2002:a00:1::1'],
    ['garbage in the deciding place', '10.0.0.1', '203.0.113.7, garbage', undefined],
    ['unknown in the deciding place', '10.0.0.1', '203.0.113.7, unknown, 10.0.0.2', undefined],
    ['garbage left of the deciding place', '10.0.0.1', 'garbage, 203.0.113.7', '203.0.113.7'],
    ['octal in the deciding place', '10.0.0.1', '203.0.113.7, 012.0.0.1', undefined],
    ['no peer', undefined, '203.0.113.7', undefined],
    ['an unreadable peer', 'pipe', '203.0.113.7', undefined],
  ])('%s', (_, peer, header, expected) => {
    expect(clientAddress(peer, header, trusted)).toBe(expected);
  });

  it('is not moved by anything left of the first untrusted entry', () => {
    fc.assert(
      fc.property(fc.string(), (forged) => {
        expect(clientAddress('10.0.0.1', `${forged}, 203.0.113.7, 10.0.0.3`, trusted)).toBe('203.0.113.7');
      }),
    );
  });

  it('finds the client behind 10,000 entries', () => {
    const forged = Array.from({ length: 10_000 }, (_, i) => `1.1.${i % 256}.1`).join(', ');
    expect(clientAddress('10.0.0.1', `${forged}, 203.0.113.7`, trusted)).toBe('203.0.113.7');
    expect(clientAddress('10.0.0.1', `203.0.113.7${', 10.0.0.2'.repeat(10_000)}`, trusted)).toBe('203.0.113.7');
  });
});

describe('forwardedFor (R38)', () => {
  it.each([
    // The examples of RFC 7239 4 and 7.
    ['for="_gazonk"', '_gazonk'],
    ['For="[2001:db8:cafe::17]:4711"', '[2001:db8:cafe::17]:4711'],
    ['for=192.0.2.60;proto=http;by=203.0.113.43', '192.0.2.60'],
    ['for=192.0.2.43, for=198.51.100.17', '192.0.2.43, 198.51.100.17'],
    ['for=192.0.2.43,for="[2001:db8:cafe::17]",for=unknown', '192.0.2.43, [2001:db8:cafe::17], unknown'],
    ['for=_hidden, for=_SEVKISEK', '_hidden, _SEVKISEK'],
    // Grammar beyond the examples.
    ['proto=https;host="a,b;c";for=192.0.2.1', '192.0.2.1'],
    ['for="192\\.0.2.1"', '192.0.2.1'],
    ['for=192.0.2.1;', '192.0.2.1'],
    ['for=192.0.2.1 ; proto=https , , for=192.0.2.2', '192.0.2.1, 192.0.2.2'],
    ['proto=https, for=192.0.2.2', 'unknown, 192.0.2.2'],
    ['for="192.0.2.1, 192.0.2.9"', 'unknown'],
    ['for=""', 'unknown'],
  ])('%s', (header, expected) => {
    expect(forwardedFor(header)).toBe(expected);
  });

  it.each([
    '192.0.2.1',
    'for',
    'for=',
    'for=192.0.2.1 x',
    'for="192.0.2.1',
    'for=[2001:db8::1]',
    'for=1.1.1.1;for=2.2.2.2',
    '=1.1.1.1',
    'for =1.1.1.1',
  ])('a header that breaks the grammar names nobody: %s', (header) => {
    expect(forwardedFor(header)).toBe('unknown');
  });

  it('is absent where nothing is said', () => {
    expect(forwardedFor(undefined)).toBeUndefined();
    expect(forwardedFor('')).toBeUndefined();
    expect(forwardedFor(' , ')).toBeUndefined();
  });

  it('leads clientAddress to the same client', () => {
    const trusted = parseCidrs(['10.0.0.0/8']);
    const header = 'for=1.1.1.1, for="[2001:db8:cafe::17]:4711";proto=https, for=10.0.0.2';
    expect(clientAddress('10.0.0.1', forwardedFor(header), trusted)).toBe('2001:db8:cafe::17');
    expect(clientAddress('10.0.0.1', forwardedFor('for=1.1.1.1, for=_hidden'), trusted)).toBeUndefined();
  });

  it('never throws and never lets a bare comma through', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'for=,;" \\_[]:.1a'.split('')) }), (header) => {
        const nodes = forwardedFor(header);
        for (const node of nodes?.split(',') ?? []) expect(node.trim()).not.toBe('');
      }),
      { numRuns: 5000 },
    );
  });
});
