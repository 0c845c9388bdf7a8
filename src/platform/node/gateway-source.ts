import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { compileGateway, UnusableSecret } from '../../config/compile.ts';
import { showFinding, type Finding } from '../../config/finding.ts';
import { loadConfig } from '../../config/load.ts';
import { secretsOf } from '../../config/secrets.ts';
import type { SecretRef } from '../../core/secret.ts';
import type { Gateway } from '../../policy/gateway.ts';
import { missingSecrets } from './secrets.ts';

/** Everything a gateway is made of: plain data, so that the delivery thread makes the same one. */
export interface GatewayInput {
  readonly text: string;
  readonly file: string;
  /** Everything goes to a sink: missing secrets are stood in for. */
  readonly sink: boolean;
  readonly rootKey: Uint8Array;
}

/** The configuration cannot be used; the message is for the person who wrote it. */
export class Unusable extends Error {
  override readonly name = 'Unusable';
}

/** Makes a gateway, or says why not. @throws Unusable */
export default function gatewayFrom(input: GatewayInput, note: (finding: Finding) => void = () => {}): Gateway {
  const loaded = loadConfig(input.text, input.file);
  if (!('config' in loaded)) {
    throw new Unusable(
      loaded.findings
        .filter(({ kind }) => kind === 'error')
        .map(showFinding)
        .join('\n'),
    );
  }
  loaded.notes.forEach(note);
  const missing = input.sink ? [] : missingSecrets(secretsOf(loaded.config).map(({ ref }) => ref));
  if (missing.length > 0) {
    throw new Unusable(
      `${input.file}: no value for ${missing.join(', ')}\nSet the variables or make the files, or try it with --sink.`,
    );
  }
  try {
    return compileGateway(loaded.config, {
      value: (ref) => valueOf(ref) ?? UNGUESSABLE,
      rootKey: input.rootKey,
    });
  } catch (error) {
    if (error instanceof UnusableSecret) throw new Unusable(`${input.file}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** A key nobody has: with a sink, what hangs on a missing secret stays shut rather than open. */
const UNGUESSABLE = randomBytes(32).toString('hex');

function valueOf(ref: SecretRef): string | undefined {
  try {
    const value = ('env' in ref ? process.env[ref.env] : readFileSync(ref.file, 'utf8'))?.trim();
    return value === '' ? undefined : value;
  } catch {
    return undefined;
  }
}
