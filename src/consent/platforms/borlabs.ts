import { asJsonObject, asString, asStrings, type Json, type JsonObject } from '../json.ts';
import {
  categorised,
  chosen,
  jsonObject,
  listedServices,
  perObject,
  type Context,
  type Platform,
} from '../platform.ts';
import { unreadable } from '../reading.ts';
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
    });
  }),
};

function marksOf(consents: JsonObject, context: Context) {
  const lists = new Map(GROUPS.map((group) => [group, servicesIn(consents.get(group))] as const));
  const isOn = (group: Category): boolean => (lists.get(group) ?? []).length > 0;
  return listedServices(
    lists,
    GROUPS.filter((group) => isOn(group as Category)),
    context,
    {
      marks: (inner) => categorised(inner, isOn('preferences'), isOn('statistics'), isOn('marketing')),
      signalsOf: (group) => context.categories[group as Category],
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
