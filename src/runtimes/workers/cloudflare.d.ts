// The parts of Cloudflare's module that are used here. Its own package of types declares many globals, and every file of
// the neutral layers could then use them by mistake.

declare module 'cloudflare:workers' {
  interface SqlCursor extends Iterable<Record<string, unknown>> {
    toArray(): Record<string, unknown>[];
    readonly rowsWritten: number;
  }

  interface ObjectStorage {
    readonly sql: { exec(text: string, ...values: unknown[]): SqlCursor; readonly databaseSize: number };
    transactionSync<T>(body: () => T): T;
    getAlarm(): Promise<number | null>;
    setAlarm(at: number): Promise<void>;
  }

  export interface ObjectState {
    readonly storage: ObjectStorage;
    readonly exports: { readonly Sender: { send(request: unknown): Promise<unknown> } };
    blockConcurrencyWhile<T>(body: () => Promise<T>): Promise<T>;
  }

  export class DurableObject<Env> {
    constructor(ctx: ObjectState, env: Env);
    protected readonly ctx: ObjectState;
    protected readonly env: Env;
  }

  export class WorkerEntrypoint {
    protected readonly env: unknown;
  }

  /** The bindings, before there is a request. */
  export const env: Readonly<Record<string, unknown>>;
}

/** What `portvakt build` writes beside the worker. */
declare module 'portvakt:config' {
  import type { BuiltConfig } from './built-config.ts';

  const built: BuiltConfig;
  export default built;
}
