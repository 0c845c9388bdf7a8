import { describe, expect, it } from 'vitest';
import { curlRequest, shellWords } from '../../src/cli/curl.ts';
import { readRequests } from '../../src/cli/written-request.ts';
import { UsageError } from '../../src/cli/args.ts';

describe('shell words', () => {
  it.each([
    ["curl 'a b' c", ['curl', 'a b', 'c']],
    ['curl "a \\"b\\" $x"', ['curl', 'a "b" $x']],
    ["curl $'a\\'b\\n\\u00e6'", ['curl', "a'b\næ"]],
    ["curl 'it'\\''s'", ['curl', "it's"]],
    ['curl a \\\n  -H b', ['curl', 'a', '-H', 'b']],
    ['curl a \\\r\n -H b', ['curl', 'a', '-H', 'b']],
    ["curl ''", ['curl', '']],
    ['curl "a\\nb"', ['curl', 'a\\nb']],
  ])('%j', (line, words) => {
    expect(shellWords(line)).toEqual(words);
  });
});

describe('a curl command', () => {
  const read = (line: string) => curlRequest(shellWords(line).slice(1));

  it('as browsers copy it', () => {
    const request = read(
      "curl 'https://m.example.no/g/collect?v=2' -X 'POST' -H 'Origin: https://shop.example.no' -b 'a=1; b=2' -A 'Mozilla' --compressed --data-raw $'en=a\\r\\nen=b'",
    );
    expect(request).toEqual({
      method: 'POST',
      url: 'https://m.example.no/g/collect?v=2',
      headers: [
        ['Origin', 'https://shop.example.no'],
        ['cookie', 'a=1; b=2'],
        ['user-agent', 'Mozilla'],
      ],
      body: 'en=a\r\nen=b',
    });
  });

  it('a body makes it a POST, --json says what it is', () => {
    expect(read("curl m.example.no/v1/events --json '{}'")).toMatchObject({
      method: 'POST',
      headers: [['content-type', 'application/json']],
      body: '{}',
    });
    expect(read('curl https://m.example.no/x').method).toBe('GET');
    expect(read('curl -XPUT -d a -d b https://m.example.no/x')).toMatchObject({ method: 'PUT', body: 'a&b' });
    expect(read('curl --data=a=1 -o out -s -k https://m.example.no/x')).toMatchObject({
      method: 'POST',
      body: 'a=1',
      url: 'https://m.example.no/x',
    });
  });

  it.each(['curl -d @file https://m.example.no', 'curl -s', 'curl https://m.example.no -H'])(
    '%s cannot be read',
    (line) => {
      expect(() => read(line)).toThrow(UsageError);
    },
  );
});

describe('requests in a file', () => {
  it('as they go over the wire', () => {
    expect(
      readRequests('POST /g/collect?v=2 HTTP/1.1\r\nHost: m.example.no\r\nCookie: a=1\r\n\r\nen=a\r\nen=b\r\n'),
    ).toEqual([
      {
        method: 'POST',
        url: 'https://m.example.no/g/collect?v=2',
        headers: [
          ['Host', 'm.example.no'],
          ['Cookie', 'a=1'],
        ],
        body: 'en=a\r\nen=b',
      },
    ]);
  });

  it('a HAR, every entry with its time; cookies from the list where the header was left out', () => {
    const entry = (headers: object[]) => ({
      startedDateTime: '2026-11-20T10:00:00.000Z',
      request: {
        method: 'GET',
        url: 'https://m.example.no/g/collect?v=2',
        headers,
        cookies: [{ name: 'a', value: '1' }],
      },
    });
    const har = { log: { entries: [entry([]), entry([{ name: 'Cookie', value: 'b=2' }]), { request: {} }] } };
    const read = readRequests(JSON.stringify(har));
    expect(read.map(({ headers }) => headers)).toEqual([[['cookie', 'a=1']], [['Cookie', 'b=2']]]);
    expect(read[0]?.at).toBe(Date.UTC(2026, 10, 20, 10));
  });

  it.each(['{}', '{"log":1}', '{', 'hello', '', 'GET /x HTTP/1.1\n\n'])('%j is none', (text) => {
    expect(() => readRequests(text)).toThrow(UsageError);
  });
});
