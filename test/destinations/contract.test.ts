import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { IDENTIFIERS } from '../../destinations/identifiers.ts';
import { destinations } from '../../destinations/index.ts';
import { loadConfig } from '../../src/config/load.ts';
import { commonKeys } from '../../src/config/compile/routes.ts';
import {
  defineDestination,
  type Destination,
  type Example,
  type PlanContext,
  type PlannedRequest,
  type Reads,
} from '../../src/core/destination.ts';
import { reason } from '../../src/core/reason.ts';
import type { Event, FieldName } from '../../src/core/fields.ts';
import { FIELDS } from '../../src/policy/fields.ts';
import { isAccessToken, showSecretRef, type SecretRef, type Text } from '../../src/core/secret.ts';
import { refsIn } from '../../src/config/compile/secrets.ts';
import { AD_SIGNALS, BIT, GATE_STATES, maskOf, type SignalMask } from '../../src/core/signals.ts';
import { passages, project } from '../../src/core/view.ts';
import { permitTable } from '../../src/policy/permit.ts';
import { boundByExamples, WITH_COURIER } from '../support/destinations.ts';
import { AT, HIT_ID } from '../support/plan-one.ts';

/** Which verdict an example needs, which fields pass, and the plan with everything it got frozen and watched. */
function run(destination: Destination, example: Example) {
  const settings = deepFreeze(destination.settings.parse(example.settings));
  const bound = destination.bind(settings);
  const signals = maskOf(example.granted);
  const permit = permitTable(destination, {
    withoutConsent: example.limited === true ? 'limited' : 'block',
    alsoNeeds: bound.needs,
    only: bound.fields,
  })[signals];
  if (permit === undefined) throw new Error('no permit');
  const event = deepFreeze(structuredClone(example.event));
  const context = deepFreeze(contextOf(example, signals));
  const declared = example.limited === true ? (destination.limited?.reads ?? {}) : destination.reads;
  const watch = watched(deepFreeze(project(event, permit.open)), declared);
  const form = example.limited === true ? bound.limited : bound.full;
  if (form === undefined) throw new Error('no limited form');
  const plan = () => form.plan(watch.view, context);
  return { permit, plan, bound, strayReads: watch.stray };
}

function contextOf(example: Example, signals: SignalMask): PlanContext {
  return {
    signals,
    refused: 0,
    hitId: HIT_ID,
    at: example.at ?? AT,
    source: example.source ?? 'ga4-collect',
    siteCountry: 'NO',
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

/** A view that remembers every field somebody asked for without having declared it. */
function watched(view: Readonly<Record<string, unknown>>, declared: Reads) {
  const stray: string[] = [];
  const note = (key: string | symbol) => {
    if (typeof key === 'string' && key in FIELDS && !(key in declared)) stray.push(key);
  };
  const proxy = new Proxy(view, {
    get: (target, key) => (note(key), Reflect.get(target, key) as unknown),
    has: (target, key) => (note(key), Reflect.has(target, key)),
  });
  return { view: proxy, stray };
}

function hostOf(url: Text): string {
  const first = typeof url === 'string' ? url : url.parts[0];
  if (typeof first !== 'string') throw new Error('a URL starts with its host, not with a secret');
  return new URL(first).host;
}

describe('every destination', () => {
  it('is there', () => {
    expect(Object.keys(destinations).length).toBeGreaterThan(0);
  });

  it.each(Object.entries(WITH_COURIER))('%s keeps the contract', (type, destination) => {
    expect(destination.name).toBe(type);
    expect(destination.title).not.toBe('');
    expect(new URL(destination.docs).protocol).toBe('https:');
    for (const { hosts, needs, fields } of boundByExamples(destination)) {
      expect(needs.length).toBeGreaterThan(0);
      expect(needs).toEqual(expect.arrayContaining([...destination.needs]));
      expect([...(fields ?? [])].filter((field) => !(field in destination.reads))).toEqual([]);
      expect(hosts.length).toBeGreaterThan(0);
      for (const host of hosts) expect(new URL(`https://${host}/`).host).toBe(host);
    }
    expect(destination.maxAge).toBeGreaterThan(0);
    expect(destination.examples.length).toBeGreaterThan(1);
    for (const { from } of destination.examples)
      expect(from).toMatch(/^(?:[a-z0-9-]+(?:\/[a-z0-9-]+)?\.md [\dA-Z]|https:\/\/[^\s/]+\/\S)/);
  });

  it.each(Object.entries(WITH_COURIER))('%s says who its events go to', (type, destination) => {
    // Where a person writes the host, it and no secret tells one recipient from another (docs/decisions/one-record-an-event.md).
    const { properties = {} } = z.toJSONSchema(destination.settings, { io: 'input', unrepresentable: 'any' });
    const named = Object.values(properties).some((of) => typeof of === 'object' && 'host' in of);
    expect(destination.recipient !== undefined).toBe(named);
    for (const name of destination.recipient ?? []) {
      expect(Object.keys(properties)).toContain(name);
      expect(properties[name]).not.toMatchObject({ secret: true });
    }
    const bound = boundByExamples(destination);
    if (!named) for (const { recipient } of bound) expect(recipient).toBe(type);
    else {
      // As many recipients as hosts: the examples have no account.
      const hosts = new Set(bound.map((one) => one.hosts.join()));
      expect(hosts.size).toBeGreaterThan(1);
      expect(new Set(bound.map(({ recipient }) => recipient)).size).toBe(hosts.size);
    }
  });

  it.each(Object.entries(WITH_COURIER))(
    '%s: settings are strict, described, and leave the common keys alone',
    (_, destination) => {
      const schema = z.toJSONSchema(destination.settings, { io: 'input', unrepresentable: 'any' });
      expect(schema.additionalProperties).toBe(false);
      const properties = Object.entries(schema.properties ?? {}) as [
        string,
        { description?: string; secret?: boolean },
      ][];
      expect(properties.filter(([, { description }]) => description === undefined).map(([key]) => key)).toEqual([]);
      expect(properties.map(([key]) => key).filter((key) => key in commonKeys.shape)).toEqual([]);
      // What is called a token, a secret or credentials is one.
      const secretive = properties.filter(([key]) => /token|secret|credentials|password|api_key/.test(key));
      expect(secretive.filter(([, { secret }]) => secret !== true).map(([key]) => key)).toEqual([]);
      const [example] = destination.examples;
      expect(destination.settings.safeParse({ ...example?.settings, nobody_knows_this: 1 }).success).toBe(false);
    },
  );

  it.each(Object.entries(WITH_COURIER))('%s: waits and verdicts are times that can be kept', (_, destination) => {
    for (const { firstAfterMs, judge } of boundByExamples(destination)) {
      expect(firstAfterMs).toBeGreaterThanOrEqual(0);
      expect(firstAfterMs).toBeLessThan(destination.maxAge);
      const wrong: string[] = [];
      for (let status = 200; status < 600; status++) {
        const verdict = judge({ status, at: AT, headers: { 'retry-after': '7' }, body: '' }, 1, '');
        const { afterMs = 0 } = 'afterMs' in verdict ? verdict : {};
        if (!(afterMs >= 0)) wrong.push(`${status}: after ${afterMs}`);
        if (verdict.kind === 'retry' && afterMs === Infinity) wrong.push(`${status}: a retry that never comes`);
        const { attempts = 1, ms = 0 } = (verdict.kind === 'retry' ? verdict.finalAfter : undefined) ?? {};
        if (!(attempts >= 1) || !(ms >= 0) || ms > destination.maxAge) wrong.push(`${status}: final after ${ms}`);
      }
      expect(wrong).toEqual([]);
    }
  });

  it.each(Object.entries(WITH_COURIER))('%s: signs with secrets of its settings only', (_, destination) => {
    for (const { settings, expect: expected } of destination.examples) {
      if ('skip' in expected) continue;
      const own = refsIn(destination.settings.parse(settings)).map(([, ref]) => showSecretRef(ref));
      const parts = [expected.url, ...Object.values(expected.headers)].flatMap((text) =>
        typeof text === 'string' ? [] : text.parts.filter((part) => typeof part !== 'string'),
      );
      const used = parts.flatMap((part): SecretRef[] => {
        if (!('kind' in part)) return [part];
        if (isAccessToken(part)) return [part.credentials];
        if (part.kind === 'timestamp') return [];
        return [part.key, ...part.over.filter((one): one is SecretRef => typeof one !== 'string' && !('kind' in one))];
      });
      expect(used.map(showSecretRef).filter((name) => !own.includes(name))).toEqual([]);
    }
  });

  const limitedForms = Object.entries(destinations).filter(([, { limited }]) => limited !== undefined);

  it.each(limitedForms)('%s: the limited form can identify nobody', (_, { limited }) => {
    const reads = Object.entries(limited?.reads ?? {});
    const allowed = ['event', 'page', 'campaign', 'device', 'consent'];
    // Ids of the shop's own would name the order, and with it the customer; whole user agents single a browser out.
    const identifying = ['transaction_id', 'event_id', 'user_agent', 'client_hints', 'user_properties'];
    const wrong = reads.filter(
      ([field, read]) =>
        !allowed.includes(FIELDS[field as FieldName].class) || read.needs !== undefined || identifying.includes(field),
    );
    expect(wrong).toEqual([]);
  });

  it.each(Object.entries(WITH_COURIER))(
    '%s: click ids and user data take consent to ads, ids at least some',
    (_, destination) => {
      const userData = BIT.ad_storage | BIT.ad_user_data;
      const routes = boundByExamples(destination).map((bound) => maskOf(bound.needs));
      const each = Object.entries(destination.reads).flatMap(([field, read]) =>
        routes.map((needs) => [field, needs | maskOf(read.needs ?? [])] as const),
      );
      const lacking = each.filter(([field, unlocked]) => {
        const { class: dataClass } = FIELDS[field as FieldName];
        if (dataClass === 'click_id') return (unlocked & BIT.ad_storage) === 0;
        if (dataClass === 'user_data' || field === 'user_id') return (unlocked & userData) !== userData;
        return (unlocked & (BIT.analytics_storage | AD_SIGNALS)) === 0;
      });
      expect(lacking).toEqual([]);
    },
  );

  // R47: an id goes to its owner only.
  const OWNERS: Readonly<Partial<Record<FieldName, readonly string[]>>> = {
    google_click_params: ['ga4', 'google_ads'],
    google_user_data: ['ga4', 'google_ads', 'floodlight'],
    gclid: ['ga4', 'google_ads', 'floodlight'],
    gbraid: ['ga4', 'google_ads'],
    wbraid: ['ga4', 'google_ads'],
    dclid: ['ga4', 'google_ads', 'floodlight'],
    fbc: ['meta'],
    fbp: ['meta'],
    msclkid: ['microsoft_ads'],
    li_fat_id: ['linkedin'],
    epik: ['pinterest'],
    rdt_cid: ['reddit'],
    rdt_uuid: ['reddit'],
    client_id: ['ga4'],
    sccid: ['snapchat'],
    scid: ['snapchat'],
    ttclid: ['tiktok'],
    ttp: ['tiktok'],
  };

  it.each(Object.entries(destinations))('%s reads no identifier whose row is of another vendor', (_, destination) => {
    const foreign = Object.keys({ ...destination.reads, ...destination.limited?.reads }).filter((field) =>
      IDENTIFIERS.some((row) => row.field === field && row.owner !== destination.vendor),
    );
    expect(foreign).toEqual([]);
  });

  it.each(Object.entries(destinations))('%s reads no id of another vendor', (type, destination) => {
    const foreign = Object.keys({ ...destination.reads, ...destination.limited?.reads }).filter(
      (field) => OWNERS[field as FieldName]?.includes(type) === false,
    );
    expect(foreign).toEqual([]);
  });

  // A destination with a host of the operator's own is in an example: the reference configuration has no such receiver.
  it.each(Object.entries(destinations))(
    '%s is in a configuration that ships, and its settings parse',
    (type, { fixedHosts, bind, settings, examples }) => {
      const fixed = fixedHosts !== undefined || bind(settings.parse(examples[0]?.settings)).recipient === type;
      const folder = join(import.meta.dirname, '../../config');
      const files = fixed ? ['gateway.yaml'] : readdirSync(join(folder, 'examples')).map((file) => `examples/${file}`);
      const types = files
        .filter((file) => !file.endsWith('.test.yaml'))
        .flatMap((file) => {
          const loaded = loadConfig(readFileSync(join(folder, file), 'utf8'), file);
          if (!('config' in loaded)) throw new Error(JSON.stringify(loaded.findings));
          return [...(loaded.config.sites[0]?.destinations.values() ?? [])].map(({ destination }) => destination.name);
        });
      expect(types).toContain(type);
    },
  );
});

describe.each(Object.entries(WITH_COURIER))('%s: example', (_, destination) => {
  it.each(destination.examples.map((example) => [example.title, example] as const))('%s', (_, example) => {
    const { permit, plan, bound, strayReads } = run(destination, example);
    expect(permit.verdict).toBe(example.limited === true ? 'limited' : 'full');
    const first = plan();
    expect(plan()).toEqual(first);
    expect(strayReads).toEqual([]);
    const make = () => ('skip' in first ? first : bound.request(first.envelope, [first.element]));
    expect(make()).toEqual(example.expect);
    expect(make()).toEqual(make());
    const request = make();
    const hosts = 'skip' in request ? [] : [hostOf(request.url)];
    expect(hosts.filter((host) => !bound.hosts.includes(host))).toEqual([]);
    expect('skip' in first ? 1 : destination.maxBatch(first.envelope)).toBeGreaterThanOrEqual(1);
  });
});

/** One event with every field filled with its own canary, so that a field that must not leave is seen if it does. */
function fullEvent(): Event {
  const event: Record<string, unknown> = {};
  const own: Partial<Record<FieldName, unknown>> = {
    event_name: 'purchase',
    event_id: 'evt-canary',
    event_time: AT,
    currency: 'NOK',
    value: 599,
    tax: 1,
    shipping: 2,
    items: [{ item_id: 'SKU-1', item_name: 'Krus', price: 299.5, quantity: 2 }],
    params: {},
    user_properties: {},
    engagement_time_msec: 100,
    debug_mode: false,
    repeat: false,
    ga4_transport: {},
    page_location: 'https://shop.example.no/takk',
    page_referrer: 'https://www.google.com/',
    campaign: {},
    device: { category: 'desktop' },
    client_hints: {},
    country: 'NO',
    user_country: 'NO',
    consent_mode: {},
    client_id: '1234567890.1763600000',
    session_id: '1763600000',
    session_number: '3',
    fbp: 'fb.1.1763600000000.1234567890',
    fbc: 'fb.1.1763600000000.canaryfbc',
    hubspotutk: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
    google_click_params: 'gclid=canarygclid',
    google_user_data: 'tv.1~em.canaryem',
    email: 'canary@example.no',
    phone: '+4740000000',
  };
  for (const field of Object.keys(FIELDS))
    event[field] = own[field as FieldName] ?? `canary${field.replaceAll('_', '')}`;
  return event;
}

describe.each(Object.entries(WITH_COURIER))('%s under every consent', (_, destination) => {
  const [example] = destination.examples;

  it('asks for declared fields only, names declared hosts only, and lets nothing out that is not granted', () => {
    const event = deepFreeze(fullEvent());
    const settings = deepFreeze(destination.settings.parse(example?.settings));
    const bound = destination.bind(settings);
    const faults: string[] = [];
    let requests = 0;
    for (const source of ['ga4-collect', 'json'] as const) {
      for (let signals = 0; signals < GATE_STATES; signals++) {
        const { needs: alsoNeeds, fields: only } = bound;
        const permit = permitTable(destination, { withoutConsent: 'limited', alsoNeeds, only })[signals];
        if (permit === undefined || permit.verdict === 'blocked' || permit.sources?.includes(source) === false)
          continue;
        const limited = permit.verdict === 'limited';
        const declared = limited ? (destination.limited?.reads ?? {}) : destination.reads;
        const { view, stray } = watched(deepFreeze(project(event, permit.open)), declared);
        const context: PlanContext = { signals, refused: 0, hitId: HIT_ID, at: AT, source, siteCountry: 'NO' };
        const plan = (limited ? bound.limited : bound.full)?.plan(view, context);
        faults.push(...stray.map((field) => `reads ${field} at ${signals}`));
        if (plan === undefined || 'skip' in plan) continue;
        requests++;
        const request: PlannedRequest = bound.request(plan.envelope, [plan.element]);
        if (!bound.hosts.includes(hostOf(request.url))) faults.push(`goes to ${hostOf(request.url)}`);
        const wire = JSON.stringify(request);
        // Raw user data never enters vendor code, so it cannot be in a request under any consent.
        const canaries = GUARDED.filter(([, needed]) => needed === NEVER || (signals & needed) !== needed);
        for (const [canary] of canaries) if (wire.includes(canary)) faults.push(`${canary} leaves at ${signals}`);
      }
    }
    expect(faults).toEqual([]);
    expect(requests).toBeGreaterThan(0);
  });

  it('has nothing in the opened fields beyond what is declared and unlocked', () => {
    const wrong: string[] = [];
    for (let signals = 0; signals < GATE_STATES; signals++) {
      for (const { field } of passages(destination.reads, signals)) {
        const needed = maskOf(destination.reads[field]?.needs ?? []);
        if ((signals & needed) !== needed) wrong.push(`${field} at ${signals}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

/** No consent lets it out. */
const NEVER: SignalMask = -1;

/** A vendor there is none of, which skips for every reason there can be. */
const picky = defineDestination({
  name: 'picky',
  title: 'Picky',
  docs: 'https://picky.example/docs',
  needs: ['ad_storage'],
  vendor: 'Picky',
  services: ['picky'],
  hosts: ['picky.example'],
  egress: [],
  settings: z.strictObject({ names: z.record(z.string(), z.string().nullable()), others: z.boolean() }),
  reads: {
    event_name: {},
    event_time: {},
    value: {},
    user_id: {},
    first_name: { as: (name: string) => (name === 'unusable' ? undefined : name) },
    last_name: {},
  },
  wants: ({ names, others }) => ({
    names: new Map(Object.entries(names).map(([name, to]) => [name, to ?? undefined])),
    others,
  }),
  skips: ({ event_time = AT }, _, { at }) => (at - event_time < 60_000 ? undefined : reason('skip.path')),
  matchesOn: () => [['user_id'], ['first_name', 'last_name']],
  requires: [
    { event: 'refund', fields: ['event_time'] },
    { becomes: 'Sale', fields: ['value'] },
  ],
  plan: (view, _, __, name) => ({ envelope: '', element: `${name} ${view.user_id ?? view.first_name ?? 'nobody'}` }),
  maxBatch: () => 1,
  maxAge: 1,
  request: () => ({ method: 'GET', url: 'https://picky.example/', headers: {} }),
  examples: [],
});

const NOBODY = reason('skip.nothing_to_match', { fields: 'user_id, first_name + last_name' });

describe('what a form takes', () => {
  const names = { purchase: 'Sale', scroll: null };
  const context: PlanContext = { signals: 1, refused: 0, hitId: HIT_ID, at: AT, source: 'json', siteCountry: 'NO' };
  const made = (event: Event, others = false) => {
    const form = picky.bind({ names, others }).full;
    const view = project(event, passages(picky.reads, BIT.ad_storage));
    const plan = form.plan(view, context);
    expect('skip' in plan ? plan.skip : undefined).toEqual(form.skip(view, context));
    return 'skip' in plan ? plan.skip : plan.element;
  };
  const user = { user_id: 'u' };
  const sale = { event_name: 'purchase', value: 0, ...user };

  it.each<[string, Event, boolean, unknown]>([
    ['an event under the name the settings give it', sale, false, 'Sale u'],
    ['none that has no name there', { event_name: 'login', ...user }, false, reason('skip.not_mapped')],
    ['it all the same, where others go too', { event_name: 'login', ...user }, true, 'login u'],
    ['none that is switched off, even there', { event_name: 'scroll', ...user }, true, reason('skip.not_mapped')],
    ['no name that every object has', { event_name: 'constructor', ...user }, false, reason('skip.not_mapped')],
    ['nobody', { event_name: 'purchase', value: 1 }, false, NOBODY],
    ['an empty id as none', { ...sale, user_id: '' }, false, NOBODY],
    ['no half of a group', { event_name: 'purchase', value: 1, first_name: 'K' }, false, NOBODY],
    ['a whole group', { event_name: 'purchase', value: 1, first_name: 'K', last_name: 'N' }, false, 'Sale K'],
    [
      'no value that cannot be used',
      { event_name: 'purchase', value: 1, first_name: 'unusable', last_name: 'N' },
      false,
      NOBODY,
    ],
    [
      'no event without what the vendor asks for',
      { event_name: 'purchase', ...user },
      false,
      reason('skip.lacks', { fields: 'value' }),
    ],
    ['nor one of this name', { event_name: 'refund', ...user }, true, reason('skip.lacks', { fields: 'event_time' })],
    ['what is out of time', { ...sale, event_time: AT - 60_000 }, false, reason('skip.path')],
    ['the name first', { event_name: 'login', event_time: 0 }, false, reason('skip.not_mapped')],
    ['time before what is in it', { event_name: 'purchase', event_time: 0 }, false, reason('skip.path')],
    ['whose it is before what it lacks', { event_name: 'purchase' }, false, NOBODY],
  ])('%s', (_, event, others, expected) => {
    expect(made(event, others)).toEqual(expected);
  });

  const forms = Object.values(destinations).flatMap((destination) => {
    const { full, limited } = destination.bind(destination.settings.parse(destination.examples[0]?.settings));
    return [
      { name: destination.name, form: full, reads: destination.reads },
      ...(limited === undefined
        ? []
        : [{ name: `${destination.name}, limited`, form: limited, reads: destination.limited?.reads ?? {} }]),
    ];
  });

  // The name is asked for before anything is prepared, and again of the view: it must be the same.
  it.each(forms.map((one) => [one.name, one] as const))('%s reads the name of an event as it is', (_, { reads }) => {
    expect(reads.event_name).toEqual({});
  });

  it.each(forms.map((one) => [one.name, one] as const))('%s asks for fields it reads', (_, { form, reads }) => {
    const asked = [...(form.matchesOn ?? []).flat(), ...form.requires.flatMap(({ fields }) => fields)];
    expect(asked.filter((field) => !(field in reads))).toEqual([]);
  });
});

/** Canaries and the least that must be granted for each to leave in any form to anybody. */
const GUARDED: readonly (readonly [string, SignalMask])[] = [
  ['canarygclid', BIT.ad_storage],
  ['canarygbraid', BIT.ad_storage],
  ['canarywbraid', BIT.ad_storage],
  ['canaryfbc', BIT.ad_storage],
  ['canarymsclkid', BIT.ad_storage],
  ['canarylifatid', BIT.ad_storage],
  ['canary@example.no', NEVER],
  ['canary%40example.no', NEVER],
  ['40000000', NEVER],
  ['canaryem', BIT.ad_storage | BIT.ad_user_data],
  ['canaryuserid', BIT.ad_storage | BIT.ad_user_data],
];
