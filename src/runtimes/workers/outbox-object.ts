import { DurableObject, type ObjectState } from 'cloudflare:workers';
import { unflatten } from '../../outbox/append-codec.ts';
import { ObjectOutbox } from '../../outbox/object/object-outbox.ts';
import { OutboxUnavailable } from '../../delivery/outbox.ts';
import type { Append } from '../../outbox/commit.ts';
import { LaterForm, type Sql } from '../../outbox/object/sql.ts';
import { Counters } from '../../ledger/counters.ts';
import { storePolicyOf, type StorePolicy } from '../../outbox/store-policy.ts';
import { Runner, WAKE_MS } from '../web/runner.ts';
import { webSecrets } from '../web/web-secrets.ts';
import { envText } from './built-config.ts';
import { gateway } from './gateway.ts';
import { log } from './log.ts';
import {
  RPC,
  type AppendAnswer,
  type AppendCall,
  type CountAnswer,
  type CountCall,
  type OperatorAnswer,
  type OperatorCall,
  type Refused,
} from './rpc.ts';
import { sendBy } from './sender.ts';

const OTHER_VERSION: Refused = { refused: 'another version of the worker is being put in force', retryAfter: 1 };

const NOTHING: Append = { records: [], withdrawals: [] };

type Env = Readonly<Record<string, unknown>>;

/** The outbox of the object, and its delivery. */
interface Queue {
  readonly store: ObjectOutbox;
  readonly runner: Runner;
}

/**
 * The outbox of one site: its queue and its delivery. The platform runs it while there are requests for it. While
 * something waits in it, an alarm starts it again at most half a minute after a stop of any cause.
 */
export class OutboxObject extends DurableObject<Env> {
  /** Undefined = a later version of the worker has written what is stored: this one leaves it alone. */
  readonly #queue: Queue | undefined;
  #alarmAt = 0;
  #rowsWritten = 0;
  #appends = 0;
  readonly #counters = new Counters();

  constructor(ctx: ObjectState, env: Env) {
    super(ctx, env);
    this.#queue = this.#open(env);
    if (this.#queue === undefined)
      log('error', 'a later version has written the outbox: no event is accepted or sent', {});
  }

  /** The answer leaves when what was written is durable: the platform holds it back until then. */
  append({ rpc, append }: AppendCall): AppendAnswer {
    if (rpc !== RPC || this.#queue === undefined) return OTHER_VERSION;
    this.#appends++;
    try {
      const [{ records, withdrawals } = NOTHING] = unflatten(append);
      return { stored: this.#queue.runner.appendNow(records, withdrawals) };
    } catch (error) {
      const retryAfter = error instanceof OutboxUnavailable ? error.retryAfter : 5;
      return { refused: 'the outbox does not take events now', retryAfter };
    }
  }

  /** Adds up what workers have counted. Nothing of it is stored. */
  count({ rpc, counts }: CountCall): CountAnswer {
    if (rpc !== RPC) return OTHER_VERSION;
    this.#counters.add(counts);
    return { counted: true };
  }

  /** What an operator may see and do; nothing of what is in an event. */
  async operate({ rpc, action, which }: OperatorCall): Promise<OperatorAnswer> {
    if (rpc !== RPC || this.#queue === undefined) return OTHER_VERSION;
    const { store, runner } = this.#queue;
    const { dead } = store;
    if (action === 'show') return { letters: await dead.list(which) };
    if (action === 'retry') {
      const count = await dead.retry(which);
      runner.carryOut();
      return { count };
    }
    if (action === 'purge') return { count: await dead.purge(which) };
    const report = runner.report();
    const { stopped } = runner;
    return {
      report: {
        ...report,
        stopped,
        rowsWritten: this.#rowsWritten,
        appends: this.#appends,
        counts: this.#counters.counts(),
      },
    };
  }

  alarm(): void {
    this.#alarmAt = 0;
    // What waits is for the later version, which must find an alarm when it is in force again.
    if (this.#queue === undefined) return this.#wakeWithin(WAKE_MS);
    const { store, runner } = this.#queue;
    store.forgetWithdrawals(Date.now() - gateway.delivery.maxAge);
    runner.wake();
  }

  #open(env: Env): Queue | undefined {
    const { storage, exports } = this.ctx;
    const sql: Sql = {
      all: (text, ...values) => {
        const cursor = storage.sql.exec(text, ...values);
        const rows = cursor.toArray();
        this.#rowsWritten += cursor.rowsWritten;
        return rows;
      },
      transaction: (body) => storage.transactionSync(body),
    };
    const policy = storePolicyOf(gateway, true);
    const store = outboxIn(sql, policy);
    if (store === undefined) return undefined;
    const send = sendBy(exports.Sender);
    const secrets = webSecrets((ref) => ('env' in ref ? envText(env, ref.env) : undefined), send);
    const wakeWithin = (ms: number): void => this.#wakeWithin(ms);
    return { store, runner: new Runner(gateway, { store, send, secrets, log, wakeWithin }) };
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

function outboxIn(sql: Sql, policy: StorePolicy): ObjectOutbox | undefined {
  try {
    return new ObjectOutbox(sql, () => policy, Date.now);
  } catch (error) {
    if (error instanceof LaterForm) return undefined;
    throw error;
  }
}
