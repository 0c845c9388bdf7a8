import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { KIND_NAMES, type Kind } from './kinds.ts';
import { digestsOf, search } from './search.ts';
import { digits, ipv4, ipv6, sessionStart, uuid, word } from './tokens.ts';

// The search itself: every canary in every disguise is found, and nothing else is.

const SERIAL = 1234;
const ALL = { from: 0, to: SERIAL };
const kindsIn = (text: string) => search(text, ALL).map(({ kind, serial }) => [kind, serial]);

const percent = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

const DISGUISES: readonly (readonly [string, (text: string) => string])[] = [
  ['as it is', (text) => text],
  ['in capitals', (text) => text.toUpperCase()],
  ['inside a word', (text) => `abc${text}def`],
  ['every byte percent-encoded', percent],
  ['percent-encoded in capitals', (text) => percent(text).toUpperCase()],
  ['percent-encoded twice', (text) => encodeURIComponent(percent(text))],
  ['percent-encoded three times', (text) => encodeURIComponent(encodeURIComponent(percent(text)))],
  [
    'as JSON escapes',
    (text) =>
      text
        .split('')
        .map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
        .join(''),
  ],
  [
    'as HTML escapes',
    (text) =>
      text
        .split('')
        .map((c) => `&#${c.charCodeAt(0)};`)
        .join(''),
  ],
  ...[0, 1, 2].flatMap((offset) => [
    [
      `base64 at offset ${offset}`,
      (text: string) => Buffer.from('x'.repeat(offset) + text).toString('base64'),
    ] as const,
    [
      `base64url of a JSON text at offset ${offset}`,
      (text: string) => Buffer.from(`{"${'x'.repeat(offset)}":"${text}?>"}`).toString('base64url'),
    ] as const,
  ]),
  ['base64 that was percent-encoded', (text) => encodeURIComponent(Buffer.from(`${text}?`).toString('base64'))],
  ['hex', (text) => Buffer.from(text).toString('hex')],
  ['hex in capitals after a digit', (text) => `0${Buffer.from(text).toString('hex').toUpperCase()}`],
];

const CANARIES: readonly (readonly [Kind, string])[] = [
  ['emailInText', word('emailInText', SERIAL)],
  ['cid', digits('cid', SERIAL)],
  ['phone', digits('phone', SERIAL)],
  ['ipPeer', ipv4('ipPeer', SERIAL)],
  ['liFatId', uuid('liFatId', SERIAL)],
];

describe('a canary', () => {
  it.each(DISGUISES)('is found %s', (_, disguise) => {
    for (const [kind, value] of CANARIES) expect(kindsIn(`{"a":"${disguise(value)}"}`)).toEqual([[kind, SERIAL]]);
  });

  it.each(KIND_NAMES)('of kind %s says so', (kind) => {
    expect(kindsIn(word(kind, SERIAL))).toEqual([[kind, SERIAL]]);
  });

  it('is found as an IPv6 address, a mapped one, and a session', () => {
    expect(kindsIn(ipv6('ipForwarded', SERIAL))).toEqual([['ipForwarded', SERIAL]]);
    expect(kindsIn(`::ffff:${ipv4('ipForwarded', SERIAL)}`)).toEqual([['ipForwarded', SERIAL]]);
    expect(kindsIn(sessionStart(SERIAL))).toEqual([['session', SERIAL]]);
  });

  it('is found as the first half of an address', () => {
    const [a, b, c] = ipv4('ipPeer', SERIAL).split('.');
    for (const text of [`${a}.${b}.${c}`, `${a}.${b}.${c}.0`]) {
      expect(search(text, ALL)).toMatchObject([{ kind: 'ipPeer', form: 'prefix' }]);
    }
    expect(search('2a0d:91::', ALL)).toMatchObject([{ kind: 'ipPeer', form: 'prefix' }]);
  });

  it('of an earlier hit is found', () => {
    expect(search(word('userId', 7), ALL)).toMatchObject([{ kind: 'userId', serial: 7 }]);
  });

  it('is not seen in what no hit has brought', () => {
    expect(search(word('userId', SERIAL + 1), ALL)).toEqual([]);
    expect(search('Mozilla/5.0 (X11; Linux x86_64) Chrome/143.0.0.0, 91.5 kr, 1795169690123', ALL)).toEqual([]);
  });
});

describe('a digest', () => {
  const mail = ` ${word('email', SERIAL).toUpperCase()}+nett@Example.no `;
  const digests = () =>
    digestsOf(
      [
        ['email', mail],
        ['phone', '+47 731 41 590'],
        ['ipPeer', '91.2.3.4'],
      ],
      SERIAL,
    );
  const of = (algorithm: string, text: string) => createHash(algorithm).update(text);

  it.each(['md5', 'sha1', 'sha256'] as const)(
    '%s is found in hex and base64, in any of the usual normal forms',
    (algorithm) => {
      const normal = mail.trim().toLowerCase();
      const plain = normal.replace('+nett', '');
      for (const text of [mail, mail.trim(), normal, plain]) {
        for (const shown of [
          of(algorithm, text).digest('hex'),
          of(algorithm, text).digest('hex').toUpperCase(),
          of(algorithm, text).digest('base64'),
          of(algorithm, text).digest('base64url'),
          encodeURIComponent(of(algorithm, text).digest('base64')),
          `em.${of(algorithm, text).digest('base64url')}~co0.NO`,
        ]) {
          expect(search(`x=${shown}&y`, ALL, digests)).toMatchObject([{ kind: 'email', form: algorithm }]);
        }
      }
    },
  );

  it('of a phone number is found with and without its plus', () => {
    for (const text of ['4773141590', '+4773141590']) {
      expect(search(of('sha256', text).digest('hex'), ALL, digests)).toMatchObject([{ kind: 'phone', form: 'sha256' }]);
    }
  });

  it('of an address is found', () => {
    expect(search(of('md5', '91.2.3.4').digest('hex'), ALL, digests)).toMatchObject([{ kind: 'ipPeer', form: 'md5' }]);
  });

  it('of something else is not', () => {
    expect(search(of('sha256', 'something else').digest('hex'), ALL, digests)).toEqual([]);
  });
});
