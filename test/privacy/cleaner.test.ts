import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { NO_COOKIES } from '../../src/consent/cookie-header.ts';
import { describe, expect, it } from 'vitest';
import { Cleaner, isPersonalId } from '../../src/privacy/cleaner.ts';
import { isArticleName, isIdName } from '../../src/privacy/id-names.ts';
import { OwnIds } from '../../src/privacy/own-ids.ts';
import { scrub } from '../../src/privacy/pii/scrub.ts';
import { compileUrlPolicy } from '../../src/privacy/url/url.ts';

const policy = compileUrlPolicy({ query: ['utm_source', 'q'], referrer: 'origin', neverForward: [] });
const cleaner = new Cleaner(policy);
const AT = Date.UTC(2026, 10, 29);
const SECONDS = AT / 1000 - 86_400;

describe('an address wherever it stands', () => {
  it.each([
    'kari@example.no-4711',
    'kari@example.no2026',
    'kari@example.no_x',
    'Ordre kari@example.no-4711 takk',
    'kari@example.noola@example.com',
    'kari@example.no,ola@example.com',
    'kari@[203.0.113.7]',
    'kari@203.0.113.7',
    '"kari nordmann"@example.no',
    'kari/nordmann@example.no',
    '{"e":"kari\\u0040example.no"}',
    '{"e":"kari\\\\u0040example.no"}',
    "'kari\\x40example.no'",
    'kari%2525252525252540example.no',
    'kari&#64;example.no-1',
    'https://shop.example.no/ordre/kari%40example.no-4711',
    'shop.example.no/ordre?epost=kari@example.no',
    'x_kari@example.no-1',
    '/kari/nordmann@example.no',
    'https://shop.example.no/ordre/kari/nordmann@example.no/takk',
    '/a/kari/nordmann%40example.no',
  ])('%s', (text) => {
    const clean = cleaner.text(text);
    expect(clean).not.toMatch(/kari|nordmann|ola/);
    expect(clean).not.toContain('example.com');
  });

  it.each(['bilder/logo@2x.png', '/img/krus@3x.webp', 'Følg @krus.no', 'react@18.2.0', 'kl. 10 @ torget'])(
    '%s is none',
    (text) => {
      expect(scrub(text)).toBe(text);
    },
  );
});

describe('numbers and places of a person', () => {
  it.each([
    ['ring 0047 400 00 000', 'ring [phone]'],
    ['004740000000', '[phone]'],
    ['0046 (0)70-123 45 67', '[phone]'],
    ['ring 400 00 000 nå', 'ring [phone] nå'],
    ['070-123 45 67', '[phone]'],
    ['010170_12345', '[fnr]'],
    ['010170 12345', '[fnr]'],
    ['fra 203.0.113.7 i går', 'fra [ip] i går'],
    ['203.0.113.7:8080', '[ip]:8080'],
    ['ip:203.0.113.7', 'ip:[id]'],
    ['vert:203.0.113.7', 'vert:[ip]'],
    ['2001:db8::1', '[ip]'],
    ['[2001:db8:1:2:3:4:5:6]', '[[ip]]'],
    ['fodt 14.02.1980', 'fodt [birthdate]'],
    ['/kart/@59.9138691,10.7522454,15z', '/kart/@[position],15z'],
  ])('%s', (text, clean) => {
    expect(scrub(text)).toBe(clean);
  });

  it.each([
    '4006381333931', // A GTIN-13 of Germany.
    '5901234123457',
    'v1.2.3.4',
    'versjon 4.12.0.3',
    'Chrome/143.0.0.0',
    '402-118-2260',
    '1755302400123',
    '2024-01-15 12',
    '36 38 40 42',
    'Tlf-deksel 12345678',
    'ordre 120345-1234',
    'SKU 120345-1234',
    '0010023456',
    '000000000012345678',
    'std::string',
    '10:30:00',
    '1299.50, 1399.50',
    '14.02.2026',
  ])('%s is left as it is', (text) => {
    expect(scrub(text)).toBe(text);
  });
});

describe('parameters that name a click, a visitor or a recipient (R46)', () => {
  const listed = readFileSync(new URL('../canary/trackers.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const names = [
    ...listed,
    'gclid',
    'gbraid',
    'wbraid',
    'dclid',
    'fbclid',
    'msclkid',
    'li_fat_id',
    'epik',
    '_epik',
    'rdt_cid',
    'rtd_cid',
  ];
  const forms: readonly ((name: string) => string)[] = [
    (name) => `${name}=SECRETq1`,
    (name) => `?${name}=SECRETq1&utm_source=google`,
    (name) => `a=b&${name}=SECRETq1`,
    (name) => `Krus ${name}=SECRETq1`,
    (name) => `shop.example.no/krus?${name}=SECRETq1`,
    (name) => `{"${name}":"SECRETq1"}`,
    (name) => `{\\"${name}\\": \\"SECRETq1\\"}`,
    (name) => `${name.toUpperCase()}=SECRETq1`,
    (name) => encodeURIComponent(`${name}=SECRETq1`),
    (name) => encodeURIComponent(encodeURIComponent(encodeURIComponent(encodeURIComponent(`x?${name}=SECRETq1&y=1`)))),
    (name) => `https://shop.example.no/krus?${name}=SECRETq1`,
    (name) => `next=https%3A%2F%2Fshop.example.no%2F%3F${name}%3DSECRETq1`,
  ];
  it.each(names)('%s', (name) => {
    for (const form of forms) expect(cleaner.text(form(name)), form(name)).not.toContain('SECRETq1');
  });

  it('leaves the rest of a list', () => {
    expect(cleaner.text('gclid=Cj0KTEST&utm_source=google')).toBe('utm_source=google');
    expect(cleaner.text('utm_source=google&gclid=Cj0KTEST')).toBe('utm_source=google');
    expect(cleaner.text('Krus gclid=Cj0KTESTgclid12345')).toBe('Krus ');
    expect(cleaner.text('Side: 4, farge=blå')).toBe('Side: 4, farge=blå');
  });
});

describe('values in the form of a vendor', () => {
  it.each([
    'fb.1.1795000000000.IwAR0TESTfbclid',
    'fb_1_1795000000000_1098115397',
    'GA1-1-482310557-1795100000',
    'GCL.1790293700.Cj0KCQjwTESTgclid123456',
    'GA1.1.482310557.1795100000',
    'GS2.1.s1795168000$o3$g1$t1795168100$j60$l0$h0',
    'GS1.1.1795168000.3.1.1795168100.60.0.0',
    '1.1.139790349.1795100000',
    '2.1.kBraid-002$i1795100000',
    'Cj0KCQjwTESTgclid123456',
    'IwAR0TESTfbclid12345',
    '_uet0a1b2c3d4e5f60718293a4b5c6d7e8f9',
  ])('%s', (value) => {
    for (const text of [value, `x ${value} y`, `a|${value}`, encodeURIComponent(value)]) {
      expect(cleaner.text(text)).not.toContain(value.slice(0, 16));
    }
    expect(cleaner.isId(value)).toBe(false);
    expect(cleaner.article(value)).not.toContain(value);
  });
});

describe('names of ids', () => {
  it.each(
    (
      'x-fb-ck-fbp fb_fbp gcl_aw gclaw x_gclid _uetvid li_fat google_click_id customer_id idfa gaid device_id external_id ip_override ' +
      'client_user_agent hubspotutk CustomerID customerNumber kundenummer kunde_nr user_pseudo_id ga_session_id visitorId _fbp FBP fb-fbc ' +
      'msclkid_value _ttp _pk_id _kla_id intercom-device-id ttcsid _vwo_uuid _mkto_trk _scid _rdt_uuid _pin_unauth ajs_anonymous_id amplitude_id twclid advertising_id anonymousId crm_id cid uid'
    ).split(' '),
  )('%s', (name) => {
    expect(isIdName(name)).toBe(true);
    expect(cleaner.isName(name)).toBe(false);
  });

  it.each(
    'item_id order_id product_id store_id campaign_id page_id video_id customer_type user_type client_type lead_value device_category click_text form_id login_method session_engaged product_number ga_page'.split(
      ' ',
    ),
  )('%s is none', (name) => {
    expect(isIdName(name)).toBe(false);
  });

  it('knows what articles and orders are called', () => {
    for (const name of ['sku', 'item_id', 'orderNumber', 'ordre_nr', 'gtin13', 'product_id'])
      expect(isArticleName(name), name).toBe(true);
    for (const name of ['note', 'customer', 'search']) expect(isArticleName(name), name).toBe(false);
  });
});

describe('copies of the own ids of a visitor', () => {
  const own = new OwnIds({
    cookies: {
      names: ['_ga', '_fbp', 'pv_id', 'theme', '_uetvid', '_ttp'],
      values: [
        `GA1.1.482310557.${SECONDS}`,
        `fb.1.${SECONDS}000.1098115397`,
        'k1.q3Xb9Yw2Zt7Lm1Np.1795100000.abcdefgh',
        'dark-mode-2026',
        '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
        '2abCdEfGhIjKlMnOpQrStUvWxYz',
      ],
    },
    values: [`482310557.${SECONDS}`, 'Cj0KExampleClick1'],
    userIds: ['crm-88412'],
    at: AT,
  });
  const mine = new Cleaner(policy, () => own);

  it.each([
    `GA1.1.482310557.${SECONDS}`,
    `trace ${SECONDS} 482310557`,
    `482310557_${SECONDS}`,
    'x482310557',
    '1098115397',
    'q3Xb9Yw2Zt7Lm1Np',
    '0A1B2C3D4E5F60718293A4B5C6D7E8F9',
    '2abCdEfGhIjKlMnOpQrStUvWxYz',
    'Cj0KExampleClick1',
    'kunde crm-88412',
    '482310557%2E1',
    '%34%38%32%33%31%30%35%35%37',
  ])('%s', (text) => {
    expect(mine.text(text)).not.toMatch(/482310557|1098115397|q3Xb9Y|0A1B2C|2abCdE|Cj0KEx|88412|%35%35%37/);
    expect(mine.scalars({ a: text })['a']).not.toBe(text);
  });

  it("leaves an article's number that a short user id merely reads like, and nothing that a long one reads like", () => {
    const own = (id: string) => {
      const ids = new OwnIds({ cookies: NO_COOKIES, values: [], userIds: [id], at: AT });
      return new Cleaner(policy, () => ids);
    };
    expect(own('abc123').article('ABC123')).toBe('ABC123');
    expect(own('abc123').text('kunde ABC123')).toBe('kunde [id]');
    expect(own('crm-884123').article('crm-884123')).toBe('[id]');
  });

  it('finds them in names, numbers, orders and ids', () => {
    expect(mine.isName('x_482310557')).toBe(false);
    expect(mine.number(482_310_557.1795)).toBeUndefined();
    expect(mine.number(599)).toBe(599);
    expect(mine.isId('O-482310557')).toBe(false);
    expect(mine.isId('O-crm-88412')).toBe(true);
    expect(mine.article('482310557')).toBe('[id]');
  });

  it.each([
    ['base64', btoa(`482310557.${SECONDS}`)],
    ['base64 without padding', btoa(`482310557.${SECONDS}`).replace(/=+$/, '')],
    // A token as well.
    ['hexadecimal', Buffer.from(`482310557.${SECONDS}`).toString('hex').toUpperCase()],
    ['percent sequences', Buffer.from(`482310557.${SECONDS}`).toString('hex').replaceAll(/../g, '%$&')],
  ])('finds the client id in %s', (_, text) => {
    for (const around of [text, `x ${text} y`, `{"a":"${text}"}`]) {
      expect(mine.text(around)).toMatch(/\[(?:id|token)\]/);
      expect(mine.text(around)).not.toContain(text.slice(0, 12));
    }
  });

  it('leaves what is not an id', () => {
    for (const text of ['dark-mode-2026', `${SECONDS}`, 'Krus 2026', '482310558', 'SKU-12345678']) {
      expect(mine.text(text)).toBe(text);
    }
  });

  it('takes any text, and leaves no copy in it', () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom('%', '&#', '\\u', '.', '_', 'İ'),
    );
    fc.assert(
      fc.property(fc.array(part), fc.array(part), (before, after) => {
        expect(mine.text(`${before.join('')} 482310557 ${after.join('')}`)).not.toContain('482310557');
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the numbers of articles (R43)', () => {
  it.each(['7038010000003', '4005550000000019', '01017012345', '120345-1234', '5901234123457', 'SKU-1'])('%s', (id) => {
    expect(cleaner.article(id)).toBe(id);
    expect(cleaner.isId(id)).toBe(true);
    expect(cleaner.scalars({ sku: id })).toEqual({ sku: id });
  });
});

describe('a user id that is personal', () => {
  it.each([
    'kari@example.no',
    'Kari.Nordmann@Example.no',
    'kari%40example.no',
    '+4740000000',
    '+47 400 00 000',
    '4740000000',
    '01010112345',
    '01039012480',
    'fb.1.1795000000000.1098115397',
  ])('%s', (id) => {
    expect(isPersonalId(id)).toBe(true);
  });

  it.each(['4711', 'crm-8841', '100234', '40000000', '9876543210', '123e4567-e89b-12d3-a456-426614174000'])(
    '%s is none',
    (id) => {
      expect(isPersonalId(id)).toBe(false);
    },
  );
});
