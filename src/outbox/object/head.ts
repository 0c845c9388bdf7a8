import type { StoredRecord, StoredRoute } from '../record.ts';

/** All of a record except its body, as memory holds it. */
export interface Head extends Omit<StoredRecord, 'body'> {
  /** Its mark is remembered for 48 h (`OutboxRecord.lasting`). */
  readonly lasting: boolean;
  /** When its mark was made, unix milliseconds. */
  readonly storedAt: number;
  /** Characters of the body. */
  readonly size: number;
}

/** Version of the form of heads. Another form has another number. */
const VERSION = 1;

type Written = readonly [typeof VERSION, Omit<Head, 'id' | 'size'>];

export function writeHead({ id: _id, size: _size, ...rest }: Head): string {
  const written: Written = [VERSION, rest];
  return JSON.stringify(written);
}

/** Reads a head; undefined where this version did not write the text. */
export function readHead(id: number, text: string, size: number): Head | undefined {
  try {
    const [version, rest] = JSON.parse(text) as Written;
    return version === VERSION && Array.isArray(rest.routes)
      ? { ...rest, routes: rest.routes.map(route), id, size }
      : undefined;
  } catch {
    return undefined;
  }
}

/** JSON leaves out undefined values, which the types demand. */
function route(read: StoredRoute): StoredRoute {
  return { ...read, limited: read.limited, params: read.params };
}
