import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import { destinations } from '../../destinations/index.ts';
import schemas from '../fixtures/client-schemas.json' with { type: 'json' };
import { planOne } from '../support/plan-one.ts';

/*
 * What the vendors' own clients, made from their OpenAPI files, would send: its keys, types and what has to be there
 * (licences in the fixture).
 */

const { licence: _, ...of } = schemas;

describe.each(Object.entries(of))("%s: as the vendor's own client has it", (name, schema) => {
  const destination = destinations[name];
  if (destination === undefined) throw new Error(name);
  const taken = z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema);
  const sent = destination.examples.filter(({ expect: expected }) => !('skip' in expected));

  it.each(sent.map((example) => [example.title, example] as const))('%s', (_title, { settings, granted, event }) => {
    const plan = planOne(destination, { settings, granted, event });
    if ('skip' in plan) throw new Error(plan.skip.code);
    const { body = '' } = destination.bind(destination.settings.parse(settings)).request(plan.envelope, [plan.element]);
    expect(taken.safeParse(JSON.parse(body)).error?.issues ?? []).toEqual([]);
  });

  it('takes no other key, and nothing of another type', () => {
    expect(taken.safeParse({ [name === 'hubspot' ? 'inputs' : 'data']: [{ nobody: 1 }] }).success).toBe(false);
  });
});

it('HubSpot gets `properties` where none is mapped, too', () => {
  const { hubspot } = destinations;
  if (hubspot === undefined) throw new Error('hubspot');
  const settings = { access_token: '${T}', custom_events: { sign_up: { name: 'pe1_sign_up' } } };
  const event = { event_name: 'sign_up', hubspotutk: '0f1e2d3c4b5a69788796a5b4c3d2e1f0' };
  const plan = planOne(hubspot, { settings, granted: ['ad_storage', 'ad_user_data'], event });
  if ('skip' in plan) throw new Error(plan.skip.code);
  expect(JSON.parse(plan.element)).toMatchObject({ eventName: 'pe1_sign_up', properties: {} });
});
