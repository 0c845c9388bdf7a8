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
    says: 'the vendor accepted it',
    means: 'The vendor answered that it has the event.',
    todo: 'Nothing.',
  },

  'blocked.consent': {
    kind: 'blocked',
    params: ['missing', 'service'],
    says: 'the visitor has not allowed[ {missing}][: the service {service} was refused]',
    means:
      'The route needs consent that is not in force for this visitor, so nothing of the event went to this vendor.',
    todo: 'Nothing, if the visitor refused. If no visitor ever consents: `portvakt explain` shows which consent cookie arrived and how it was read. If the service belongs to another vendor, write that in `consent.services`.',
  },
  'blocked.policy_tightened': {
    kind: 'blocked',
    params: [],
    says: 'the configuration in force now does not allow what this event contains',
    means: 'The event waited in the outbox while the configuration became stricter. It is not sent any more.',
    todo: 'Nothing: the stricter configuration was meant to do this.',
  },
  'blocked.limited_source': {
    kind: 'blocked',
    params: ['source'],
    says: 'without consent, this vendor gets no events of the source {source}',
    means: 'The route has `without_consent: limited`, and the form without identifiers exists for other sources only.',
    todo: 'Nothing. The destination page names the sources that have a limited form.',
  },

  'skip.duplicate': {
    kind: 'skipped',
    params: [],
    says: 'this event was accepted before',
    means: 'The same event came twice. The route has got the first one.',
    todo: 'Nothing, if pages reload or a back end retries. If real events are missing, look for an event id that is used twice.',
  },
  'skip.not_mapped': {
    kind: 'skipped',
    params: ['name', 'near'],
    says: 'the event[ {name}] is not set up as a conversion of this route[; did you mean {near}?]',
    means: 'The vendor gets only events that the mapping of the route names.',
    todo: 'Add the event to the mapping of the route. Nothing, if the vendor does not need it.',
  },
  'skip.not_listed': {
    kind: 'skipped',
    params: ['name', 'near'],
    says: 'the event[ {name}] is not in `events` of this route[; did you mean {near}?]',
    means: 'The route lists the events it takes, and this one is not in the list.',
    todo: 'Add the event to `events` of the route. Nothing, if the vendor does not need it.',
  },
  'skip.no_rule': {
    kind: 'skipped',
    params: ['name', 'closed'],
    says: 'no rule of the route applies to this event[ {name}][; some rules need the consent for {closed}]',
    means:
      'The rules in `events` of the route have conditions, and the event does not meet them. A condition on a field that the consent of the visitor does not open for the route is never met.',
    todo: 'Nothing, if the rules are not meant for this event. `portvakt explain` shows the rules that apply; docs/rules.md lists the possible conditions.',
  },
  'skip.rule_gone': {
    kind: 'skipped',
    params: [],
    says: 'the rule that accepted it is no longer in `events` of the route',
    means:
      'The event waited in the outbox when the event name or the conditions of its rule were changed, or the rule was removed. No rule in force has accepted it, so it is not sent any more.',
    todo: 'Nothing, if that was on purpose. The other parts of a rule (`as`, `conversion`, `set`) can be changed while events wait.',
  },
  'skip.unknown_name': {
    kind: 'skipped',
    params: [],
    says: 'without consent, only events with a name of GA4 or of the configuration are sent',
    means:
      'The route has `without_consent: limited`. The name is neither one of GA4 nor in the configuration. Such a name could contain anything, so nothing of the event was sent.',
    todo: 'To count these events without consent, add their names to `events` of the route, with all others that the route takes.',
  },
  'skip.nothing_to_match': {
    kind: 'skipped',
    params: ['fields'],
    says: 'allowed, but there is no click id or user data to match it on[: one of {fields}]',
    means: 'The vendor could not match the event to a person and would refuse it.',
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
    means: 'The settings of the route are enough for some events, but not for this kind.',
    todo: 'Add the setting to the route.',
  },
  'skip.no_event': {
    kind: 'skipped',
    params: [],
    says: 'it is a call about a person or a choice, and not an event',
    means:
      'Segment has calls that are not events: `identify`, `group`, `alias`, `screen`, and the notice that a choice has changed. Consent and withdrawal were read from it, and it was not sent to any vendor.',
    todo: 'Nothing.',
  },
  'skip.left_out': {
    kind: 'skipped',
    params: [],
    says: 'its sender excludes this vendor',
    means: 'The call has `false` for this vendor, or for `All`, in its `integrations`.',
    todo: 'Nothing, if the sender means that. Else remove the name from `integrations` of the call.',
  },
  'skip.path': {
    kind: 'skipped',
    params: [],
    says: 'the path of the page is never forwarded',
    means: 'The page is one of `privacy.url.never_forward`.',
    todo: 'Nothing: the configuration demands it.',
  },
  'skip.route_changed': {
    kind: 'skipped',
    params: [],
    says: 'the route has another recipient now',
    means:
      'The event waited in the outbox when the route got another `type`, or another host or account where these are settings. It was stored for the first recipient only.',
    todo: 'Nothing, if that was on purpose. Otherwise give the route to the other recipient a name of its own, and keep the old route until none of its events waits.',
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
    means:
      'The configuration has paths that are never forwarded, and it cannot be decided whether this page has one of them.',
    todo: 'Look at what the tag sends as page address (`dl`, or `page_location`).',
  },
  'invalid.event': {
    kind: 'invalid',
    params: ['field'],
    says: 'the event cannot be read[: {field}]',
    means: 'One event of a request was not usable. The others were accepted.',
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
    means: 'The vendor could not be reached, or the route was stopped, until the event was too old.',
    todo: 'Find out why the route did not deliver (`portvakt outbox`, the log).',
  },

  'failed.chain': {
    kind: 'failed',
    params: ['module', 'step'],
    says: 'a fault of the gateway while it read or filtered the event[ ({module}: {step})]',
    means: 'Nothing of the event was sent: an event that cannot be decided is denied.',
    todo: 'Report it with the module and the step that the log names.',
  },
  'failed.destination': {
    kind: 'failed',
    params: ['module', 'step'],
    says: 'a fault of the gateway while it wrote the event for this vendor[ ({module}: {step})]',
    means:
      'Nothing of the event was sent to this vendor. If it was stored already, it waits in the dead letters, unless `delivery.dead_letters` is `0h`.',
    todo: 'Report it with the module and the step that the log names. After an update that corrects the fault, `portvakt outbox retry` sends the waiting events.',
  },
  'failed.sealed': {
    kind: 'failed',
    params: [],
    says: 'the sealed part of the event cannot be opened',
    means:
      'The receiver gets user data in the clear. While the event waits, this data is sealed with a key made from `root.key`. That file has been replaced since, or the record was damaged. The event waits in the dead letters, unless `delivery.dead_letters` is `0h`.',
    todo: 'Restore the `root.key` with which the event was accepted, then `portvakt outbox retry`. Without it the event can never be read: `portvakt outbox purge`.',
  },
  'failed.request': {
    kind: 'failed',
    params: [],
    says: 'a fault of the gateway while it made the request',
    means: 'The event was not sent. It waits in the dead letters, unless `delivery.dead_letters` is `0h`.',
    todo: 'Report it with the route that the log names. After an update that corrects the fault, `portvakt outbox retry` sends the waiting events.',
  },
  'failed.egress_check': {
    kind: 'failed',
    params: ['rule'],
    says: 'stopped by the last check before the socket[: {rule}]',
    means:
      'The request contained something that this consent does not cover. Nothing was sent. This is a fault of the gateway. The event waits in the dead letters, unless `delivery.dead_letters` is `0h`.',
    todo: 'Report it with the rule that the log names. Retry the event only after an update that corrects the fault.',
  },
  'failed.unsendable': {
    kind: 'failed',
    params: ['why'],
    says: 'the request cannot be sent[: {why}]',
    means:
      'The request breaks a rule of HTTP or goes to a host that the destination does not declare. The event waits in the dead letters, unless `delivery.dead_letters` is `0h`.',
    todo: 'Check the settings and secrets of the route for characters that do not belong there, then `portvakt outbox retry`.',
  },

  'withdrawn.consent': {
    kind: 'withdrawn',
    params: [],
    says: 'the visitor withdrew the consent before it was sent',
    means: 'The event waited in the outbox or the dead letters and was deleted there.',
    todo: 'Nothing.',
  },

  'vendor.refused': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'the vendor refuses the event[: HTTP {status}][ {code}]',
    means: 'The vendor will never accept this event in this form. It waits in the dead letters until a person decides.',
    todo: 'Look up the code in the documentation of the vendor; correct the mapping or the settings, then `portvakt outbox retry`.',
  },
  'vendor.unnamed': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'the vendor refuses one of the events and does not say which[: HTTP {status}][ {code}]',
    means: 'The events were sent again in smaller batches until the refused one was found.',
    todo: 'As for `vendor.refused`.',
  },
  'vendor.poison': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'each attempt with this event leads to an error at the vendor, and others do not[: HTTP {status}][ {code}]',
    means: 'The event was put into the dead letters, so that it does not delay the others.',
    todo: 'Look at the event with `portvakt outbox show`, then retry or purge it.',
  },
  'vendor.awaiting': {
    kind: 'vendor',
    params: [],
    says: 'the vendor has accepted it and reports the result later',
    means:
      'The event stays in the outbox until the vendor has reported the result, at most a day. Then it counts as delivered. If its visitor withdraws the consent before, it is deleted.',
    todo: 'Nothing.',
  },
  'vendor.again': {
    kind: 'vendor',
    params: [],
    says: 'the vendor could not use all events of the request yet: it is sent once more, under the same order number',
    means:
      'The events came too soon for the vendor, or the vendor had a fault. It recognises events that it has already by their order number.',
    todo: 'Nothing.',
  },
  'vendor.busy': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'the vendor asks to wait[: HTTP {status}][ {code}]',
    means: 'The events wait in the outbox and are sent again.',
    todo: 'Nothing, if it ends soon. If it lasts, the quota of the account is too small.',
  },
  'vendor.unavailable': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'the vendor has a fault of its own[: HTTP {status}][ {code}]',
    means: 'The events wait in the outbox and are sent again.',
    todo: 'Nothing, if it ends soon.',
  },
  'vendor.unreadable': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'the answer is not in a form of the vendor[: HTTP {status}][ {code}]',
    means: 'A proxy or a portal answered in place of the vendor, or the answer was cut off. The events are sent again.',
    todo: 'If it lasts, check the proxies and firewalls between the gateway and the vendor.',
  },
  'vendor.unreachable': {
    kind: 'vendor',
    params: ['error'],
    says: 'the vendor cannot be reached[: {error}]',
    means: 'The network, the name server or the vendor is down. The events wait in the outbox.',
    todo: 'Check the network of the gateway and the rules of its firewall.',
  },
  'vendor.unanswered': {
    kind: 'vendor',
    params: ['status', 'error'],
    says: 'the vendor may have the event, and did not say so[: HTTP {status}][ {error}]',
    means: 'A repeat could count twice, and `at_most_once` of the route forbids it. The event is in the dead letters.',
    todo: 'If it is missing at the vendor, send it again: `portvakt outbox retry`.',
  },
  'vendor.address_refused': {
    kind: 'vendor',
    params: [],
    says: 'the name of the host resolves to an address that is not public',
    means:
      'The name server answered with an address of this machine, of a private network, or of no network. Nothing was sent; the route has stopped, and its events wait.',
    todo: 'Check the host in the settings of the route, and the answer of the name server for it. The route tries again by itself.',
  },
  'vendor.credentials': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'the vendor refuses the credentials[: HTTP {status}][ {code}]',
    means: 'The route has stopped. Its events wait until the credentials are corrected.',
    todo: 'Give the route a valid token with the right role, then reload.',
  },
  'vendor.settings': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'the vendor refuses the settings of the route[: HTTP {status}][ {code}]',
    means: 'The route has stopped. Its events wait until the settings are corrected.',
    todo: 'Check the ids of the route and the account at the vendor, then reload.',
  },
  'vendor.gone': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'the address of the receiver has ended[: HTTP {status}][ {code}]',
    means: 'The route has stopped. Its events wait until the configuration is read again, or until they are too old.',
    todo: 'Give the route the new address of the receiver, or remove the route, then reload.',
  },
  'vendor.version_ended': {
    kind: 'vendor',
    params: ['status', 'code'],
    says: 'the version of the interface has ended[: HTTP {status}][ {code}]',
    means: 'The route has stopped. Its events wait until `api_version` is a later one.',
    todo: 'Set `api_version` of the route to a version that the vendor still supports, then reload.',
  },
  'vendor.secret_missing': {
    kind: 'vendor',
    params: ['name'],
    says: 'secret[ {name}] is missing',
    means: 'The route has stopped. Its events wait until the secret has a value.',
    todo: 'Set the variable or write the file from which the secret is read, then reload.',
  },
  'vendor.secret_unusable': {
    kind: 'vendor',
    params: ['name', 'status'],
    says: 'secret[ {name}] has the wrong form, or is refused[ (HTTP {status})]',
    means: 'The route has stopped. Its events wait until the secret is corrected.',
    todo: 'Correct the variable or the file from which the secret is read, then reload.',
  },

  ...REFUSALS,
} as const satisfies Readonly<Record<string, Entry>>;

/** A code of the dictionary. */
export type ReasonCode = keyof typeof REASONS;
