import { knownPlatforms } from '../../consent/platforms/index.ts';
import { sharedBy } from '../compile/compile-consent.ts';
import { regimeOf } from '../countries.ts';
import { contradiction, suspicious, type ConfigPath, type Remark } from './finding.ts';
import { nearest } from '../../core/nearest.ts';
import { lintCustom } from './lint-custom.ts';
import { lintServices } from './lint-services.ts';
import type { SiteConfig } from '../schema.ts';
import { isCategory } from '../compile/signal-list.ts';

type Mapping = SiteConfig['consent']['mapping'];

const NAMES = knownPlatforms.map(({ name }) => name);
/** Platforms without purposes of their own. */
const FIXED = knownPlatforms.filter(({ fixed }) => fixed).map(({ name }) => name);

/** What is wrong or doubtful about the consent section of a site. */
export function lintConsent(site: SiteConfig, path: ConfigPath): Remark[] {
  const { cmp, mapping } = site.consent;
  const read = cmp === 'auto' ? NAMES : cmp;
  return [
    ...lintSilence(site, [...path, 'without_choice']),
    ...lintPersonalisation(site, [...path, 'honour']),
    ...lintMapping(mapping, read, [...path, 'mapping']),
    ...lintCustom(site, path),
    ...lintServices(site, path),
    ...(cmp === 'auto' ? [] : lintPlatforms(cmp, mapping, [...path, 'cmp'])),
    ...(cmp !== 'auto' &&
    cmp.length > 0 &&
    Object.keys(site.consent.custom).length === 0 &&
    cmp.every((name) => name === 'tcf')
      ? lintTcfAlone(site, [...path, 'cmp'])
      : []),
  ];
}

/** `without_choice: granted` where the law asks first. */
function lintSilence({ consent, country, purposes }: SiteConfig, path: ConfigPath): Remark[] {
  if (consent.without_choice !== 'granted') return [];
  if (regimeOf(country) === 'opt-in') {
    return [contradiction(path, `silence is not consent in ${country}: \`denied\` is the only value there`, 'denied')];
  }
  if (Object.values(purposes).every(({ basis }) => basis === 'consent')) return [];
  return [
    suspicious(path, '`legitimate_interest` already allows this until the visitor objects; one of the two is enough'),
  ];
}

/** A tag may remove personalisation on every hit, by a setting in the tag that is easily forgotten. */
function lintPersonalisation({ consent, destinations }: SiteConfig, path: ConfigPath): Remark[] {
  if (!consent.honour.includes('consent-mode')) return [];
  const closed = [...destinations].filter(([, { destination, settings }]) =>
    destination.bind(settings).needs.includes('ad_personalization'),
  );
  if (closed.length === 0) return [];
  const names = closed.map(([name]) => `\`${name}\``).join(', ');
  return [
    {
      kind: 'note',
      code: 'vendor',
      path,
      message: `hits with \`npa=1\` are not personalised, so they are never sent to ${names}: a tag with \`allow_ad_personalization_signals: false\` sends it with every hit`,
    },
  ];
}

/** Mappings of platforms that are unknown or not read. */
function lintMapping(mapping: Mapping, read: readonly string[], path: ConfigPath): Remark[] {
  const shared = sharedBy(read);
  const remarks: Remark[] = [];
  for (const [word, value] of Object.entries(mapping)) {
    const refuse = (message: string, instead?: string) => {
      remarks.push({ ...contradiction([...path, word], message, instead), atKey: true });
    };
    if (isSection(value)) {
      if (!NAMES.includes(word)) {
        refuse(`\`${word.slice(0, 64)}\` is not a platform; known: ${NAMES.join(', ')}`, nearest(word, NAMES));
      } else if (!read.includes(word)) {
        refuse(`\`${word}\` is not read on this site, so its mapping does nothing`, `${word} in \`cmp\``);
      } else if (value.purposes !== undefined && FIXED.includes(word)) {
        const instead = 'what `preferences`, `statistics` and `marketing` stand for, under `mapping` itself';
        remarks.push({
          ...suspicious(
            [...path, word],
            `\`${word}\` has no purposes that could be mapped, so this mapping has no effect`,
            instead,
          ),
          atKey: true,
        });
      }
    } else if (!isCategory(word) && shared.length === 0) {
      refuse(
        'it is not clear which platform in `cmp` this purpose belongs to',
        'the same under the name of the platform',
      );
    }
  }
  return remarks;
}

/** Platforms that grant nothing without a mapping and have none. */
function lintPlatforms(cmp: readonly string[], mapping: Mapping, path: ConfigPath): Remark[] {
  const shared = Object.entries(mapping).some(([word, value]) => !isSection(value) && !isCategory(word));
  return cmp.flatMap((name, i) => {
    const platform = knownPlatforms.find((known) => known.name === name);
    const own = mapping[name];
    const mapped = shared || (own !== undefined && isSection(own) && own.purposes !== undefined);
    if (platform?.needsMapping !== true || mapped) return [];
    return [
      contradiction(
        [...path, i],
        `the site defines the purposes of ${platform.title}: without a mapping it grants nothing`,
        `mapping: { ${name}: { purposes: { <purpose>: [analytics_storage] } } }`,
      ),
    ];
  });
}

/** Destinations that a TCF string alone never opens. */
function lintTcfAlone({ consent, destinations }: SiteConfig, path: ConfigPath): Remark[] {
  const section = consent.mapping['tcf'];
  if (section !== undefined && isSection(section) && section.purposes?.['vendorless'] !== undefined) return [];
  return [...destinations]
    .filter(([, { destination }]) => destination.tcfVendor === undefined)
    .map(([name, { destination }]) =>
      suspicious(
        path,
        `${destination.title} (\`${name}\`) is not on the vendor list of TCF, so a TCF string alone never opens it`,
        'mapping: { tcf: { purposes: { vendorless: [marketing] } } }, if the banner asks for it by name',
      ),
    );
}

function isSection(value: Mapping[string]): value is Exclude<Mapping[string], string | readonly string[]> {
  return typeof value === 'object' && !Array.isArray(value);
}
