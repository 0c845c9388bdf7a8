import { IDENTIFIERS } from '../../destinations/identifiers.ts';
import { OWN_FIELDS, type DataClass, type Field, type FieldName } from '../core/fields.ts';
import { ownFields } from '../core/identifiers.ts';

const CLASSES: readonly DataClass[] = [
  'event',
  'page',
  'campaign',
  'device',
  'network',
  'session',
  'identifier',
  'click_id',
  'user_data',
  'consent',
];

/** Every field an event can have, the gateway's own and those of the vendors' identifiers, one class after the other. */
export const FIELDS: Readonly<Record<FieldName, Field<unknown>>> = allFields();

/** All field names, in the order of the table. */
export const FIELD_NAMES = Object.keys(FIELDS) as FieldName[];

function allFields(): Record<FieldName, Field<unknown>> {
  const rows: [string, Field<unknown>][] = Object.entries(OWN_FIELDS);
  for (const [field, { param, description = '' }] of ownFields(IDENTIFIERS)) {
    rows.push([field, { class: param === undefined ? 'identifier' : 'click_id', description }]);
  }
  rows.sort(([, a], [, b]) => CLASSES.indexOf(a.class) - CLASSES.indexOf(b.class));
  return Object.fromEntries(rows) as Record<FieldName, Field<unknown>>;
}
