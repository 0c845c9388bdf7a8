import { describe, expect, it } from 'vitest';
import type { RawEvent } from '../../src/core/fields.ts';
import { minimise } from '../../src/privacy/minimise.ts';
import type { SitePrivacy } from '../../src/privacy/types.ts';
import { compileUrlPolicy } from '../../src/privacy/url/url.ts';

// Values of an event with a fixed form: a value of another form could identify somebody, so it does not pass.

const privacy: SitePrivacy = {
  ip: 'none',
  userAgent: 'family',
  url: compileUrlPolicy({ query: [], referrer: 'origin', neverForward: [] }),
};

function floor(raw: RawEvent, identifiers: Partial<RawEvent> = {}) {
  const around = {
    page: undefined,
    userAgent: undefined,
    address: undefined,
    country: undefined,
    identifiers,
    eventId: 'e-1',
    eventTime: 1_795_169_690_123,
  };
  return minimise(raw, around, privacy);
}

it('an empty text of an item is none', () => {
  const items = [{ item_id: '', item_name: 'Krus', item_brand: '' }];
  expect(floor({ items }).items).toEqual([{ item_name: 'Krus' }]);
});

it('the name of a campaign is no name of a person', () => {
  expect(floor({ campaign: { name: 'sommer_2026', source: 'kari@example.no' } }).campaign).toEqual({
    name: 'sommer_2026',
    source: '[email]',
  });
});

describe('what has a form', () => {
  it.each([
    ['session_id', '1795168000', 'kari.nordmann'],
    ['session_id', '1795168000', '1203451234'],
    ['session_number', '4', 'crm-8841'],
    ['page_load_id', '1795169690123', 'a1b2c3d4'],
    ['currency', 'NOK', 'Kari'],
    ['language', 'nb-no', 'kari nordmann'],
    ['screen_resolution', '1440x900', '1440x900kari'],
  ] as const)('%s passes in its form (%s) and in no other (%s)', (field, good, bad) => {
    expect(floor({ [field]: good })[field]).toBe(good);
    expect(floor({ [field]: bad })).not.toHaveProperty(field);
  });

  it('holds for a session id that a cookie or a back end brought', () => {
    expect(floor({}, { session_id: '1795168000' }).session_id).toBe('1795168000');
    expect(floor({}, { session_id: 'kari.nordmann' })).not.toHaveProperty('session_id');
  });
});

describe('an order number', () => {
  it.each(['ORD-20261120-7', '100023', 'A/12:3#4', '01010112345'])('%s is kept as it is', (id) => {
    expect(floor({ transaction_id: id }).transaction_id).toBe(id);
  });

  it.each(['kari@example.no', 'kari%40example.no', 'kari%2540example.no', 'kari＠example.no', 'kari&#64;example.no'])(
    '%s is none, and leaves no tag that all such orders would share',
    (id) => {
      expect(floor({ transaction_id: id })).not.toHaveProperty('transaction_id');
    },
  );
});

describe('parameters of an item', () => {
  it.each(['client_id', 'gclid', 'GCLID', 'fbp', 'Client_Id', 'email', 'user_id'])(
    '%s is dropped, as it is from an event',
    (name) => {
      const custom = { [name]: 'x1', colour: 'blue' };
      expect(floor({ items: [{ item_id: 'SKU-1', custom }], params: custom })).toMatchObject({
        items: [{ item_id: 'SKU-1', custom: { colour: 'blue' } }],
        params: { colour: 'blue' },
      });
      expect(JSON.stringify(floor({ items: [{ custom }], params: custom }))).not.toContain('x1');
    },
  );
});
