import * as z from 'zod';
import { host } from '../../src/core/host-setting.ts';
import { bearer, type SecretText } from '../../src/core/secret.ts';
import { secret } from '../../src/core/secret-schema.ts';

const oauth2 = z.strictObject({
  host: host().describe('The host of the token endpoint, without `https://`.'),
  path: z
    .string()
    .max(500)
    .regex(/^\/[\w~.!'()*+,;=:@%/?&-]*$/, 'expected a path that begins with `/`, e.g. `/services/oauth2/token`')
    .describe('The path of the token endpoint, from the first `/`.'),
  client_id: z
    .string()
    .regex(/^(?!.*\$\{)[\x20-\x7e]{1,500}$/, 'expected the client id as it is: it is no secret')
    .describe('The client id, as plain text.'),
  client_secret: secret().describe('The client secret that belongs to the client id.'),
  method: z
    .enum(['client_secret_basic', 'client_secret_post'])
    .default('client_secret_basic')
    .describe('How id and secret are sent: in the header `Authorization`, or in the body.'),
  scope: z
    .string()
    // RFC 6749 3.3.
    .regex(/^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/, 'expected scopes with one blank between them')
    .optional()
    .describe('The scopes of the token, as the receiver names them.'),
});

export const auth = z.strictObject({ oauth2 }).optional();

export type Auth = z.output<typeof auth>;

/** The hosts that are asked for something before an event is sent. */
export function hostsOf(given: Auth): readonly string[] {
  return given === undefined ? [] : [given.oauth2.host];
}

/** What stands in `Authorization`; the token is got at the attempt. */
export function authorization({ oauth2: at }: NonNullable<Auth>): SecretText {
  return bearer({
    kind: 'oauth2-client',
    host: at.host,
    path: at.path,
    clientId: at.client_id,
    credentials: at.client_secret,
    method: at.method,
    scope: at.scope,
  });
}
