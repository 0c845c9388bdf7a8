import { parseArgs } from 'node:util';
import { mutations, noMutations } from '../test/canary/mutate.ts';
import { profiles } from '../test/canary/profiles.ts';
import { Run, unused } from '../test/canary/run.ts';

/**
 * The canary search for as long as one likes (docs/proof.md): `npm run canary -- [--hits 20000] [--from 1] [--mutations 50000]`.
 * Hits are numbered and always the same, so several processes can share a run: each takes the numbers `from` to `hits`,
 * and their figures add up (`--hits 500000`, and `--hits 1000000 --from 500001`).
 * Progress on stderr, the result as JSON on stdout; exits with 1 when anything leaked, was held back or was granted, or
 * when the run was too short to have used every line of the table of what may leave.
 */
const { values } = parseArgs({
  options: {
    hits: { type: 'string', default: '20000' },
    from: { type: 'string', default: '1' },
    mutations: { type: 'string', default: '50000' },
  },
});
const hits = Number(values.hits);
const first = Number(values.from);
const mutants = Number(values.mutations);
if (!Number.isInteger(hits) || !Number.isInteger(first) || !Number.isInteger(mutants) || first < 1) {
  console.error('--hits, --from and --mutations want whole numbers');
  process.exit(2);
}

const STEP = 1000;
const EVERY = 10_000;

/** Calls `step` with one range after the other and says how far it is. */
function inSteps(what: string, total: number, step: (from: number, to: number) => string, start = 1): void {
  const started = performance.now();
  let told = started;
  for (let from = start; from <= total; from += STEP) {
    const to = Math.min(from + STEP, total + 1);
    const found = step(from, to);
    const now = performance.now();
    if (now - told < EVERY && to <= total) continue;
    told = now;
    const rate = (to - start) / ((now - started) / 1000);
    const left = Math.round((total + 1 - to) / rate);
    console.error(`${what} ${to - 1} of ${total}, ${Math.round(rate)} a second, ${left} s left, ${found}`);
  }
}

const all = profiles();
const run = new Run(all);
inSteps(
  'hits',
  hits,
  (from, to) => {
    run.hits(from, to);
    return `${run.summary.leaks} leaks`;
  },
  first,
);
const summary = run.finish(hits);

const mutated = noMutations();
inSteps('mutants', mutants, (from, to) => {
  mutations(from, to, mutated);
  return `${mutated.gains.length} grants nobody gave`;
});

const missing = hits === 0 ? [] : unused(summary);
const { examples, seen, ...figures } = summary;
const permitted = [...seen.values()].reduce((sum, n) => sum + n, 0);
console.log(
  JSON.stringify(
    {
      ...figures,
      profiles: all.map(({ name }) => name),
      permitted_finds: permitted,
      lines_of_the_table_used: seen.size,
      lines_never_used: missing,
      mutants: { tried: mutated.tried, became_a_yes: mutated.becameYes, grants_nobody_gave: mutated.gains.length },
      first_grants: mutated.gains.slice(0, 20),
      first_leaks: [...examples.values()],
      cpu_seconds: Math.round(process.cpuUsage().user / 1e6),
    },
    null,
    1,
  ),
);
process.exitCode =
  summary.leaks > 0 || Object.keys(summary.heldBack).length > 0 || mutated.gains.length > 0 || missing.length > 0
    ? 1
    : 0;
