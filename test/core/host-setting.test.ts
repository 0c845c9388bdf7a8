import { describe, expect, it } from 'vitest';
import { host } from '../../src/core/host-setting.ts';

// `destinations/http.md` 4: hosts are texts of the configuration, and names only. The addresses behind a name are
// checked when a connection is made (test/platform/send.test.ts).

describe('a host in the settings', () => {
  it.each(['collect.example.com', 'hook.eu1.make.com', 'a-b.example.no', 'xn--blbr-roah.example', 'x.co'])(
    '%s is a name',
    (name) => expect(host().parse(name)).toBe(name),
  );

  it.each([
    ['', undefined],
    ['localhost', undefined],
    ['intranet', undefined],
    ['db.localhost', undefined],
    ['printer.local', undefined],
    ['metadata.google.internal', undefined],
    ['nas.home.arpa', undefined],
    ['127.0.0.1', undefined],
    ['10.1', undefined],
    ['0x7f.1', undefined],
    ['1.0x7f', undefined],
    ['[::1]', undefined],
    ['collect.example.com:8443', undefined],
    ['user@', undefined],
    ['*.example.com', undefined],
    ['a..example.com', undefined],
    ['-a.example.com', undefined],
    [`${'a'.repeat(64)}.example.com`, undefined],
    [`${'a.'.repeat(130)}com`, undefined],
    ['${HOST}', undefined],
    ['Collect.Example.com', 'collect.example.com'],
    [' collect.example.com\n', 'collect.example.com'],
    ['https://collect.example.com/in?x=1', 'collect.example.com'],
    ['https://kari@collect.example.com/', 'collect.example.com'],
    ['blåbær.example', 'xn--blbr-roah.example'],
    ['http://127.1/', undefined],
  ])('%j is none, and %s is what may be meant', (text, meant) => {
    const { error } = host().safeParse(text);
    expect(error?.issues).toHaveLength(1);
    const [issue] = error?.issues ?? [];
    expect(issue?.message).toContain('e.g. collect.example.com');
    expect(issue !== undefined && 'params' in issue ? issue.params?.['instead'] : undefined).toBe(meant);
  });
});
