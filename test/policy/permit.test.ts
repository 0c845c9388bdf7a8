import { describe, expect, it } from 'vitest';
import { destinations } from '../../destinations/index.ts';
import type { FieldName } from '../../src/core/fields.ts';
import { FIELD_NAMES, FIELDS } from '../../src/policy/fields.ts';
import { BIT, GATE_STATES, type GateSignal, type SignalMask } from '../../src/core/signals.ts';
import { permitTable } from '../../src/policy/permit.ts';

/**
 * The table of design 3, written a second time: what a route needs, what is locked beyond that, and whether it has a
 * form for visitors without consent. Expectations come from here, never from the modules.
 */
const TABLE: Readonly<
  Record<
    string,
    {
      readonly needs: readonly GateSignal[];
      readonly beyond: (field: FieldName) => readonly GateSignal[];
      readonly limited: boolean;
      readonly limitedSources?: readonly string[];
    }
  >
> = {
  ga4: {
    needs: ['analytics_storage'],
    beyond: (field) => {
      if (field === 'user_id' || FIELDS[field].class === 'user_data') return ['ad_storage', 'ad_user_data'];
      if (FIELDS[field].class === 'click_id') return ['ad_storage'];
      // gateway.yaml: "full only where every signal that needs it is granted".
      if (field === 'user_agent' || field === 'client_hints') {
        return ['ad_storage', 'analytics_storage', 'ad_user_data', 'ad_personalization'];
      }
      return [];
    },
    limited: true,
    limitedSources: ['ga4-collect'],
  },
  google_ads: { needs: ['ad_storage', 'ad_user_data'], beyond: () => [], limited: true },
  floodlight: { needs: ['ad_storage', 'ad_user_data'], beyond: () => [], limited: false },
  meta: { needs: ['ad_storage', 'ad_user_data', 'ad_personalization'], beyond: () => [], limited: false },
  linkedin: { needs: ['ad_storage', 'ad_user_data', 'ad_personalization'], beyond: () => [], limited: false },
  pinterest: { needs: ['ad_storage', 'ad_user_data', 'ad_personalization'], beyond: () => [], limited: false },
  reddit: { needs: ['ad_storage', 'ad_user_data', 'ad_personalization'], beyond: () => [], limited: false },
  matomo: {
    needs: ['analytics_storage'],
    beyond: (field) => {
      if (field === 'user_id') return ['ad_storage', 'ad_user_data'];
      return field === 'user_agent' ? ['ad_storage', 'analytics_storage', 'ad_user_data', 'ad_personalization'] : [];
    },
    limited: true,
  },
  piwik_pro: {
    needs: ['analytics_storage'],
    beyond: (field) => {
      if (field === 'user_id') return ['ad_storage', 'ad_user_data'];
      return field === 'user_agent' ? ['ad_storage', 'analytics_storage', 'ad_user_data', 'ad_personalization'] : [];
    },
    limited: true,
  },
  hubspot: { needs: ['ad_storage', 'ad_user_data'], beyond: () => [], limited: false },
  // Each route says its own needs and fields: below.
  http: {
    needs: [],
    beyond: (field) => {
      if (field === 'user_id' || FIELDS[field].class === 'user_data') return ['ad_storage', 'ad_user_data'];
      return field === 'own_id' ? ['analytics_storage'] : [];
    },
    limited: false,
  },
  microsoft_ads: {
    needs: ['ad_storage', 'ad_personalization'],
    beyond: (field) => (FIELDS[field].class === 'user_data' ? ['ad_user_data'] : []),
    limited: true,
  },
  snapchat: { needs: ['ad_storage', 'ad_user_data', 'ad_personalization'], beyond: () => [], limited: false },
  tiktok: { needs: ['ad_storage', 'ad_user_data', 'ad_personalization'], beyond: () => [], limited: false },
};

const has = (signals: SignalMask, needed: readonly GateSignal[]) =>
  needed.every((signal) => (signals & BIT[signal]) !== 0);

const cases = Object.keys(TABLE).flatMap((type) =>
  (['block', 'limited'] as const).map((chosen) => [type, chosen] as const),
);

describe('permits over every signal state', () => {
  it('the table names every destination', () => {
    expect(Object.keys(TABLE).sort()).toEqual(Object.keys(destinations).sort());
  });

  it.each(cases)('%s with without_consent: %s: the verdict of all 16 states', (type, chosen) => {
    const row = TABLE[type];
    const destination = destinations[type];
    if (row === undefined || destination === undefined) throw new Error('no such destination');
    const expected = Array.from({ length: GATE_STATES }, (_, signals) => {
      if (has(signals, row.needs)) return 'full';
      return chosen === 'limited' && row.limited ? 'limited' : 'blocked';
    });
    expect(permitTable(destination, { withoutConsent: chosen }).map(({ verdict }) => verdict)).toEqual(expected);
  });

  it.each(cases)('%s with without_consent: %s: no field passes that the table keeps shut', (type, chosen) => {
    const row = TABLE[type];
    const destination = destinations[type];
    if (row === undefined || destination === undefined) throw new Error('no such destination');
    const wrong: string[] = [];
    permitTable(destination, { withoutConsent: chosen }).forEach((permit, signals) => {
      const open = new Set(permit.open.map(({ field }) => field));
      for (const field of FIELD_NAMES) {
        const full = has(signals, row.needs);
        const declared = full
          ? field in destination.reads
          : permit.verdict === 'limited' && field in (destination.limited?.reads ?? {});
        // In a full event a field passes exactly if it is declared and what the table asks beyond `needs` is granted.
        const may = declared && (!full || has(signals, row.beyond(field)));
        if (open.has(field) !== may) wrong.push(`${field} ${open.has(field) ? 'passes' : 'is kept'} at ${signals}`);
      }
    });
    expect(wrong).toEqual([]);
  });

  it.each(Object.keys(TABLE))('%s: a limited form exists for the sources the table names', (type) => {
    const row = TABLE[type];
    const destination = destinations[type];
    if (destination === undefined) throw new Error('no such destination');
    const states = permitTable(destination, { withoutConsent: 'limited' }).filter(
      ({ verdict }) => verdict === 'limited',
    );
    expect(states.length > 0).toBe(row?.limited);
    expect(states.filter(({ sources }) => JSON.stringify(sources) !== JSON.stringify(row?.limitedSources))).toEqual([]);
  });

  it('granting more never lets less through (full events)', () => {
    const wrong: string[] = [];
    for (const [type, destination] of Object.entries(destinations)) {
      const permits = permitTable(destination, { withoutConsent: 'block' });
      permits.forEach((permit, less) => {
        permits.forEach((wider, more) => {
          if ((less & more) !== less) return;
          const open = new Set(wider.open.map(({ field }) => field));
          for (const { field } of permit.open) if (!open.has(field)) wrong.push(`${type} ${field} ${less} -> ${more}`);
        });
      });
    }
    expect(wrong).toEqual([]);
  });

  it('the configuration can demand more than the module, never less', () => {
    const meta = destinations['meta'];
    const ga4 = destinations['ga4'];
    if (meta === undefined || ga4 === undefined) throw new Error('no such destination');
    const tighter = permitTable(ga4, { withoutConsent: 'block', alsoNeeds: ['ad_storage'] });
    expect(tighter[BIT.analytics_storage]?.verdict).toBe('blocked');
    expect(tighter[BIT.analytics_storage | BIT.ad_storage]?.verdict).toBe('full');
    const two = new Set<FieldName>(['event_name', 'client_id']);
    const narrow = permitTable(ga4, { withoutConsent: 'limited', only: two });
    for (const { verdict, open } of narrow)
      expect(verdict === 'full' ? open.map(({ field }) => field) : undefined).toEqual(
        verdict === 'full' ? [...two] : undefined,
      );
    const same = permitTable(meta, { withoutConsent: 'limited', alsoNeeds: [] });
    expect(same.filter(({ verdict }) => verdict !== 'blocked')).toHaveLength(2);
  });
});
