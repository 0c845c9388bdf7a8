import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import manifest from '../package.json' with { type: 'json' };
import { show, type Form, type Scenario } from '../test/torture/support/summary.ts';
import { overload } from '../test/torture/overload.ts';
import { poison } from '../test/torture/poison.ts';
import { outage } from '../test/torture/outage.ts';
import { attack, ATTACK_NAMES, stranger } from '../test/torture/stranger.ts';
import { slowClients } from '../test/torture/slow-clients.ts';
import { restart } from '../test/torture/restart.ts';
import { answers } from '../test/torture/answers.ts';
import { damage } from '../test/torture/damage.ts';
import { cluster, clusterParts } from '../test/torture/cluster.ts';
import { disk } from '../test/torture/disk.ts';
import { kill } from '../test/torture/kill.ts';
import { withdrawal } from '../test/torture/withdrawal.ts';

/**
 * Runs torture scenarios in full: `npm run torture -- <name> [--rounds N] [--minutes M] [--short] [--built]`, or `all`.
 * `--built` starts what `npm run build` has made, as the container image does.
 */
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  kill,
  restart,
  poison,
  disk,
  damage,
  outage,
  'slow-clients': slowClients,
  answers,
  overload,
  withdrawal,
  cluster,
  ...clusterParts,
  stranger,
  ...Object.fromEntries(ATTACK_NAMES.map((name) => [`stranger-${name}`, (form: Form) => attack(name, form)])),
};

const { values, positionals: names } = parseArgs({
  options: {
    rounds: { type: 'string' },
    minutes: { type: 'string' },
    short: { type: 'boolean' },
    built: { type: 'boolean' },
  },
  allowPositionals: true,
});
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
const chosen = names.includes('all')
  ? Object.keys(SCENARIOS).filter((name) => !/^(stranger|cluster)-/.test(name))
  : names;
const unknown = chosen.filter((name) => !Object.hasOwn(SCENARIOS, name));
if (chosen.length === 0 || unknown.length > 0 || !((rounds ?? 1) > 0) || !((minutes ?? 1) > 0)) {
  console.error(
    `npm run torture -- <${Object.keys(SCENARIOS).join(' | ')} | all> [--rounds N] [--minutes M] [--short] [--built]`,
  );
  process.exit(2);
}
if (values.built === true)
  process.env['PORTVAKT_MAIN'] = fileURLToPath(new URL(`../${manifest.bin.portvakt}`, import.meta.url));
for (const name of chosen) {
  const scenario = SCENARIOS[name] as Scenario;
  const say = (text: string) => console.error(`${name}: ${text}`);
  const summary = await scenario({ full: values.short !== true, say, rounds, minutes });
  console.log(show(name, summary));
  if (summary.problems.length > 0) process.exitCode = 1;
}
