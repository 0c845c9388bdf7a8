import * as z from 'zod';

/** Prefixes reserved by Google (`destinations/ga4.md` 2.4); `_` and `gtag.` are not allowed in a name anyway. */
export const RESERVED_PREFIX = /^(?:firebase_|ga_|google_)/;

/** Events that the tag or the app SDK makes itself (`destinations/ga4.md` 2.4). */
const RESERVED_EVENTS: ReadonlySet<string> = new Set([
  'ad_activeview',
  'ad_click',
  'ad_exposure',
  'ad_impression',
  'ad_query',
  'adunit_exposure',
  'app_clear_data',
  'app_exception',
  'app_install',
  'app_remove',
  'app_update',
  'error',
  'first_open',
  'first_visit',
  'in_app_purchase',
  'os_update',
  'screen_view',
  'session_start',
  'session_start_with_rollout',
  'user_engagement',
]);

/** Names reserved by Google Analytics: a sender's event cannot have one. */
export function isReservedEvent(name: string): boolean {
  return RESERVED_EVENTS.has(name) || name.startsWith('notification_') || RESERVED_PREFIX.test(name);
}

/** A name of an event or of a parameter (`destinations/ga4.md` 2.4). */
export const NAME = /^[A-Za-z][A-Za-z0-9_]{0,39}$/;

/** A name that may be a key of an object that came from outside (R73), and may be repeated to its sender. */
export function isName(key: string): boolean {
  return NAME.test(key) && key !== 'constructor' && key !== 'prototype';
}

export const eventName = z
  .string({ error: 'expected the name of the event' })
  .regex(NAME, {
    error: 'expected a name that starts with a letter and has at most 40 letters, digits and `_`',
  })
  .refine((name) => !isReservedEvent(name), { error: 'this name is reserved by Google Analytics' });
