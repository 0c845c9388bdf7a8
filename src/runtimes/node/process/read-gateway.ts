import { randomBytes } from 'node:crypto';
import { UnusableSecret } from '../../../config/compile/index.ts';
import { showFinding, type Finding } from '../../../config/lint/finding.ts';
import { loadConfig } from '../../../config/load.ts';
import type { NatsConfig } from '../../../config/outbox-schema.ts';
import { policyOf, policyText } from '../../../config/compile/policy.ts';
import type { Config } from '../../../config/schema.ts';
import { toPortable } from '../../../config/pages/portable.ts';
import { secretsOf } from '../../../config/compile/secrets.ts';
import { KEY_KINDS, type KeyKind } from '../../../protocols/admission.ts';
import { showSecretRef } from '../../../core/secret.ts';
import type { Gateway } from '../../../policy/gateway.ts';
import gatewayFrom, { secretValue, type GatewayInput } from './gateway-source.ts';
import { missingSecrets } from './secrets.ts';
import { Unusable } from './unusable.ts';

/** A configuration as a person wrote it, with what is needed beside it. */
export interface WrittenGateway {
  readonly text: string;
  /** Names the text in messages about it. */
  readonly file: string;
  /** Everything goes to a sink: missing secrets get stand-ins. */
  readonly sink: boolean;
  /** Brokers in place of `delivery.outbox`. */
  readonly brokers?: NatsConfig | undefined;
  /** The key where the configuration names none. */
  readonly rootKey: () => Uint8Array;
}

/** A gateway, and the source from which another thread makes the same one. */
export interface ReadGateway {
  readonly gateway: Gateway;
  readonly input: GatewayInput;
  /** Its policy as text, without secrets. */
  readonly policy: string;
}

/** Reads and makes a gateway, or says why this is impossible.\n@throws Unusable */
export function readGateway(written: WrittenGateway, note: (finding: Finding) => void = () => {}): ReadGateway {
  const { text, file, sink } = written;
  const loaded = loadConfig(text, file);
  if (!('config' in loaded)) {
    throw new Unusable(
      loaded.findings
        .filter(({ kind }) => kind === 'error')
        .map(showFinding)
        .join('\n'),
    );
  }
  loaded.notes.forEach(note);
  const missing = sink ? [] : missingSecrets(secretsOf(loaded.config).map(({ ref }) => ref));
  if (missing.length > 0) {
    throw new Unusable(
      `${file}: no value for ${missing.join(', ')}\nSet the variables or make the files, or try it with --sink.`,
    );
  }
  const weak = weakKeys(loaded.config);
  if (weak.length > 0) throw new Unusable(weak.map((problem) => `${file}: ${problem}`).join('\n'));
  const input = { config: withBrokers(toPortable(loaded.config), written), rootKey: keyOf(loaded.config, written) };
  try {
    const gateway = gatewayFrom(input);
    return { gateway, input, policy: policyText(policyOf(loaded.config, gateway.sites)) };
  } catch (error) {
    if (error instanceof UnusableSecret) throw new Unusable(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** @throws Unusable where gateways with the same brokers would have different keys */
function withBrokers(config: GatewayInput['config'], { brokers, file }: WrittenGateway): GatewayInput['config'] {
  if (brokers === undefined) return config;
  if (config.server.root_key === undefined)
    throw new Unusable(
      `${file}: gateways that share an outbox (--outbox) need the same key: write \`server: { root_key: \${PORTVAKT_ROOT_KEY} }\`, and set the variable to what \`openssl rand -hex 32\` prints, the same for every gateway`,
    );
  return { ...config, delivery: { ...config.delivery, outbox: brokers } };
}

/** The gateway's own key: from the configuration, where several machines share it, or from the data directory. */
function keyOf({ server }: Config, { file, rootKey, sink }: WrittenGateway): Uint8Array {
  if (server.root_key === undefined) return rootKey();
  const hex = secretValue(server.root_key) ?? (sink ? STAND_IN : '');
  if (/^[0-9a-f]{64}$/i.test(hex)) return new Uint8Array(Buffer.from(hex, 'hex'));
  throw new Unusable(
    `${file}: ${showSecretRef(server.root_key)} of server.root_key is not 64 hex digits: make one with \`openssl rand -hex 32\`, the same on every machine`,
  );
}

/** With a sink and without a key: a random key. */
const STAND_IN = randomBytes(32).toString('hex');

/** The least characters of a key of a back end, so that nobody finds it by trying. */
const MIN_KEY: Readonly<Record<KeyKind, number>> = { ingest_keys: 32, mp_secrets: 16 };

/** Keys that somebody could find by trying. */
function weakKeys({ sites }: Config): string[] {
  return sites.flatMap((site) =>
    KEY_KINDS.flatMap((kind) =>
      site[kind].flatMap((ref) => {
        const least = MIN_KEY[kind];
        const length = secretValue(ref)?.length ?? least;
        if (length >= least) return [];
        return `${showSecretRef(ref)} of ${site.hosts[0]} has ${length} characters, ${SAID[kind]} needs ${least}: make one with \`openssl rand -hex 32\``;
      }),
    ),
  );
}

const SAID: Readonly<Record<KeyKind, string>> = { ingest_keys: 'an ingest key', mp_secrets: 'an mp_secret' };
