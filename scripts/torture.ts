import { show, type Scenario } from '../test/torture/support/summary.ts';
import { poison } from '../test/torture/poison.ts';
import { restart } from '../test/torture/restart.ts';
import { disk } from '../test/torture/disk.ts';
import { kill } from '../test/torture/kill.ts';

/** Runs torture scenarios in full: `npm run torture -- <name> [--rounds N] [--short]`, or `all`. */
const SCENARIOS: Readonly<Record<string, Scenario>> = { kill, restart, poison, disk };

const args = process.argv.slice(2);
const names = args.filter((arg, i) => !arg.startsWith('--') && args[i - 1] !== '--rounds');
const roundsAt = args.indexOf('--rounds');
const rounds = roundsAt === -1 ? undefined : Number(args[roundsAt + 1]);
const chosen = names.includes('all') ? Object.keys(SCENARIOS) : names;
const unknown = chosen.filter((name) => !Object.hasOwn(SCENARIOS, name));
if (chosen.length === 0 || unknown.length > 0 || (rounds !== undefined && !(rounds > 0))) {
  console.error(`npm run torture -- <${Object.keys(SCENARIOS).join(' | ')} | all> [--rounds N] [--short]`);
  process.exit(2);
}
for (const name of chosen) {
  const scenario = SCENARIOS[name] as Scenario;
  const say = (text: string) => console.error(`${name}: ${text}`);
  const summary = await scenario({ full: !args.includes('--short'), say, rounds });
  console.log(show(name, summary));
  if (summary.problems.length > 0) process.exitCode = 1;
}
