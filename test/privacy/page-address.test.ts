import { expect, it } from 'vitest';
import { wholeAddress } from '../../src/privacy/url/page-address.ts';
import { readUrl, compileUrlPolicy } from '../../src/privacy/url/url.ts';

const ORIGIN = 'https://shop.example.no';

it.each([
  ['https://shop.example.no/krus', 'https://shop.example.no/krus'],
  ['HTTP://shop.example.no/krus', 'HTTP://shop.example.no/krus'],
  ['/krus?a=1#b', 'https://shop.example.no/krus?a=1#b'],
  ['krus', 'https://shop.example.no/krus'],
  ['helse/krus.html', 'https://shop.example.no/helse/krus.html'],
  ['?utm_source=avis', 'https://shop.example.no/?utm_source=avis'],
  ['#/takk', 'https://shop.example.no/#/takk'],
  ['//shop.example.no/krus', 'https://shop.example.no/krus'],
  ['shop.example.no/krus', 'https://shop.example.no/krus'],
  ['www.example.no', 'https://www.example.no'],
  ['blåbær.no/krus', 'https://blåbær.no/krus'],
  ['shop.example.no:8443/krus', 'https://shop.example.no:8443/krus'],
  ['localhost:8080/krus', 'https://localhost:8080/krus'],
  ['takk.html?a=1', 'https://shop.example.no/takk.html?a=1'],
  ['index.php', 'https://shop.example.no/index.php'],
  [' /krus ', 'https://shop.example.no/krus'],
  ['https%3A%2F%2Fshop.example.no%2Fkrus', 'https://shop.example.no/krus'],
  ['%2Fkrus%3Fa%3D1', 'https://shop.example.no/krus?a=1'],
  ['undefined', undefined],
  ['null', undefined],
  ['', undefined],
  ['javascript:alert(1)', 'javascript:alert(1)'],
  ['android-app://com.example', 'android-app://com.example'],
  ['mailto:kari@example.no', 'mailto:kari@example.no'],
])('%j', (raw, expected) => {
  expect(wholeAddress(raw, ORIGIN)).toBe(expected);
});

it('stays as it is where nobody knows the origin', () => {
  expect(wholeAddress('/krus', undefined)).toBe('/krus');
});

it.each([
  '/helse/x',
  'helse/x',
  '//shop.example.no/helse/x',
  'shop.example.no/helse/x',
  '%2Fhelse%2Fx',
  './helse/x',
  '\\helse\\x',
])('keeps a page guarded that is never forwarded, written as %j', (raw) => {
  const policy = compileUrlPolicy({ query: [], referrer: 'none', neverForward: ['/helse/**'] });
  expect(readUrl(wholeAddress(raw, ORIGIN) ?? '', policy)?.neverForward).toBe(true);
});
