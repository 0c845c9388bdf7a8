import { DurableObject, type ObjectState } from 'cloudflare:workers';
import { ObjectOutbox } from '../../outbox/object/object-outbox.ts';
import { OutboxUnavailable } from '../../delivery/outbox.ts';
import { storePolicyOf } from '../../outbox/store-policy.ts';
import { Runner } from '../web/runner.ts';
import { webSecrets } from '../web/web-secrets.ts';
import { envText } from './built-config.ts';
import { gateway } from './gateway.ts';
import { log } from './log.ts';
import {
  RPC,
  type AppendAnswer,
  type AppendCall,
  type OperatorAnswer,
  type OperatorCall,
  type Refused,
} from './rpc.ts';
import { sendBy } from './sender.ts';

const OTHER_VERSION: Refused = { refused: 'another version of the worker is being put in force', retryAfter: 1 };

type Env = Readonly<Record<string, unknown>>;

/**
 * The outbox of one site: its queue and its delivery. The platform runs it while there are requests for it. While
 * something waits in it, an alarm starts it again at most half a minute after a stop of any cause.
 */
export class OutboxObject extends DurableObject<Env> {
  readonly #store: ObjectOutbox;
  readonly #runner: Runner;
  #alarmAt = 0;
  #rowsWritten = 0;
  #appends = 0;

  constructor(ctx: ObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    const policy = storePolicyOf(gateway, true);
    this.#store = new ObjectOutbox(
      {
        all: (text, ...values) => {
          const cursor = sql.exec(text, ...values);
          const rows = cursor.toArray();
          this.#rowsWritten += cursor.rowsWritten;
          return rows;
        },
        transaction: (body) => ctx.storage.transactionSync(body),
      },
      () => policy,
      Date.now,
    );
    const send = sendBy(ctx.exports.Sender);
    const secrets = webSecrets((ref) => ('env' in ref ? envText(env, ref.env) : undefined), send);
    this.#runner = new Runner(gateway, {
      store: this.#store,
      send,
      secrets,
      log,
      wakeWithin: (ms) => this.#wakeWithin(ms),
    });
  }

  /** The answer leaves when what was written is durable: the platform holds it back until then. */
  append({ rpc, records, withdrawals }: AppendCall): AppendAnswer {
    if (rpc !== RPC) return OTHER_VERSION;
    this.#appends++;
    try {
      return { stored: this.#runner.appendNow(records, withdrawals) };
    } catch (error) {
      const retryAfter = error instanceof OutboxUnavailable ? error.retryAfter : 5;
      return { refused: 'the outbox does not take events now', retryAfter };
    }
  }

  /** What an operator may see and do; nothing of what is in an event. */
  async operate({ rpc, action, which }: OperatorCall): Promise<OperatorAnswer> {
    if (rpc !== RPC) return OTHER_VERSION;
    const { dead } = this.#store;
    if (action === 'show') return { letters: await dead.list(which) };
    if (action === 'retry') {
      const count = await dead.retry(which);
      this.#runner.carryOut();
      return { count };
    }
    if (action === 'purge') return { count: await dead.purge(which) };
    const report = this.#runner.report();
    const { stopped } = this.#runner;
    return { report: { ...report, stopped, rowsWritten: this.#rowsWritten, appends: this.#appends } };
  }

  alarm(): void {
    this.#alarmAt = 0;
    this.#store.forgetWithdrawals(Date.now() - gateway.delivery.maxAge);
    this.#runner.wake();
  }

  /** Each `setAlarm` is billed as a row, so an alarm that is set already is not set again. */
  #wakeWithin(ms: number): void {
    const now = Date.now();
    if (this.#alarmAt > now) return;
    this.#alarmAt = now + ms;
    this.#rowsWritten++;
    void this.ctx.storage.setAlarm(this.#alarmAt);
  }
}
