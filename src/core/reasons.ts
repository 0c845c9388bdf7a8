import type { Entry } from './reason-entry.ts';
import { REFUSALS } from './refusal-reasons.ts';

/**
 * Every reason, and the words for it. Command line, demo, preview, log and `docs/reasons.md` take the words from here.
 * Metrics and the decision log carry the code.
 */
export const REASONS = {
  'delivered.accepted': {
    kind: 'delivered',
    params: [],
    says: 'the vendor took it',
    means: 'The vendor answered that it has the event.',
    todo: 'Nothing.',
  },

  'blocked.consent': {
    kind: 'blocked',
    params: ['missing', 'service'],
    says: 'the visitor has not allowed[ {missing}][: the service {service} was refused]',
    means:
      'The route needs consent that is not in force for this visitor, so nothing of the event went to this vendor.',
    todo: 'Nothing, if it is the visitor who refused. If nobody ever consents: `portvakt explain` shows which consent cookie arrived and how it was read. If the service belongs to another vendor, say so in `consent.services`.',
  },
  'blocked.policy_tightened': {
    kind: 'blocked',
    params: [],
    says: 'the configuration now in force allows less than this event holds',
    means: 'The event waited in the outbox while the configuration became stricter. It is not sent any more.',
    todo: 'Nothing: this is what a stricter configuration is for.',
  },
  'blocked.limited_source': {
    kind: 'blocked',
    params: ['source'],
    says: 'without consent, this vendor takes nothing that came as {source}',
    means: 'The route has `without_consent: limited`, and the form without identifiers exists for other sources only.',
    todo: 'Nothing. The destination page says which sources the limited form exists for.',
  },

  'skip.duplicate': {
    kind: 'skipped',
    params: [],
    says: 'this event was taken before',
    means: 'The same event came twice; this route has the first one.',
    todo: 'Nothing, if pages reload or a back end retries. If real events are missing, look for an event id that is used twice.',
  },
  'skip.not_mapped': {
    kind: 'skipped',
    params: ['name', 'near'],
    says: 'the event[ {name}] is not set up as a conversion of this route[; did you mean {near}?]',
    means: 'The vendor only takes events that the route maps to something of the vendor.',
    todo: 'Add the event to the mapping of the route, or nothing if the vendor does not need it.',
  },
  'skip.not_listed': {
    kind: 'skipped',
    params: ['name', 'near'],
    says: 'the event[ {name}] is not in `events` of this route[; did you mean {near}?]',
    means: 'The route lists the events it takes, and this is none of them.',
    todo: 'Add the event to `events` of the route, or nothing if the vendor does not need it.',
  },
  'skip.no_rule': {
    kind: 'skipped',
    params: ['name', 'closed'],
    says: 'no rule of the route applies to this event[ {name}][; without the consent for {closed}, some cannot be judged]',
    means:
      'The route says in `events` what must hold of an event that it takes, and it does not hold. What the consent of the visitor does not open for the route never holds.',
    todo: 'Nothing, if the event is not meant. `portvakt explain` shows the rules that apply; docs/rules.md says what a rule can look at.',
  },
  'skip.rule_gone': {
    kind: 'skipped',
    params: [],
    says: 'the rule that took it is no longer in `events` of the route',
    means:
      'The event waited in the outbox when the event name or the conditions of its rule were changed, or the rule was removed. What the rule would make of it now nobody has decided, so it is not sent any more.',
    todo: 'Nothing, if that was on purpose. What a rule calls an event (`as`, `conversion`) and gives it (`set`) can be changed while events wait.',
  },
  'skip.unknown_name': {
    kind: 'skipped',
    params: [],
    says: 'without consent, only event names of GA4 and of the configuration are told',
    means:
      'The route has `without_consent: limited`. A name that neither GA4 recommends nor the configuration names could say anything, so nothing of the event went out.',
    todo: 'If these events are to be counted without consent, name them in `events` of the route, with the others it takes.',
  },
  'skip.nothing_to_match': {
    kind: 'skipped',
    params: ['fields'],
    says: 'allowed, but there is no click id or user data to match it on[: one of {fields}]',
    means: 'The vendor could not tell whose the event is and would refuse it.',
    todo: 'Check that click ids reach the gateway (the visitor came from an ad, and the page address is in the hit), or map user data.',
  },
  'skip.lacks': {
    kind: 'skipped',
    params: ['fields'],
    says: 'the vendor refuses it without {fields}',
    means: 'The event lacks something that the vendor demands.',
    todo: 'Add the missing values to the event in the data layer or the back end.',
  },
  'skip.not_configured': {
    kind: 'skipped',
    params: ['key'],
    says: 'the route has no `{key}`, which events like this need',
    means: 'The settings of the route are enough for some events, and not for this kind.',
    todo: 'Add the setting to the route.',
  },
  'skip.no_event': {
    kind: 'skipped',
    params: [],
    says: 'it tells who somebody is or what they chose, and is no event',
    means:
      'Segment has calls beside events: `identify`, `group`, `alias`, `screen`, and the notice that a choice has changed. Consent and withdrawal were read from it, and it went nowhere.',
    todo: 'Nothing.',
  },
  'skip.left_out': {
    kind: 'skipped',
    params: [],
    says: 'its sender leaves this vendor out',
    means: 'The call names this vendor, or `All`, as `false` in its `integrations`.',
    todo: 'Nothing, if that is what the sender means. Else take the name out of `integrations` of the call.',
  },
  'skip.path': {
    kind: 'skipped',
    params: [],
    says: 'the path of the page is never forwarded',
    means: 'The page is one of `privacy.url.never_forward`.',
    todo: 'Nothing: this is what the configuration asks for.',
  },
  'skip.route_changed': {
    kind: 'skipped',
    params: [],
    says: 'the route goes to somebody else now',
    means:
      'The event waited in the outbox when the route got another `type`, or another host or account where these are settings. It was stored for the first recipient only.',
    todo: 'Nothing, if that was on purpose. Give a route to another recipient a name of its own, and keep the old one until nothing waits for it.',
  },
  'skip.route_removed': {
    kind: 'skipped',
    params: [],
    says: 'the route is no longer in the configuration',
    means: 'The event waited in the outbox when its route was removed. It is not sent any more.',
    todo: 'Nothing, if the route was removed on purpose.',
  },

  'invalid.page_address': {
    kind: 'invalid',
    params: [],
    says: 'the page address cannot be read',
    means: 'Some paths are never forwarded, and of this page nobody can say whether it is one of them.',
    todo: 'Look at what the tag sends as page address (`dl`, or `page_location`).',
  },
  'invalid.event': {
    kind: 'invalid',
    params: ['field'],
    says: 'the event cannot be read[: {field}]',
    means: 'One event of a request was not usable; the others were taken.',
    todo: 'Look at what the tag or the script sends for this field.',
  },

  'expired.too_old': {
    kind: 'expired',
    params: [],
    says: 'the event is older than this route takes',
    means: "The event came later than the vendor's limit or `delivery.max_age`.",
    todo: 'Send events sooner, or raise `delivery.max_age` if the vendor takes older ones.',
  },
  'expired.waited': {
    kind: 'expired',
    params: [],
    says: 'the event waited in the outbox until it was too old',
    means: 'The vendor could not be reached, or the route was stopped, for as long as the event could wait.',
    todo: 'Look at why the route did not deliver (`portvakt outbox`, the log).',
  },

  'failed.chain': {
    kind: 'failed',
    params: ['module', 'step'],
    says: 'a fault of the gateway while it read or filtered the event[ ({module}: {step})]',
    means: 'Nothing of the event was sent: what cannot be decided is denied.',
    todo: 'Report it with the module and the step that the log names.',
  },
  'failed.destination': {
    kind: 'failed',
    params: ['module', 'step'],
    says: 'a fault of the gateway while it wrote the event for this vendor[ ({module}: {step})]',
    means:
      'Nothing of the event was sent to this vendor. What was stored already waits in the dead letters, where these are kept.',
    todo: 'Report it with the module and the step that the log names. With a version that has it mended, `portvakt outbox retry` sends what waits.',
  },
  'failed.sealed': {
    kind: 'failed',
    params: [],
    says: 'what was sealed of the event cannot be opened',
    means:
      'The receiver gets user data in the clear, which waits sealed under a key made of `root.key`. That file is another one now, or the record was damaged. The event waits in the dead letters, where these are kept.',
    todo: 'Put the `root.key` back that was there when the event was accepted, then `portvakt outbox retry`. Without it nobody can read the event any more: `portvakt outbox purge`.',
  },
  'failed.request': {
    kind: 'failed',
    params: [],
    says: 'a fault of the gateway while it made the request',
    means: 'The event was not sent. It waits in the dead letters, where these are kept.',
    todo: 'Report it with the route that the log names. With a version that has it mended, `portvakt outbox retry` sends what waits.',
  },
  'failed.egress_check': {
    kind: 'failed',
    params: ['rule'],
    says: 'stopped by the last check before the socket[: {rule}]',
    means:
      'The request held something that this consent does not cover. Nothing was sent. This is a fault of the gateway. The event waits in the dead letters, where these are kept.',
    todo: 'Report it with the rule that the log names. Retry the event only with a version that has it mended.',
  },
  'failed.unsendable': {
    kind: 'failed',
    params: ['why'],
    says: 'the request cannot be sent[: {why}]',
    means:
      'The request breaks a rule of HTTP or goes to a host that the destination does not declare. The event waits in the dead letters, where these are kept.',
    todo: 'Check the settings and secrets of the route for characters that do not belong there, then `portvakt outbox retry`.',
  },

  'withdrawn.consent': {
    kind: 'withdrawn',
    params: [],
    says: 'the visitor took the consent back before it was sent',
    means: 'The event waited in the outbox or the dead letters and was deleted there.',
    todo: 'Nothing.',
  },

  'vendor.refused': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'the vendor refuses the event[: HTTP {status}][ {code}]',
    means: 'The vendor will never take this event as it is. It waits in the dead letters for a person.',
    todo: 'Look up the code in the documentation of the vendor; mend the event or the mapping, then `portvakt outbox retry`.',
  },
  'vendor.unnamed': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'the vendor refuses one of the events and does not say which[: HTTP {status}][ {code}]',
    means: 'The events were sent again in smaller batches until it was known which one was meant.',
    todo: 'As for `vendor.refused`.',
  },
  'vendor.poison': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'each attempt with this event breaks something at the vendor, while others pass[: HTTP {status}][ {code}]',
    means: 'The event was set aside, so that it does not hold up the others.',
    todo: 'Look at the event with `portvakt outbox show`, then retry or purge it.',
  },
  'vendor.awaiting': {
    kind: 'vendor',
    params: [],
    says: 'the vendor has taken it and says later what it made of it',
    means:
      'The event stays in the outbox until the vendor has said so, a day at most. It counts as delivered then. What its visitor takes back meanwhile is deleted.',
    todo: 'Nothing.',
  },
  'vendor.again': {
    kind: 'vendor',
    params: [],
    says: 'the vendor could not use all events of the request yet: it is sent once more, under the same order number',
    means:
      'It came too soon for the vendor, or met a fault there. Those it has already, it recognises by their order number.',
    todo: 'Nothing.',
  },
  'vendor.busy': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'the vendor asks to wait[: HTTP {status}][ {code}]',
    means: 'The events wait in the outbox and are sent again.',
    todo: 'Nothing, if it passes. If it lasts, the quota of the account is too small.',
  },
  'vendor.unavailable': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'the vendor has a fault of its own[: HTTP {status}][ {code}]',
    means: 'The events wait in the outbox and are sent again.',
    todo: 'Nothing, if it passes.',
  },
  'vendor.unreadable': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'the answer is not one of the vendor[: HTTP {status}][ {code}]',
    means: 'A proxy or a portal answered in place of the vendor, or the answer was cut. The events are sent again.',
    todo: 'If it lasts, look at what stands between the gateway and the vendor.',
  },
  'vendor.unreachable': {
    kind: 'vendor',
    params: ['error'],
    says: 'the vendor cannot be reached[: {error}]',
    means: 'The network, the name server or the vendor is down. The events wait in the outbox.',
    todo: 'Check the network of the gateway, and what a firewall lets out.',
  },
  'vendor.address_refused': {
    kind: 'vendor',
    params: [],
    says: 'the name of the host leads to an address that is not public',
    means:
      'The name server answered with an address of this machine, of a private network, or of none. Nothing was sent; the route has stopped and keeps its events.',
    todo: 'Check the host in the settings of the route, and what the name server of the gateway answers for it. The route tries again by itself.',
  },
  'vendor.credentials': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'the vendor refuses the credentials[: HTTP {status}][ {code}]',
    means: 'The route has stopped. It keeps its events until the credentials are mended.',
    todo: 'Give the route a token that is valid and has the right role, then reload.',
  },
  'vendor.settings': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'the vendor refuses the settings of the route[: HTTP {status}][ {code}]',
    means: 'The route has stopped. It keeps its events until the settings are mended.',
    todo: 'Check the ids of the route and the account at the vendor, then reload.',
  },
  'vendor.gone': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'the receiver wants no more events[: HTTP {status}][ {code}]',
    means: 'The route has stopped. It keeps its events until the configuration is read again, or they are too old.',
    todo: 'Give the route the address that holds now, or take it out, then reload.',
  },
  'vendor.version_ended': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'the version of the interface has ended[: HTTP {status}][ {code}]',
    means: 'The route has stopped. It keeps its events until `api_version` is a later one.',
    todo: 'Set `api_version` of the route to a version that the vendor still serves, then reload.',
  },
  'vendor.secret_missing': {
    kind: 'vendor',
    params: ['name'],
    says: 'secret[ {name}] is missing',
    means: 'The route has stopped. It keeps its events until the secret is there.',
    todo: 'Set the variable or the file the secret is read from, then reload.',
  },
  'vendor.secret_unusable': {
    kind: 'vendor',
    params: ['name', 'status'],
    says: 'secret[ {name}] is not what it should be, or is refused[ (HTTP {status})]',
    means: 'The route has stopped. It keeps its events until the secret is mended.',
    todo: 'Put the right value where the secret is read from, then reload.',
  },

  ...REFUSALS,
} as const satisfies Readonly<Record<string, Entry>>;

/** A code of the dictionary. */
export type ReasonCode = keyof typeof REASONS;
