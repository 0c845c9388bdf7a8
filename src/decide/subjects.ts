import { boundedSubjects } from '../cookies/subjects.ts';
import type { SourceEvent } from '../protocols/hit.ts';

/** Whose an event is: the subjects of the cookies, and those that the event itself adds, which are few. */
export function withStated(subjects: readonly string[], source: SourceEvent): readonly string[] {
  const { raw, visitor } = source;
  const known = raw.user_id === undefined && visitor.clientId === undefined;
  if (known && (raw.client_id === undefined || hasClientId(subjects, raw.client_id))) return subjects;
  const all = [...subjects];
  pushStated(source, all);
  return boundedSubjects(all);
}

function hasClientId(subjects: readonly string[], id: string): boolean {
  for (const subject of subjects) {
    if (subject.length === id.length + 3 && subject.startsWith('ga:') && subject.endsWith(id)) return true;
  }
  return false;
}

/** Ids of a visitor that stand in the event itself, or that a back end states. */
export function pushStated({ raw, visitor }: SourceEvent, subjects: string[]): void {
  if (raw.user_id !== undefined) subjects.push(`uid:${raw.user_id}`);
  if (raw.client_id !== undefined) subjects.push(`ga:${raw.client_id}`);
  if (visitor.clientId !== undefined && visitor.clientId !== raw.client_id) subjects.push(`ga:${visitor.clientId}`);
}
