import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { destinations } from '../../destinations/index.ts';
import { knownPlatforms } from '../../src/consent/index.ts';

const lines = readFileSync(new URL('../../docs/consent-platforms.md', import.meta.url), 'utf8').split('\n');
const rows = lines
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  // The table of platforms has five columns.
  .filter((cells) => cells.length === 7);

/** Whether a row names this cookie, itself or by a `*`. */
function names(row: readonly string[], cookie: string): boolean {
  return [...(row[3] ?? '').matchAll(/`([^`]+)`/g)].some(([, name = '']) =>
    name.endsWith('*') ? cookie.startsWith(name.slice(0, -1)) : cookie === name,
  );
}

describe('docs/consent-platforms.md', () => {
  it('has a row for every platform, and none for others', () => {
    expect(rows.map((row) => row[1])).toEqual(knownPlatforms.map(({ name }) => `\`${name}\``));
  });

  it.each(knownPlatforms.map((platform) => [platform.name, platform] as const))(
    'names the cookies of %s, and whether it needs a mapping',
    (name, { cookies, needsMapping }) => {
      const row = rows.find((each) => each[1] === `\`${name}\``) ?? [];
      for (const cookie of cookies.split(', ').filter((each) => each !== '')) {
        expect([cookie, names(row, cookie)]).toEqual([cookie, true]);
      }
      expect(needsMapping && row[4] === '').toBe(false);
    },
  );

  it.each(Object.values(destinations).map((destination) => [destination.title, destination] as const))(
    'names the services of %s',
    (title, { services }) => {
      const [, , cell = ''] = lines.find((line) => line.startsWith(`| ${title} |`))?.split('|') ?? [];
      const written = services.map((name) => `\`${name}\``).join(', ');
      expect(cell.trim()).toBe(written || 'none: only you can say whose the receiver is');
    },
  );
});
