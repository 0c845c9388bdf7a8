import { parseSecretRef } from '../../core/secret.ts';
import type { Config } from '../schema.ts';
import type { ConfigPath, Remark } from './finding.ts';

/** The most that an object's SQLite can hold, bytes: 10 GB by Cloudflare's documentation. */
const MOST_BYTES = 10e9;

/**
 * Parts of a configuration that Cloudflare Workers cannot do, and parts that are weaker there.
 * @param value the configuration as it is in the file
 */
export function lintWorkers(config: Config, value: unknown): Remark[] {
  const remarks: Remark[] = fileSecrets(value, []);
  const refuse = (path: ConfigPath, message: string, instead?: string): void => {
    remarks.push({ kind: 'error', code: 'value', path, message, ...(instead !== undefined && { instead }) });
  };
  const note = (path: ConfigPath, message: string): void => {
    remarks.push({ kind: 'note', code: 'value', path, message });
  };
  for (const [i, { privacy }] of config.sites.entries()) {
    if (privacy.replaced_ids === undefined) continue;
    const why = 'on Workers there is no place yet where a key lives for one window and is then gone';
    refuse(
      ['sites', i, 'privacy', 'replaced_ids'],
      `\`replaced_ids\` cannot be used here: ${why}`,
      'no such key, or run it on Node',
    );
  }
  if (config.delivery.outbox !== 'sqlite')
    refuse(['delivery', 'outbox'], 'on Workers events wait in a Durable Object, and nowhere else', 'no such key');
  if (config.server.root_key !== undefined)
    refuse(['server', 'root_key'], 'on Workers the key is the secret that `portvakt build` makes', 'no such key');
  if (config.delivery.max_size > MOST_BYTES)
    refuse(['delivery', 'max_size'], 'the outbox of a site can take 10 GB on Workers', '10GB or less');
  if (config.server.trusted_proxies.length > 0)
    note(['server', 'trusted_proxies'], 'means nothing on Workers: the platform says who the visitor is');
  if (config.limits.per_client !== 'off')
    note(
      ['limits', 'per_client'],
      'is counted by each instance of the worker by itself: a client may send more than that',
    );
  if (config.delivery.decisions !== 'off')
    note(['delivery', 'decisions'], 'there is no decision log on Workers yet: nothing is recorded');
  return remarks;
}

/** Workers have no files. An alias may contain itself. */
function fileSecrets(value: unknown, path: ConfigPath, around: readonly unknown[] = []): Remark[] {
  if (typeof value === 'object' && value !== null) {
    if (around.includes(value)) return [];
    const isList = Array.isArray(value);
    return Object.entries(value).flatMap(([key, inner]) =>
      fileSecrets(inner, [...path, isList ? Number(key) : key], [...around, value]),
    );
  }
  const ref = typeof value === 'string' ? parseSecretRef(value) : undefined;
  if (ref === undefined || 'env' in ref) return [];
  const message = `Workers have no files: ${String(value)} cannot be read there`;
  return [{ kind: 'error', code: 'secret', path, message, instead: '${NAME_OF_A_SECRET}' }];
}
