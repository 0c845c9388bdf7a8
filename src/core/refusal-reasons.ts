import type { Entry } from './reason-entry.ts';

/** Why a request is refused; a part of `REASONS`. */
export const REFUSALS = {
  'refused.host': {
    kind: 'refused',
    params: [],
    says: 'no site of the configuration answers on this host',
    means: 'The request went to a name that is in no `hosts` list.',
    todo: 'Add the host to `hosts` of the site, or send the request to one that is listed.',
  },
  'refused.origin': {
    kind: 'refused',
    params: [],
    says: 'the origin of the page is not listed',
    means: 'Only pages of the site may send events to it.',
    todo: 'Add the origin to `origins` of the site, if it is yours.',
  },
  'refused.key': {
    kind: 'refused',
    params: [],
    says: 'the ingest key is missing or wrong',
    means: 'Events without an origin are accepted from back ends only, and only with a key.',
    todo: 'Send `Authorization: Bearer` with one of the keys in `ingest_keys` of the site (a library of Segment: as its write key); by the Measurement Protocol, one of the `mp_secrets` as `api_secret`.',
  },
  'refused.measurement_id': {
    kind: 'refused',
    params: [],
    says: 'no route of the site has this measurement id',
    means:
      'A web hit names its property in `tid`, the Measurement Protocol in `measurement_id`. If no ga4 route has this id, the hit is refused.',
    todo: 'Set `measurement_id` of a ga4 route of the site to the id of the tag.',
  },
  'refused.method': {
    kind: 'refused',
    params: [],
    says: 'this method is not allowed for this path',
    means: 'The answer names the methods that are allowed.',
    todo: 'Use one of them.',
  },
  'refused.path': {
    kind: 'refused',
    params: [],
    says: 'nothing is at this path',
    means: 'The gateway answers on a few paths only.',
    todo: 'Check the address of the endpoint in the tag, and `server.path_prefix`.',
  },
  'refused.media_type': {
    kind: 'refused',
    params: [],
    says: 'this media type is not allowed for this path',
    means: 'Each path has its own media types; the answer names them (`docs/ways-in.md`).',
    todo: 'Set `Content-Type` of the request.',
  },
  'refused.body': {
    kind: 'refused',
    params: [],
    says: 'the body cannot be read',
    means: 'The body does not have the form that the path needs.',
    todo: 'The answer names the place of the error; correct it in the sender.',
  },
  'refused.too_large': {
    kind: 'refused',
    params: [],
    says: 'the request is larger than allowed',
    means: 'Requests have limits, so that one sender cannot use up the gateway.',
    todo: 'Send fewer events in one request.',
  },
  'refused.timeout': {
    kind: 'refused',
    params: [],
    says: 'the request did not arrive in time',
    means: 'A request has a few seconds to arrive.',
    todo: 'Nothing, if it is a slow phone now and then.',
  },
  'refused.rate_limit': {
    kind: 'refused',
    params: [],
    says: 'the client sends more than `limits.per_client` allows',
    means: 'The limit is a number of requests per minute for each client.',
    todo: 'Raise `limits.per_client` if real visitors reach it. Set `trusted_proxies` if all visitors have the same address.',
  },
  'refused.overloaded': {
    kind: 'refused',
    params: [],
    says: 'more events arrive than can be stored',
    means: 'Nothing of the request was kept; tags send it again.',
    todo: 'Give the gateway a faster disk or more processes.',
  },
  'refused.unavailable': {
    kind: 'refused',
    params: [],
    says: 'events cannot be stored now',
    means: 'The outbox is full, or it cannot be written. Nothing of the request was kept.',
    todo: 'Look at the log and the disk; `portvakt outbox` shows which routes fill the outbox.',
  },
  'refused.fault': {
    kind: 'refused',
    params: [],
    says: 'a fault of the gateway',
    means: 'Nothing of the request was kept.',
    todo: 'Report it with the module and the step that the log names.',
  },
} as const satisfies Readonly<Record<string, Entry>>;
