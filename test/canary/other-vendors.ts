import { destinations } from '../../destinations/index.ts';
import { IDENTIFIERS } from '../../destinations/identifiers.ts';
import type { Destination } from '../../src/core/destination.ts';
import type { FieldName } from '../../src/core/fields.ts';
import type { Identifier } from '../../src/core/identifiers.ts';
import { maskOf } from '../../src/core/signals.ts';
import type { Leave } from './kinds.ts';

/*
 * Destinations that the table of what may leave (`kinds.ts`) has no lines for: those that were added later. Their ids are
 * put into hits and searched for from the first day; where they may go is taken from what they declare, until somebody
 * writes it down from the vendor's documentation.
 */

const others = (names: readonly string[]): readonly Destination[] =>
  Object.values(destinations).filter(({ name }) => !names.includes(name));

/** An identifier as hits carry it. */
export interface OtherId {
  readonly kind: `${string} of a page` | `${string} of a cookie`;
  readonly row: Identifier;
}

/** The identifiers of vendors that none of these destinations is of. */
export function otherIds(names: readonly string[]): readonly OtherId[] {
  const known = new Set(
    Object.values(destinations).flatMap(({ name, vendor }) => (names.includes(name) ? vendor : [])),
  );
  return IDENTIFIERS.filter(({ owner }) => !known.has(owner)).flatMap((row): OtherId[] => {
    const name = row.field ?? row.cookie?.name ?? '';
    return [
      ...(row.param === undefined ? [] : [{ kind: `${name} of a page` as const, row }]),
      ...(row.cookie === undefined ? [] : [{ kind: `${name} of a cookie` as const, row }]),
    ];
  });
}

/** Where their ids may leave to: to the owner's destinations that read them, and back into their cookie. */
export function leavesOf({ row }: OtherId, names: readonly string[]): readonly Leave[] {
  const { field, owner, cookie, signal } = row;
  const mayHave = others(names).filter(({ vendor }) => vendor === owner);
  const kept: Leave = { to: 'set-cookie', form: 'raw', needs: maskOf([signal]), full: true, limited: false, where: [] };
  return [
    ...(field === undefined ? [] : mayHave.flatMap((one) => declared(one, field))),
    ...(cookie === undefined ? [] : [kept]),
  ];
}

/** What the full form of each of them needs. */
export function otherNeeds(names: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(others(names).map(({ name, needs }) => [name, maskOf(needs)]));
}

/** Which fields a kind of thing is in, for the kinds that are not an identifier of one vendor. */
const FIELDS_OF: Readonly<Record<string, readonly FieldName[]>> = {
  path: ['page_location'],
  utm: ['page_location'],
  eventName: ['event_name'],
  eventId: ['event_id'],
  order: ['event_id', 'transaction_id'],
  email: ['email'],
  mailUserId: ['email'],
  phone: ['phone'],
  phoneUserId: ['phone'],
  userId: ['user_id'],
  firstName: ['first_name'],
  lastName: ['last_name'],
  street: ['street'],
  city: ['city'],
  region: ['region'],
  postalCode: ['postal_code'],
  title: ['page_title'],
  param: ['params'],
  property: ['user_properties'],
  campaign: ['campaign'],
  coupon: ['coupon'],
  searchTerm: ['search_term'],
  itemName: ['items'],
  itemId: ['items'],
  cid: ['client_id'],
  gaCookie: ['client_id'],
  session: ['session_id'],
  pageLoad: ['page_load_id'],
};

/** Where a thing of this kind may leave to among them. */
export function leavesToOthers(kind: string, names: readonly string[]): readonly Leave[] {
  if (kind === 'referrerHost') return [...referrers('referrer origin', names), ...referrers('referrer path', names)];
  if (kind === 'referrerPath') return referrers('referrer path', names);
  const where = kind === 'utm' ? (['keeps utm_campaign'] as const) : [];
  return others(names).flatMap((one) =>
    (FIELDS_OF[kind] ?? []).flatMap((field) => declared(one, field).map((leave) => ({ ...leave, where }))),
  );
}

function referrers(choice: 'referrer origin' | 'referrer path', names: readonly string[]): readonly Leave[] {
  return others(names).flatMap((one) => declared(one, 'page_referrer').map((leave) => ({ ...leave, where: [choice] })));
}

function declared({ name, reads, limited }: Destination, field: FieldName): readonly Leave[] {
  const leave = (form: Leave['form'], needs: number, full: boolean): Leave => {
    return { to: name, form, needs, full, limited: !full, where: [] };
  };
  const read = reads[field];
  const plain = reads[`plain_${field}` as FieldName];
  const open = limited?.reads[field];
  return [
    ...(read === undefined ? [] : [leave(read.as === undefined ? 'raw' : 'sha256', maskOf(read.needs ?? []), true)]),
    ...(plain === undefined ? [] : [{ ...leave('raw', maskOf(plain.needs ?? []), true), sealed: true }]),
    ...(open === undefined ? [] : [leave('raw', 0, false)]),
  ];
}
