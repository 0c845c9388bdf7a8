import type { AccessToken } from '../../core/secret.ts';
import { clientTokens } from './client-token.ts';
import { googleTokens } from './google-token.ts';
import type { TokenOptions, Tokens } from './kept-tokens.ts';

type Kind = AccessToken['kind'];

/** How each kind of token is got. */
const KINDS: { readonly [K in Kind]: (options: TokenOptions) => Tokens<Extract<AccessToken, { kind: K }>> } = {
  'google-service-account': googleTokens,
  'oauth2-client': clientTokens,
};

/** Access tokens of every kind there is. */
export function tokensOfEveryKind(options: TokenOptions): Tokens<AccessToken> {
  const made = new Map<Kind, Tokens<AccessToken>>();
  const of = ({ kind }: AccessToken): Tokens<AccessToken> => {
    let tokens = made.get(kind);
    if (tokens === undefined) made.set(kind, (tokens = KINDS[kind](options)));
    return tokens;
  };
  return {
    value: (token) => of(token).value(token),
    forget: (token) => of(token).forget(token),
    clear: () => made.clear(),
  };
}
