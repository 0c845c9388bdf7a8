import { type CustomBanner, customPlatform } from '../../consent/custom.ts';
import type { Platform } from '../../consent/platform.ts';
import type { Category, SignalMask } from '../../core/signals.ts';
import type { CustomBannerConfig } from '../custom-schema.ts';
import { signalsIn, type SignalList } from './signal-list.ts';

type Categories = Readonly<Record<Category, SignalMask>>;

/** The banners that a site describes itself, as platforms. */
export function compileCustom(
  custom: Readonly<Record<string, CustomBannerConfig>>,
  categories: Categories,
): readonly Platform[] {
  return Object.entries(custom).map(([name, banner]) => customPlatform(bannerOf(name, banner, categories)));
}

/** The steps of an encoding, as written. */
export function encodingsOf({ encoding }: CustomBannerConfig): readonly string[] {
  return typeof encoding === 'string' ? [encoding] : encoding;
}

function bannerOf(name: string, banner: CustomBannerConfig, categories: Categories): CustomBanner {
  const steps = encodingsOf(banner);
  const json = steps.includes('json');
  const { value, flags, list, services, time } = banner;
  const signals = (named: Readonly<Record<string, SignalList>>): ReadonlyMap<string, SignalMask> =>
    new Map(Object.entries(named).map(([key, one]) => [key, signalsIn(one, categories)]));
  // Without JSON every value is a text, whatever type YAML gave the word.
  const states = (words: CustomBannerConfig['granted'], usual: boolean) =>
    (words ?? [usual]).map((word) => (json ? word : String(word)));
  return {
    name,
    cookie: banner.cookie,
    encoding: steps.includes('base64') ? 'base64' : steps.includes('uri') ? 'uri' : 'plain',
    json,
    between: banner.between ?? ',',
    within: banner.within ?? ':',
    granted: states(banner.granted, true),
    refused: states(banner.refused, false),
    absentIsRefused: banner.absent === 'refused',
    value: value === undefined ? undefined : signalsIn(value, categories),
    flags: flags && Array.from(signals(flags), ([key, mask]) => [json ? key.split('.') : [key], mask] as const),
    list: list && { at: list.at ?? [], names: signals(list.names) },
    services: services && { at: services.at ?? [], signals: signals(services.signals) },
    time: time && { at: json ? time.at : [time.at.join('.')], unit: time.unit },
  };
}
