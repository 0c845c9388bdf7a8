import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { compileGateway } from '../../../config/compile/index.ts';
import { fromPortable, type PortableConfig } from '../../../config/pages/portable.ts';
import type { SecretRef } from '../../../core/secret.ts';
import { aesSealing } from './sealing.ts';
import type { Gateway } from '../../../policy/gateway.ts';

/** The source of a gateway: plain data, so that the delivery thread makes the same gateway. */
export interface GatewayInput {
  /** It has been checked: no thread reads the file a second time. */
  readonly config: PortableConfig;
  readonly rootKey: Uint8Array;
}

/** Makes a gateway. @throws UnusableSecret */
export default function gatewayFrom({ config, rootKey }: GatewayInput): Gateway {
  return compileGateway(fromPortable(config), {
    value: (ref) => secretValue(ref) ?? UNGUESSABLE,
    rootKey,
    sealing: aesSealing,
  });
}

/** A random key that is given to no sender. With a sink, everything that a missing secret protects stays closed. */
const UNGUESSABLE = randomBytes(32).toString('hex');

/** The value of a secret of the gateway's own, trimmed; undefined where it is missing or empty. */
export function secretValue(ref: SecretRef): string | undefined {
  try {
    const value = ('env' in ref ? process.env[ref.env] : readFileSync(ref.file, 'utf8'))?.trim();
    return value === '' ? undefined : value;
  } catch {
    return undefined;
  }
}
