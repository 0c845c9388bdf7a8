import { asObject, asString, asStrings, type Json } from './json.ts';
import { categorised, jsonObject, perObject, type Platform } from './platform.ts';
import { choice, unreadable } from './reading.ts';

/** Borlabs Cookie (`consent/README.md` 1): a group counts if it lists at least one service. */
export const borlabs: Platform = {
  name: 'borlabs',
  title: 'Borlabs Cookie',
  cookies: ['borlabs-cookie'],
  read: perObject(jsonObject, (root, context) => {
    const consents = asObject(root.get('consents'));
    if (consents === undefined) return unreadable(context.source);
    const isOn = (group: string) => isFilled(consents.get(group));
    const { on, off } = categorised(context, isOn('preferences'), isOn('statistics'), isOn('marketing'));
    const uid = asString(root.get('uid'));
    return choice(context.source, on, off, {
      id: uid === 'anonymous' ? undefined : uid,
      version: versionOf(root.get('version')),
    });
  }),
};

function isFilled(services: Json | undefined): boolean {
  const names = asStrings(services);
  return names !== undefined && names.length > 0 && !names.includes('');
}

function versionOf(version: Json | undefined): string | undefined {
  return typeof version === 'number' ? String(version) : asString(version);
}
