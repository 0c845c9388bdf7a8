/**
 * The gateway for runtimes with web standards and no command of their own: `import { createFetch } from 'portvakt/web'`.
 * The program has to bring a durable outbox (`docs/runtimes.md`).
 */
export { createFetch, type FetchOptions, type WebGateway } from './create-fetch.ts';
export type { RequestHead, HeaderOptions, Seen } from '../../http/web-hit.ts';
export { makeGateway, UnusableConfig, type MakeOptions } from './make-gateway.ts';
export { Runner, type RunnerOptions, type RunnerReport } from './runner.ts';
export { webSecrets, type SecretValue } from './web-secrets.ts';
export { webSend, type WebSendOptions } from './web-send.ts';
export { UnusableSecret } from '../../config/compile/index.ts';
export {
  OutboxUnavailable,
  type Outbox,
  type OutboxRecord,
  type Stored,
  type Withdrawal,
} from '../../delivery/outbox.ts';
export type { Log } from '../../delivery/drain.ts';
export type { Secrets, Send } from '../../delivery/lane/ports.ts';
export type { OutboxStore } from '../../outbox/engine.ts';
export { MemoryOutbox } from '../../outbox/memory.ts';
export { ObjectOutbox } from '../../outbox/object/object-outbox.ts';
export type { Sql } from '../../outbox/object/sql.ts';
export { storePolicyOf, type StorePolicy } from '../../outbox/store-policy.ts';
export type { Gateway } from '../../policy/gateway.ts';
