import { DatabaseSync } from 'node:sqlite';
import type { Sql } from '../../src/outbox/object/sql.ts';

/** SQLite as a Durable Object has it, and a count of what would be billed. */
export interface CountedSql extends Sql {
  readonly close: () => void;
}

export function objectSql(): CountedSql {
  const db = new DatabaseSync(':memory:');
  const prepared = new Map<string, ReturnType<typeof db.prepare>>();
  let open = true;
  return {
    all: (text, ...values) => {
      let statement = prepared.get(text);
      if (statement === undefined) prepared.set(text, (statement = db.prepare(text)));
      return statement.all(...values);
    },
    transaction: (body) => {
      db.exec('BEGIN');
      try {
        const result = body();
        db.exec('COMMIT');
        return result;
      } catch (error) {
        db.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => {
      if (open) db.close();
      open = false;
    },
  };
}
