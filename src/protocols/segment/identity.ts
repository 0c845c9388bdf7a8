import type { RawEvent } from '../../core/fields.ts';
import { asObject } from '../../core/reply.ts';
import type { Visitor } from '../hit.ts';
import { idOf, textOf } from './people.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A cookie of this name is in a header. */
const GA = /(?:^|;)[ \t]{0,8}_ga=/;

/**
 * Who a call is about (`protocols/segment.md` 3). The client id of Google's tag is used first, so that both count one
 * visitor; without it the SDK's own id is used.
 */
export function identify(draft: RawEvent, call: Fields, context: Fields, { cookies, clientId }: Visitor): void {
  const inContext = asObject(context['Google Analytics']);
  const forGa4 = asObject(asObject(call['integrations'])?.['Google Analytics 4']);
  const google = idOf(inContext?.['clientId']) ?? idOf(forGa4?.['clientId']);
  const anonymous = idOf(call['anonymousId']);
  if (google !== undefined) draft.client_id = google;
  else if (clientId === undefined && anonymous !== undefined && !GA.test(cookies)) draft.client_id = anonymous;
  if (anonymous !== undefined && draft.client_id !== anonymous) draft.other_ids = [anonymous];
  const session = idOf(forGa4?.['sessionId']);
  if (session !== undefined) draft.session_id = session;
  const user = idOf(call['userId']);
  if (user !== undefined) draft.user_id = user;
  const id = textOf(call['messageId']);
  if (id !== undefined) draft.event_id = id;
}
