import { compileGateway } from '../../config/compile/index.ts';
import { showFinding } from '../../config/lint/finding.ts';
import { loadConfig } from '../../config/load.ts';
import type { Sealing } from '../../core/sealer.ts';
import type { Gateway } from '../../policy/gateway.ts';
import { webSealing } from './sealing.ts';
import type { SecretValue } from './web-secrets.ts';

/** A configuration that cannot be used: every finding with its line and column, and what to write instead. */
export class UnusableConfig extends Error {
  override readonly name = 'UnusableConfig';
}

export interface MakeOptions {
  /** The name of the text in messages. */
  readonly file: string;
  /** Values of the gateway's own secrets: ingest keys and signing keys. */
  readonly secret: SecretValue;
  /** 32 random bytes, made once and kept: pseudonyms, cookie signatures and subject keys are derived from it. */
  readonly rootKey: Uint8Array;
  /** What seals user data that goes out in the clear, while it waits; left out = ChaCha20-Poly1305. */
  readonly sealing?: Sealing;
}

const KEY_BYTES = 32;

/** Reads and compiles a configuration. @throws UnusableConfig, UnusableSecret */
export function makeGateway(text: string, { file, secret, rootKey, sealing = webSealing }: MakeOptions): Gateway {
  const loaded = loadConfig(text, file);
  if (!('config' in loaded)) {
    const errors = loaded.findings.filter(({ kind }) => kind === 'error');
    throw new UnusableConfig(errors.map(showFinding).join('\n'));
  }
  const { delivery, server } = loaded.config;
  if (delivery.outbox !== 'sqlite' || server.root_key !== undefined) {
    const key = delivery.outbox === 'sqlite' ? 'server.root_key' : 'delivery.outbox';
    throw new UnusableConfig(`${file}: \`${key}\` has no effect here, because the program provides it: leave it out`);
  }
  if (rootKey.length !== KEY_BYTES)
    throw new UnusableConfig(`the root key has ${rootKey.length} bytes, not ${KEY_BYTES}`);
  return compileGateway(loaded.config, {
    value: (ref) => secret(ref)?.trim() ?? '',
    rootKey,
    sealing,
  });
}
