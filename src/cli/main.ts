import { nearest } from '../core/nearest.ts';
import { FINDINGS, FINE, UNUSABLE, UsageError } from './args.ts';

/** A command: its arguments in, its exit code out. */
interface Command {
  readonly run: (args: string[]) => Promise<number>;
}

interface Entry {
  readonly usage: string;
  readonly summary: string;
  /** Each command is imported when it is called, so that `serve` does not load the others. */
  readonly load: () => Promise<Command>;
}

const COMMANDS: Readonly<Record<string, Entry>> = {
  serve: {
    usage:
      'serve <config.yaml> [--listen 127.0.0.1:8080] [--admin 127.0.0.1:9090] [--data DIR] [--sink URL [--allow-sink]] [--outbox nats://HOST:4222[,...]] [--drain 5s] [--processes N]',
    summary:
      'Run the gateway. --drain: for this time before it stops, /readyz answers 503. --outbox: events wait in these NATS brokers, whatever the configuration says; for tests, and one broker needs --sink.',
    load: () => import('./serve.ts'),
  },
  demo: {
    usage: 'demo [--listen 127.0.0.1:8080] [--admin 127.0.0.1:9090] [--data DIR] | demo --cluster',
    summary:
      'Run the gateway with a demo shop and pretend vendors; needs nothing. --cluster: three brokers and two gateways, one of each killed; needs nats-server.',
    load: () => import('./demo.ts'),
  },
  lint: {
    usage: 'lint <config.yaml>... [--env] [--json]',
    summary:
      'Check configurations: mistakes with line and column, contradictions, legal notes; --env: secrets without a value here.',
    load: () => import('./lint.ts'),
  },
  explain: {
    usage: 'explain <config.yaml> [--entry N] [--at TIME] [--json] <file | - | curl ...>',
    summary: 'Show the decision about one request: consent, fields, and what each vendor would get.',
    load: () => import('./explain.ts'),
  },
  test: {
    usage: 'test <cases.yaml>... [--json]',
    summary: "Run a configuration's test cases.",
    load: () => import('./test.ts'),
  },
  docs: {
    usage: 'docs <config.yaml> [--out FILE]',
    summary: 'Write a page that says what each vendor receives under each consent.',
    load: () => import('./docs.ts'),
  },
  outbox: {
    usage:
      'outbox <list | show [ID] | retry | purge> [ID | --route NAME | --all] [--data DIR | --url URL | --config FILE] [--json]',
    summary: 'Show waiting events and dead letters, and retry or purge dead letters.',
    load: () => import('./outbox.ts'),
  },
  build: {
    usage:
      'build <config.yaml> --target workers [--out DIR] [--zone example.no] [--jurisdiction eu|none] [--name NAME] [--data DIR] [--force] | --target deno [--data DIR] [--listen 127.0.0.1:8080] [--admin 127.0.0.1:9090]',
    summary:
      'Write the files of a deployment to Cloudflare Workers, or print the command for Deno with the permissions this configuration needs.',
    load: () => import('./build.ts'),
  },
  check: {
    usage: 'check <config.yaml> [--sink URL] [--json]',
    summary: 'Ask every vendor whether the credentials and settings work, without sending an event.',
    load: () => import('./check.ts'),
  },
};

function help(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    'portvakt <command> [arguments]',
    '',
    ...lines,
    '',
    '  --help after a command shows its arguments; --version prints the version.',
    '  Exit codes: 0 fine, 1 findings or failures, 2 unusable arguments or configuration.',
  ].join('\n');
}

/** Runs a command line; answers with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(help());
    return name === undefined ? UNUSABLE : FINE;
  }
  if (name === '--version' || name === '-v') {
    const { version } = await import('../runtimes/node/process/version.ts');
    console.log(version());
    return FINE;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    const meant = nearest(name, Object.keys(COMMANDS));
    console.error(`unknown command: ${name}${meant === undefined ? '' : `; did you mean \`${meant}\`?`}\n\n${help()}`);
    return UNUSABLE;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    console.log(`portvakt ${entry.usage}\n\n${entry.summary}`);
    return FINE;
  }
  try {
    return await (await entry.load()).run(rest);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\nusage: portvakt ${entry.usage}`);
    return UNUSABLE;
  }
}

/** Runs a command line as the process: its exit code is the process's. Never rejects. */
export async function run(args: readonly string[]): Promise<void> {
  try {
    process.exitCode = await main(args);
  } catch (error) {
    // A fault of this program. Only the place in the code is printed, because the message may hold parts of the input.
    const place =
      error instanceof Error
        ? `${error.name}\n${error.stack
            ?.split('\n')
            .filter((line) => /^\s+at /.test(line))
            .join('\n')}`
        : 'unknown';
    console.error(`portvakt failed: ${place}`);
    process.exitCode = FINDINGS;
  }
}

if (import.meta.main) await run(process.argv.slice(2));
