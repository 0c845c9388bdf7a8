import { readdirSync } from 'node:fs';
import { queueInfos } from './outbox-inspect.ts';

/** The outbox of a process, without `.sqlite`: one each where several share a data directory. */
export function outboxName(member: { readonly index: number } | undefined): string {
  return member === undefined ? 'outbox' : `outbox-${member.index}`;
}

/**
 * Outboxes with waiting events that no process owns, because there are fewer processes than before. The first process
 * delivers them beside its own.
 */
export function orphans(
  dir: string,
  member: { readonly index: number; readonly count: number } | undefined,
): readonly string[] {
  if (member !== undefined && member.index !== 0) return [];
  const taken = new Set<string>([outboxName(undefined)]);
  if (member !== undefined) {
    taken.clear();
    for (let index = 0; index < member.count; index++) taken.add(outboxName({ index }));
  }
  const left = outboxesIn(dir).filter((name) => !taken.has(name));
  return left.length === 0 ? left : left.filter((name) => holdsSomething(dir, name));
}

function outboxesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((file) => /^outbox(?:-\d+)?\.sqlite$/.test(file))
      .map((file) => file.slice(0, -'.sqlite'.length));
  } catch {
    return [];
  }
}

function holdsSomething(dir: string, name: string): boolean {
  try {
    return queueInfos(dir, 0).some(
      ({ outbox, waiting, dead }) => outbox.replace(/\.sqlite$/, '') === name && waiting + dead > 0,
    );
  } catch {
    // It cannot be read here; the delivery thread saves its readable part when it opens the file.
    return true;
  }
}
