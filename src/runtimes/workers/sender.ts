import { WorkerEntrypoint } from 'cloudflare:workers';
import { webSend } from '../web/web-send.ts';
import { Recalled, Unsendable, type FilledRequest, type Send } from '../../delivery/lane/ports.ts';
import type { Reply } from '../../core/destination.ts';
import { VERSION } from './version.ts';

interface SendCall {
  readonly request: FilledRequest;
  readonly hosts: readonly string[];
}

type SendAnswer =
  | { readonly reply: Reply }
  | { readonly failed: 'unsendable' | 'network'; readonly message: string; readonly code: string };

/**
 * Sends one request in an invocation of its own: an invocation has six connections at a time, and a vendor that hangs
 * would hold up the others.
 */
export class Sender extends WorkerEntrypoint {
  async send({ request, hosts }: SendCall): Promise<SendAnswer> {
    try {
      return { reply: await webSend({ version: VERSION })(request, hosts) };
    } catch (error) {
      const { message, code = 'ECONNECTION' } = error as Error & { code?: string };
      return { failed: error instanceof Unsendable ? 'unsendable' : 'network', message, code };
    }
  }
}

/** A `Send` by way of that entrypoint. */
export function sendBy(entry: { send(call: SendCall): Promise<unknown> }): Send {
  return async (request, hosts, may) => {
    if (may?.() === false) throw new Recalled();
    const answer = (await entry.send({ request, hosts })) as SendAnswer;
    if ('reply' in answer) return answer.reply;
    if (answer.failed === 'unsendable') throw new Unsendable(answer.message);
    throw Object.assign(new Error(answer.message), { code: answer.code });
  };
}
