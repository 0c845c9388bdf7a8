import { knownPlatforms } from '../../consent/platforms/index.ts';
import { encodingsOf } from '../compile/compile-custom.ts';
import type { CustomBannerConfig } from '../custom-schema.ts';
import type { SiteConfig } from '../schema.ts';
import { contradiction, suspicious, type ConfigPath, type Remark } from './finding.ts';

const CHOICES = ['value', 'flags', 'list', 'services'] as const;

/** What is wrong or doubtful about banners that a site describes itself. */
export function lintCustom({ consent }: SiteConfig, path: ConfigPath): Remark[] {
  const { cmp, custom } = consent;
  const described = Object.entries(custom);
  const remarks = described.flatMap(([name, banner]) => lintBanner(name, banner, [...path, 'custom', name]));
  if (cmp === 'auto') {
    if (described.length > 0) {
      const message =
        'beside a banner of its own the site reads every known one: a cookie that one of them takes for its own takes away';
      remarks.push(suspicious([...path, 'custom'], message, 'cmp: [], or the platforms of the site'));
    }
    return remarks;
  }
  if (cmp.length === 0 && described.length === 0) {
    const message = 'no consent is read, so no visitor can ever consent';
    remarks.push(contradiction([...path, 'cmp'], message, 'the platform of the site, or its cookie under `custom`'));
  }
  for (const [name, { cookie }] of described) {
    const other = knownPlatforms.find((known) => {
      return cmp.includes(known.name) && known.cookies.split(', ').includes(cookie);
    });
    if (other === undefined) continue;
    const message = `\`${other.name}\` in \`cmp\` reads the same cookie: if it cannot read it, everything is denied`;
    remarks.push(suspicious([...path, 'custom', name, 'cookie'], message, `\`cmp\` without ${other.name}`));
  }
  return remarks;
}

function lintBanner(name: string, banner: CustomBannerConfig, path: ConfigPath): Remark[] {
  const remarks: Remark[] = [];
  const refuse = (key: string, message: string, instead?: string): void => {
    remarks.push({ ...contradiction(key === '' ? path : [...path, key], message, instead), atKey: true });
  };
  if (knownPlatforms.some((known) => known.name === name)) {
    refuse('', `\`${name}\` is a platform that is known`, `${name} in \`cmp\`, or another name`);
  }
  const given = CHOICES.filter((key) => banner[key] !== undefined);
  if (given.length === 0) refuse('', 'it says nothing of a choice', 'one of `value`, `flags`, `list`, `services`');
  if (given.filter((key) => key !== 'services').length > 1) {
    refuse(given[1] ?? '', `\`${given[0]}\` says already where the choice is`, `one of ${given.join(', ')}`);
  }
  if (Object.keys(banner.flags ?? { any: [] }).length === 0)
    refuse('flags', 'there is no flag in it', 'flags: { <key>: [analytics_storage] }');
  if (Object.keys(banner.list?.names ?? { any: [] }).length === 0)
    refuse('list', 'there is no name in it', 'list: { names: { <name>: [analytics_storage] } }');
  return [...remarks, ...lintForm(banner, path), ...lintStates(banner, path), ...lintNames(banner, path)];
}

/** Keys that have no effect in the described form. */
function lintForm(banner: CustomBannerConfig, path: ConfigPath): Remark[] {
  const steps = encodingsOf(banner);
  const json = steps.includes('json');
  const remarks: Remark[] = [];
  const idle = (key: string, message: string): void => {
    remarks.push({ ...contradiction([...path, key], message), atKey: true });
  };
  if (steps.length === 2 && (steps[1] !== 'json' || steps[0] === 'json')) {
    remarks.push(contradiction([...path, 'encoding'], 'of two encodings the second must be `json`', '[base64, json]'));
  }
  if (json && banner.value !== undefined) idle('value', 'a choice that is the whole cookie is no JSON');
  if (!json && banner.services !== undefined) idle('services', 'services are read from JSON only');
  if (!json && banner.list?.at !== undefined)
    idle('list', '`at` is a place in JSON: here the whole cookie is the list');
  if (!json && banner.time !== undefined && banner.flags === undefined)
    idle('time', 'there are no entries to find it in');
  if (banner.between !== undefined && (json || banner.value !== undefined))
    idle('between', 'nothing is taken apart by it');
  if (banner.within !== undefined && (json || banner.flags === undefined)) idle('within', 'there are no entries');
  if (banner.absent === 'refused' && banner.flags === undefined)
    idle('absent', 'there are no flags that could be absent');
  return remarks;
}

/** Words for yes and no that can be confused. */
function lintStates(banner: CustomBannerConfig, path: ConfigPath): Remark[] {
  const { granted = [true], refused = [false] } = banner;
  const listed = banner.list !== undefined && banner.services === undefined;
  const remarks: Remark[] = [];
  for (const key of ['granted', 'refused'] as const) {
    if (listed && banner[key] !== undefined) {
      remarks.push({
        ...contradiction([...path, key], 'names in a list were accepted: a list has no flags'),
        atKey: true,
      });
    }
  }
  granted.forEach((word, i) => {
    const at = [...path, 'granted', ...(banner.granted === undefined ? [] : [i])];
    if (word === '') {
      remarks.push(contradiction(at, 'a removed cookie leaves an empty text, so an empty text is no consent'));
    } else if (refused.some((no) => String(no) === String(word))) {
      remarks.push(contradiction(at, 'the same word means refused'));
    } else if (refused.some((no) => String(no).startsWith(String(word)))) {
      const message = 'a word for refused begins with this word: cut off, a refusal would be read as consent';
      remarks.push(contradiction(at, message, 'the words the banner writes; with this one it cannot be read safely'));
    }
  });
  return remarks;
}

/** Names of a list that could be a longer name cut off. */
function lintNames({ list }: CustomBannerConfig, path: ConfigPath): Remark[] {
  const names = Object.keys(list?.names ?? {});
  return names.flatMap((name) => {
    const longer = names.find((other) => other !== name && other.startsWith(name));
    if (longer === undefined) return [];
    const message = `a list that is cut off in \`${longer}\` would grant \`${name}\``;
    return [{ ...suspicious([...path, 'list', 'names', name], message), atKey: true }];
  });
}
