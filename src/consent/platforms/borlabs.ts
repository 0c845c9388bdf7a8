import { asJsonObject, asString, asStrings, type Json, type JsonObject } from '../json.ts';
import { byCategory, categorised, chosen, jsonObject, perObject, type Context, type Platform } from '../platform.ts';
import { listedServices } from '../service-marks.ts';
import { unreadable } from '../reading.ts';
import { httpTime } from '../text.ts';
import type { Category } from '../../core/signals.ts';

const GROUPS: readonly string[] = ['preferences', 'statistics', 'marketing'] satisfies readonly Category[];

/** Borlabs Cookie (`consent.md` 1): a group counts if it lists at least one service, and for those it lists. */
export const borlabs: Platform = {
  name: 'borlabs',
  title: 'Borlabs Cookie',
  cookies: ['borlabs-cookie'],
  read: perObject(jsonObject, (root, context) => {
    const consents = asJsonObject(root.get('consents'));
    if (consents === undefined) return unreadable(context.source);
    const uid = asString(root.get('uid'));
    return chosen(context.source, marksOf(consents, context), {
      id: uid === 'anonymous' ? undefined : uid,
      version: versionOf(root.get('version')),
      until: httpTime(asString(root.get('expires'))),
    });
  }),
};

function marksOf(consents: JsonObject, context: Context) {
  const { purposes, categories } = context;
  // Groups the site has made up count where it maps them; a mapped name that is no group is a service.
  const own = [...consents.keys()].filter((group) => purposes?.has(group) === true);
  const groups = [...new Set([...GROUPS, ...own])];
  const lists = new Map(groups.map((group) => [group, servicesIn(consents.get(group))] as const));
  const isOn = (group: string): boolean => (lists.get(group) ?? []).length > 0;
  return listedServices(
    lists,
    groups.filter((group) => isOn(group)),
    context,
    {
      marks(inner) {
        const usual = categorised(inner, isOn('preferences'), isOn('statistics'), isOn('marketing'));
        if (own.length === 0) return usual;
        return byCategory(
          { ...inner, purposes: new Map([...(purposes ?? [])].filter(([name]) => own.includes(name))) },
          {},
          isOn,
        );
      },
      signalsOf: (group) => purposes?.get(group) ?? categories[group as Category] ?? 0,
      absentIsService: true,
    },
  );
}

/** Anything but a list of names counts as an empty list. */
function servicesIn(services: Json | undefined): readonly string[] {
  const names = asStrings(services);
  return names === undefined || names.includes('') ? [] : names;
}

function versionOf(version: Json | undefined): string | undefined {
  return typeof version === 'number' ? String(version) : asString(version);
}
