import type { LeftOut } from '../core/left-out.ts';
import { isPersonalId } from '../privacy/cleaner.ts';
import { type EventTrace, isPlanned } from './trace.ts';

/** Whether a planned event came with a user id that is personal data. In an event that goes nowhere the id is not read. */
export function hasPersonalId({ raw, routes }: EventTrace): boolean {
  return raw.user_id !== undefined && routes.some(isPlanned) && isPersonalId(raw.user_id);
}

/** Whether a vendor gets no email or phone number because the site sent only a hash that this vendor does not take. */
export function hasOtherHash({ raw, routes }: EventTrace): boolean {
  const email = raw.email_sha256 !== undefined && raw.email === undefined;
  const phone = raw.phone_sha256 !== undefined && raw.phone === undefined;
  if (!email && !phone) return false;
  return routes.some(({ outcome, permit, route: { destination } }) => {
    if (outcome !== 'planned' || permit.verdict !== 'full') return false;
    const { reads } = destination;
    return (
      (email && reads.email !== undefined && reads.email_sha256 === undefined) ||
      (phone && reads.phone !== undefined && reads.phone_sha256 === undefined)
    );
  });
}

export function withCounts(leftOut: LeftOut, personal: number, hashed: number): LeftOut {
  if (personal + hashed === 0) return leftOut;
  return { ...leftOut, ...(personal > 0 && { user_id: personal }), ...(hashed > 0 && { hashed }) };
}
