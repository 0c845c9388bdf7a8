import { showSecretRef, type ClientToken } from '../../core/secret.ts';
import { keepTokens, type KeptToken, type TokenOptions, type Tokens } from './kept-tokens.ts';
import { tokenFrom } from './token-answer.ts';

/** Access tokens for a client id and a client secret, at the host that the configuration names (RFC 6749 4.4). */
export function clientTokens({ sink, send, now, credentials }: TokenOptions): Tokens<ClientToken> {
  const exchange = async (token: ClientToken): Promise<KeptToken> => {
    const { host, path, clientId, method, scope } = token;
    const secret = await credentials(token);
    const at = now();
    const form = new URLSearchParams({ grant_type: 'client_credentials', ...(scope !== undefined && { scope }) });
    const headers: Record<string, string> = {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    };
    if (method === 'client_secret_basic')
      headers['authorization'] = `Basic ${btoa(`${formEncoded(clientId)}:${formEncoded(secret)}`)}`;
    else {
      form.set('client_id', clientId);
      form.set('client_secret', secret);
    }
    const reply = await send({ method: 'POST', url: `https://${host}${path}`, headers, body: form.toString() }, [host]);
    return tokenFrom(reply, { name: showSecretRef(token.credentials), at, sink });
  };
  return keepTokens(exchange, now);
}

/** Both are encoded before they are put together (RFC 6749 2.3.1), so that a `:` in one cannot end it. */
function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
