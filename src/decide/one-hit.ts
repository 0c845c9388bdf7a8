import type { Route, Site } from '../policy/gateway.ts';
import type { IdWindow } from '../privacy/replaced-id.ts';
import type { SentBy } from '../protocols/admission.ts';
import type { Hit } from '../protocols/hit.ts';
import type { SourceName } from '../protocols/index.ts';
import type { Protocol } from '../protocols/protocol.ts';
import type { WithdrawnSince } from './trace.ts';

/** A hit that was admitted and read: the data of it that each step of the decision gets. */
export interface OneHit {
  readonly hit: Hit;
  readonly site: Site;
  readonly protocol: Protocol<SourceName>;
  readonly sender: SentBy;
  /** The routes its events are offered to. */
  readonly routes: readonly Route[];
  /** Of a site that replaces ids; without it such ids are not sent. */
  readonly window: IdWindow | undefined;
  readonly withdrawnSince: WithdrawnSince;
}
