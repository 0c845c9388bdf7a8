import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** One line of a Dockerfile: `RUN npm ci`. */
export interface Instruction {
  readonly keyword: string;
  readonly rest: string;
}

/** A build stage and the folder that stands in for its root. */
export interface Stage {
  readonly base: string;
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** Reads a Dockerfile, one entry a stage. */
export function readStages(text: string): Stage[] {
  const lines = text.replaceAll(/\\\n/g, '').split('\n');
  const stages: { base: string; name: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, keyword, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (keyword === undefined || rest === undefined) continue;
    if (keyword === 'FROM') {
      const [base = '', , name = 'run'] = rest.split(' ');
      stages.push({ base, name, instructions: [] });
    } else stages.at(-1)?.instructions.push({ keyword, rest });
  }
  return stages;
}

/** The arguments of an instruction in its JSON form; the other form would need a shell. */
export function jsonArguments(stage: Stage, keyword: string): string[] {
  const { rest = '' } = stage.instructions.find((one) => one.keyword === keyword) ?? {};
  return JSON.parse(rest.slice(rest.indexOf('['))) as string[];
}

/** The files an engine would be given: what is in neither `.dockerignore` nor Git's own list. */
function contextFiles(context: string): string[] {
  const ignored = readFileSync(join(context, '.dockerignore'), 'utf8').split('\n').filter(Boolean);
  const listed = spawnSync('git', ['ls-files', '-coz', '--exclude-standard'], { cwd: context, encoding: 'utf8' });
  if (listed.status !== 0) throw new Error(listed.stderr);
  return listed.stdout
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(context, file)))
    .filter((file) => !ignored.some((pattern) => file === pattern || file.startsWith(`${pattern}/`)));
}

/** Absolute paths of the image inside a command or argument, moved below `root`. `/dev/null` stays. */
export const moved = (text: string, root: string): string =>
  text.replaceAll(/(?<=^|\s)\/(?!dev\/)[\w./*-]+/g, (path) => root + path);

/**
 * Does what an engine does with `COPY`, `WORKDIR` and `RUN`, each stage in `<folder>/<stage>`; gives the last stage's
 * folder. Base images are not there: `RUN` uses this machine's shell and npm.
 */
export function build(stages: readonly Stage[], context: string, folder: string): string {
  let root = folder;
  for (const stage of stages) {
    root = join(folder, stage.name);
    // What every base image has.
    mkdirSync(join(root, 'tmp'), { recursive: true });
    let cwd = root;
    for (const { keyword, rest } of stage.instructions) {
      if (keyword === 'WORKDIR') {
        cwd = join(root, rest);
        mkdirSync(cwd, { recursive: true });
      } else if (keyword === 'COPY') copy(rest, context, folder, root, cwd);
      else if (keyword === 'RUN') run(moved(rest, root), cwd);
    }
  }
  return root;
}

function copy(rest: string, context: string, folder: string, root: string, cwd: string): void {
  const words = rest.split(' ');
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  const paths = words.filter((word) => !word.startsWith('--'));
  const target = paths.pop() ?? '';
  const into = target.startsWith('/') ? join(root, target) : join(cwd, target);
  if (from !== undefined) {
    const found = paths.flatMap((path) => globSync(join(folder, from, path)));
    if (found.length === 0) throw new Error(`nothing to copy: ${rest}`);
    for (const path of found) cpSync(path, into, { recursive: true });
    return;
  }
  const files = contextFiles(context);
  for (const file of paths[0] === '.' ? files : paths) {
    if (!files.includes(file)) throw new Error(`not in the build context: ${file}`);
    const copied = join(into, paths[0] === '.' ? file : basename(file));
    mkdirSync(dirname(copied), { recursive: true });
    copyFileSync(join(context, file), copied);
  }
}

function run(command: string, cwd: string): void {
  const { status, stdout, stderr } = spawnSync('sh', ['-euc', command], {
    cwd,
    encoding: 'utf8',
    // The cache is warm after `npm ci`: what is tested are the steps, not the registry.
    env: { ...process.env, npm_config_prefer_offline: 'true' },
  });
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stdout}\n${stderr}`);
}
