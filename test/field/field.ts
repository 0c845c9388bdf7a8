import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument, type Document } from 'yaml';
import { ask, type Answer } from '../support/ask.ts';
import { metricsOf, until } from '../support/metrics.ts';
import { startRecorder, type Recorded, type Recorder } from '../support/recorder.ts';
import { serve, type Served } from '../support/serve.ts';
import { encodeTcString } from '../support/tc-string.ts';
import { VENDORS } from '../support/vendors.ts';

// Cases from the field: public reports of people who do this work, as requests to the reference configuration.

const REFERENCE = readFileSync(join(import.meta.dirname, '../fixtures/contract/gateway.yaml'), 'utf8');
const ORIGIN = 'https://shop.example.no';
const AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36';

/** Where the routes of the reference configuration send. */
const HOSTS: Readonly<Record<string, string>> = {
  'region1.google-analytics.com': 'ga4',
  'datamanager.googleapis.com': 'google_ads',
  'graph.facebook.com': 'meta',
  'api.linkedin.com': 'linkedin',
  'capi.uet.microsoft.com': 'microsoft_ads',
};

/** An order number that stands in one request only. */
export function orderOf(id: string): string {
  return `order-${id}-met`;
}

/** A purchase that could go to every route of the reference configuration. */
export function purchasePath(id: string): string {
  return (
    '/g/collect?v=2&tid=G-TEST000001&gtm=45je61d1v900000001za200&_p=1795169690123&cid=1234567.{{s:-3600}}&ul=nb-no' +
    '&sr=1440x900&frm=0&_s=1&sid={{s:-600}}&sct=4&seg=1&dl=https%3A%2F%2Fshop.example.no%2Fkrus%3Fgclid%3DCj0KCQiAgP6PBhDm' +
    'ARIsAPWMq6kXyz_abcDEF%26fbclid%3DIwAR0abcDEFghiJKLmnoPQRstuVWXyz&dr=https%3A%2F%2Fwww.google.com%2F&dt=Krus' +
    `&en=purchase&cu=NOK&epn.value=499&ep.transaction_id=${orderOf(id)}`
  );
}

/** One report and what is right. Templates in texts: see `filled`. */
export interface FieldCase {
  readonly id: string;
  readonly kind: string;
  /** What the people who reported it saw. */
  readonly symptom: string;
  /** Where it was reported. */
  readonly source: string;
  /** Who says what is right. */
  readonly authority: string;
  /** Why it is decided so, where the authority leaves it open. */
  readonly decision?: string;
  /** Changes to the reference configuration: text and replacement. */
  readonly config?: readonly (readonly [string, string])[];
  readonly request: {
    readonly path: string;
    /** Null leaves one of the usual headers out. */
    readonly headers?: Readonly<Record<string, string | null>>;
    readonly cookie?: string;
    readonly body?: string;
  };
  readonly expect: {
    /** Default: 204. */
    readonly status?: number;
    readonly sent_to?: readonly string[];
    readonly not_sent_to?: readonly string[];
    /** Texts that some vendor got or did not get; what they got is percent-decoded up to four times. */
    readonly on_the_wire?: readonly string[];
    readonly not_on_the_wire?: readonly string[];
    /** A regular expression that no `Set-Cookie` line matches. */
    readonly no_set_cookie?: string;
  };
}

/** What came of one case. */
export interface Outcome {
  readonly answer: Answer;
  /** Routes that sent something. */
  readonly sentTo: readonly string[];
  /** Everything the vendors got, percent-decoded up to four times, each step a line. */
  readonly wire: string;
}

/** The cases of a file beside this one. */
export function casesOf(file: string): readonly FieldCase[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, file), 'utf8')) as FieldCase[];
}

/** Sends cases to gateways of their own configuration, one after the other. */
export class Field {
  private readonly recorder: Recorder;
  private readonly served: ReadonlyMap<string, Served>;

  private constructor(recorder: Recorder, served: ReadonlyMap<string, Served>) {
    this.recorder = recorder;
    this.served = served;
  }

  /** Starts what the cases need: one gateway for each server section; each changed site is a site of it. */
  static async start(cases: readonly FieldCase[]): Promise<Field> {
    const recorder = await startRecorder(VENDORS);
    const gateways = new Map<string, Document>();
    for (const each of cases) {
      const { key, config, host } = configured(each);
      const known = gateways.get(key);
      if (known === undefined) gateways.set(key, config);
      else if (!hostsIn(known).includes(host)) known.addIn(['sites'], config.getIn(['sites', 0]));
    }
    const started = await Promise.all(
      [...gateways].map(async ([key, config]) => {
        const env = {
          INGEST_KEY: 'ingestkey0123456789abcdef0123456789',
          GA4_API_SECRET: 'ga4-secret',
          META_ACCESS_TOKEN: 'meta-token',
          LINKEDIN_ACCESS_TOKEN: 'linkedin-token',
          MICROSOFT_UET_TOKEN: 'microsoft-token',
        };
        return [key, await serve({ config: config.toString({ lineWidth: 0 }), sink: recorder.url, env })] as const;
      }),
    );
    return new Field(recorder, new Map(started));
  }

  async send(each: FieldCase): Promise<Outcome> {
    this.recorder.clear();
    const answer = await this.ask(each);
    await this.settled();
    return outcomeOf(answer, this.recorder.requests);
  }

  /** Sends all of them, and waits once. A text that only one request holds tells what came of it. */
  async sendAll(cases: readonly FieldCase[], markOf: (each: FieldCase) => string): Promise<readonly Outcome[]> {
    this.recorder.clear();
    const answers: Answer[] = [];
    for (const each of cases) answers.push(await this.ask(each));
    await this.settled();
    const sent = this.recorder.requests.map((request) => ({ request, wire: wireOf(request) }));
    return cases.map((each, i) =>
      outcomeOf(
        answers[i] as Answer,
        sent.filter(({ wire }) => wire.includes(markOf(each))).map(({ request }) => request),
      ),
    );
  }

  private ask(each: FieldCase): Promise<Answer> {
    const { key, host } = configured(each);
    const { url } = this.served.get(key) as Served;
    const { path, headers, cookie, body } = filled(each.request);
    const usual = { host, origin: ORIGIN, 'user-agent': AGENT, ...(cookie === undefined ? {} : { cookie }) };
    const sent = Object.entries({ ...usual, ...headers }).filter(([, value]) => value !== null);
    return ask(url, {
      path,
      headers: Object.fromEntries(sent),
      ...(body === undefined ? {} : { body }),
    });
  }

  private async settled(): Promise<void> {
    for (const { adminUrl } of this.served.values()) {
      await until(
        'everything is delivered',
        async () => (await metricsOf(adminUrl)).sum('portvakt_outbox_waiting') === 0,
      );
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.served.values()].map((gateway) => gateway.stop()));
    await this.recorder.close();
  }
}

function outcomeOf(answer: Answer, requests: readonly Recorded[]): Outcome {
  return {
    answer,
    sentTo: [...new Set(requests.flatMap(({ host }) => HOSTS[host] ?? []))],
    wire: requests.map(wireOf).join('\n'),
  };
}

/** A case's configuration, which gateway it belongs to, and the host its site answers on there. */
function configured({ config: changes = [] }: FieldCase): { key: string; config: Document; host: string } {
  let text = REFERENCE;
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`the reference configuration does not hold: ${from}`);
    text = text.replace(from, () => to);
  }
  // Inside brackets, YAML itself would take a bare `${NAME}` for a map.
  const config = parseDocument(text.replace(/\[\$\{(\w+)\}\]/g, '["${$1}"]'));
  const key = JSON.stringify(config.toJS().server);
  if (changes.length === 0) return { key, config, host: 'shop.example.no' };
  const host = `${Buffer.from(text)
    .reduce((sum, byte) => (sum * 31 + byte) >>> 0, 7)
    .toString(36)}.example.no`;
  config.setIn(['sites', 0, 'hosts'], [host]);
  return { key, config, host };
}

function hostsIn(config: Document): readonly string[] {
  const { sites } = config.toJS() as { sites: readonly { hosts: readonly string[] }[] };
  return sites.flatMap(({ hosts }) => hosts);
}

/**
 * Templates: `{{ms:N}}` and `{{s:N}}` are now + N in milliseconds and seconds, `{{tc:N}}` is a TC string that grants
 * everything and was updated now + N milliseconds, `{{rand}}` is a word that is new each time.
 */
export function filled<T>(value: T, now = Date.now()): T {
  const text = JSON.stringify(value)
    .replace(/\{\{(ms|s|tc):(-?\d+)\}\}/g, (_, unit: string, by: string) => {
      if (unit === 'ms') return String(now + Number(by));
      if (unit === 's') return String(Math.floor(now / 1000) + Number(by));
      return tcString(now + Number(by));
    })
    .replace(/\{\{rand\}\}/g, () => randomBytes(6).toString('hex'));
  return JSON.parse(text) as T;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** A TC string that grants Google and Meta everything, updated at this very moment: its bits 42 to 77, a tenth of a second each. */
function tcString(at: number): string {
  const string = encodeTcString({
    purposes: Array.from({ length: 11 }, (_, i) => i + 1),
    interests: [],
    consents: [755],
    vendorInterests: [],
    disclosed: [755],
    restrictions: [],
    cmpId: 7,
    treatment: false,
  });
  let rest = Math.floor(at / 100);
  let digits = '';
  for (let i = 0; i < 6; i++) {
    digits = `${ALPHABET[rest % 64]}${digits}`;
    rest = Math.floor(rest / 64);
  }
  return `${string.slice(0, 7)}${digits}${string.slice(13)}`;
}

/** Everything of a request that a vendor can read, in each form that percent-decoding gives it. */
function wireOf({ path, query, headers, body }: Recorded): string {
  let text = `${path}?${query}\n${JSON.stringify(headers)}\n${body}`;
  const forms = [text];
  for (let i = 0; i < 4; i++) {
    text = text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
      try {
        return decodeURIComponent(run);
      } catch {
        return run;
      }
    });
    forms.push(text);
  }
  return forms.join('\n');
}
