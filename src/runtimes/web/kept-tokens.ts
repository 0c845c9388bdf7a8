import type { AccessToken } from '../../core/secret.ts';
import type { Send } from '../../delivery/lane/ports.ts';

/** What a kind of token is got with. */
export interface TokenOptions {
  /** Everything goes to a sink. */
  readonly sink: boolean;
  readonly send: Send;
  readonly now: () => number;
  /** The value of a token's credentials. Rejects with `SecretProblem` where there is none. */
  readonly credentials: (token: AccessToken) => Promise<string>;
}

/** Access tokens: one exchange at a time for each, kept until shortly before the end. */
export interface Tokens<T extends AccessToken> {
  /** Rejects with `SecretProblem` when the credentials are refused or unusable, with another error for the network. */
  value(token: T): Promise<string>;
  forget(token: T): void;
  clear(): void;
}

export interface KeptToken {
  readonly value: string;
  /** Unix milliseconds. */
  readonly renewAt: number;
}

/** Keeps what an exchange brings, for as long as it says. */
export function keepTokens<T extends AccessToken>(
  exchange: (token: T) => Promise<KeptToken>,
  now: () => number,
): Tokens<T> {
  const kept = new Map<string, Promise<KeptToken>>();

  const start = (token: T, key: string): Promise<KeptToken> => {
    const started = exchange(token);
    kept.set(key, started);
    started.catch(() => {
      if (kept.get(key) === started) kept.delete(key);
    });
    return started;
  };

  return {
    async value(token) {
      const key = keyOf(token);
      const current = kept.get(key) ?? start(token, key);
      const { value, renewAt } = await current;
      if (now() < renewAt) return value;
      // The first caller starts a new exchange; the others wait for it.
      const newer = kept.get(key);
      return (await (newer === undefined || newer === current ? start(token, key) : newer)).value;
    },
    forget: (token) => void kept.delete(keyOf(token)),
    clear: () => kept.clear(),
  };
}

/** Names of secrets and places, no value. One destination writes the parts in one order. */
function keyOf(token: AccessToken): string {
  return JSON.stringify(token);
}
