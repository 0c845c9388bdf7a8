import { OutboxUnavailable } from '../../delivery/outbox.ts';
import { NoAnswer, NoRoom, WriteRefused } from './broker.ts';

/** The error that a caller gets when the brokers did not store its records. */
export function asUnavailable(error: unknown): Error {
  if (error instanceof NoRoom) return new OutboxUnavailable('the outbox is full');
  if (error instanceof NoAnswer || error instanceof WriteRefused)
    return new OutboxUnavailable('the brokers do not answer', 2);
  return error instanceof Error ? error : new Error(String(error));
}
