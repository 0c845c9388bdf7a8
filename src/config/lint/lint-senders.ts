import { showSecretRef } from '../../core/secret.ts';
import { contradiction, suspicious, type ConfigPath, type Remark } from './finding.ts';
import type { SiteConfig } from '../schema.ts';

/** What is wrong or doubtful about who may send to a site, and whose statements count. */
export function lintSenders(site: SiteConfig, path: ConfigPath): Remark[] {
  const { origins, ingest_keys, mp_secrets } = site;
  const remarks = [
    ...lintAssertions(site, [...path, 'mp', 'consent']),
    ...lintPreferences(site, [...path, 'consent', 'segment']),
    ...lintSharedKeys(site, path),
  ];
  if (origins.length + ingest_keys.length + mp_secrets.length > 0) return remarks;
  const message = 'no page (`origins`) and no back end (`ingest_keys`, `mp_secrets`) may send events to this site';
  return [...remarks, suspicious([...path, 'hosts'], message)];
}

/** A sender's statement in place of the record itself. */
function lintAssertions({ mp, mp_secrets }: SiteConfig, path: ConfigPath): Remark[] {
  if (mp.consent !== 'asserted') return [];
  if (mp_secrets.length === 0) {
    const message = 'no sender of the Measurement Protocol is allowed, because there are no `mp_secrets`';
    return [contradiction(path, message, '`mp_secrets` beside it, or `consent: cookies`')];
  }
  const message =
    'the gateway sees no record of such a choice: whoever asserts it has to be able to show it (GDPR Art. 7(1))';
  return [{ kind: 'note', code: 'legal', path, message }];
}

/** Categories that a sender states in place of the banner's record. */
function lintPreferences({ consent, ingest_keys, origins }: SiteConfig, path: ConfigPath): Remark[] {
  const { segment, max_age } = consent;
  const take = typeof segment === 'string' ? segment : segment.take;
  if (take === 'cookies') return [];
  const at = typeof segment === 'string' ? path : [...path, 'take'];
  if (take === 'asserted' && ingest_keys.length === 0) {
    const message = 'no back end is allowed to send, because there are no `ingest_keys`';
    return [contradiction(at, message, '`ingest_keys` beside it, or `cookies`')];
  }
  if (take === 'trust' && origins.length === 0) {
    const message = 'no page is allowed to send, because there are no `origins`';
    return [contradiction(at, message, '`origins` beside it, or `asserted`')];
  }
  const message =
    take === 'trust'
      ? 'the gateway sees no record of such a choice, and anybody can write what a page says: whoever relies on it has to be able to show it (GDPR Art. 7(1))'
      : 'the gateway sees no record of such a choice: whoever asserts it has to be able to show it (GDPR Art. 7(1))';
  const remarks: Remark[] = [{ kind: 'note', code: 'legal', path: at, message }];
  if (max_age === undefined) return remarks;
  const old = '`max_age` asks how old a choice is, and these categories come without a time: they grant nothing';
  return [...remarks, suspicious(at, old)];
}

/** A key that is in addresses must open nothing else. */
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
