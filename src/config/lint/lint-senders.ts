import { showSecretRef } from '../../core/secret.ts';
import { contradiction, suspicious, type ConfigPath, type Remark } from './finding.ts';
import type { SiteConfig } from '../schema.ts';

/** What is wrong or doubtful about who may send to a site, and on whose word. */
export function lintSenders(site: SiteConfig, path: ConfigPath): Remark[] {
  const { origins, ingest_keys, mp_secrets } = site;
  const remarks = [...lintAssertions(site, [...path, 'mp', 'consent']), ...lintSharedKeys(site, path)];
  if (origins.length + ingest_keys.length + mp_secrets.length > 0) return remarks;
  const message = 'no page (`origins`) and no back end (`ingest_keys`, `mp_secrets`) may send events to this site';
  return [...remarks, suspicious([...path, 'hosts'], message)];
}

/** A sender's word in the place of the record itself. */
function lintAssertions({ mp, mp_secrets }: SiteConfig, path: ConfigPath): Remark[] {
  if (mp.consent !== 'asserted') return [];
  if (mp_secrets.length === 0) {
    const message = 'nobody may send by the Measurement Protocol, because there are no `mp_secrets`';
    return [contradiction(path, message, '`mp_secrets` beside it, or `consent: cookies`')];
  }
  const message =
    'the gateway sees no record of such a choice: whoever asserts it has to be able to show it (GDPR Art. 7(1))';
  return [{ kind: 'note', code: 'legal', path, message }];
}

/** A key that stands in addresses opens nothing else. */
function lintSharedKeys({ ingest_keys, mp_secrets }: SiteConfig, path: ConfigPath): Remark[] {
  const bearers = new Set(ingest_keys.map(showSecretRef));
  return mp_secrets.flatMap((ref, i) =>
    bearers.has(showSecretRef(ref))
      ? [
          suspicious(
            [...path, 'mp_secrets', i],
            'this is one of the `ingest_keys`, too: in an address more people see it',
          ),
        ]
      : [],
  );
}
