import { parseArgs } from 'node:util';
import { startRecorder } from '../support/recorder.ts';
import { VENDORS, violations } from '../support/vendors.ts';
import { readCases, readSuite } from './read.ts';
import { runCases } from './runner.ts';

// Runs the suite against a gateway that is running already: README.md says how it must be set up.

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    'sink-port': { type: 'string' },
    config: { type: 'string' },
    file: { type: 'string' },
    only: { type: 'string' },
  },
});
const { url, config, only, file } = values;
const port = Number(values['sink-port']);
if (url === undefined || config === undefined || !Number.isInteger(port) || port < 1) {
  console.error(
    'usage: node test/conformance/run.ts --url http://127.0.0.1:8080 --sink-port 9999 --config block|limited [--file cases.yaml] [--only text]',
  );
  process.exit(2);
}

const suite = file === undefined ? readSuite() : readCases(file);
const cases = suite.filter((one) => one.config === config && (only === undefined || one.id.includes(only)));
const recorder = await startRecorder(VENDORS, port);
const results = await runCases(cases, { url: url.replace(/\/$/, ''), recorder });
await recorder.close();
const failed = results.filter(({ problems }) => problems.length > 0);
for (const { id, why, problems } of failed) console.log([`${id} (${why})`, ...problems].join('\n    '));
const refused = violations();
for (const what of refused) console.log(`a vendor would object: ${what}`);
console.log(`${cases.length} cases, ${failed.length} fail`);
process.exitCode = failed.length > 0 || refused.length > 0 || cases.length === 0 ? 1 : 0;
