import type { Sealing } from '../../core/sealer.ts';
import { showSecretRef, type SecretRef } from '../../core/secret.ts';
import { KEY_KINDS } from '../../protocols/admission.ts';
import type { Config } from '../schema.ts';

/**
 * What compiling needs beside the text of the configuration: the values of secrets that the gateway itself uses, and
 * its root key.
 */
export interface ResolvedSecrets {
  /** The value of an ingest key or a signing key. */
  readonly value: (ref: SecretRef) => string;
  /** At least 32 random bytes, made once and kept. Every key of every site is derived from it. */
  readonly rootKey: Uint8Array;
  /** Undefined = the runtime cannot seal, or stores nothing. */
  readonly sealing?: Sealing;
}

/** A secret that the configuration names, and its place. */
export interface NamedSecret {
  readonly ref: SecretRef;
  /** e.g. `shop.example.no/meta access_token`. */
  readonly use: string;
}

/**
 * Every secret of a configuration by name, each reference once. All of them must have a value before the gateway
 * starts.
 */
export function secretsOf(config: Config): NamedSecret[] {
  const found = new Map<string, NamedSecret>();
  const add = (ref: SecretRef, use: string) => {
    const name = showSecretRef(ref);
    if (!found.has(name)) found.set(name, { ref, use });
  };
  const { server, delivery } = config;
  if (server.root_key !== undefined) add(server.root_key, 'server.root_key');
  if (delivery.outbox !== 'sqlite' && delivery.outbox.credentials !== undefined)
    add(delivery.outbox.credentials, 'delivery.outbox.credentials');
  for (const site of config.sites) {
    for (const kind of KEY_KINDS) for (const ref of site[kind]) add(ref, `${site.hosts[0]} ${kind}`);
    for (const ref of site.cookies.keys) add(ref, `${site.hosts[0]} cookies.keys`);
    for (const [name, route] of site.destinations) {
      for (const [key, ref] of refsIn(route.settings)) add(ref, `${site.hosts[0]}/${name} ${key}`);
    }
  }
  return [...found.values()];
}

/** Secret references in parsed settings, each with its key. */
export function refsIn(settings: unknown): [string, SecretRef][] {
  if (typeof settings !== 'object' || settings === null) return [];
  return Object.entries(settings).flatMap(([key, value]: [string, unknown]) =>
    isSecretRef(value) ? [[key, value] satisfies [string, SecretRef]] : refsIn(value),
  );
}

/** Whether a value is a reference to a secret, as a schema makes it. */
export function isSecretRef(value: unknown): value is SecretRef {
  if (typeof value !== 'object' || value === null) return false;
  const [first, second] = Object.entries(value);
  return second === undefined && (first?.[0] === 'env' || first?.[0] === 'file') && typeof first[1] === 'string';
}

/** Stand-in values, so that a configuration can be explained and tested on a machine without its secrets. */
export const NO_SECRETS: ResolvedSecrets = {
  value: (ref) => `stand-in-for-the-secret-${showSecretRef(ref)}`,
  rootKey: new Uint8Array(32),
};
