import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { Unsendable } from '../../src/delivery/attempt.ts';
import { isPublic } from '../../src/platform/node/addresses.ts';
import { Pool } from '../../src/platform/node/pool.ts';
import { MAX_BODY, ReplyParser } from '../../src/platform/node/reply-parser.ts';
import { createSend, sinkOf, type NodeSend } from '../../src/platform/node/send.ts';
import { startRecorder } from '../support/recorder.ts';

const cleanUp: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanUp.splice(0).toReversed()) await end();
});

/** A server that does with each connection what the test says. */
async function serve(
  handle: (socket: Socket, connection: number) => void,
): Promise<{ url: string; port: number; connections: () => number }> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    handle(socket, ++connections);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, port, connections: () => connections };
}

function sender(sink: string, more: { timeoutMs?: number } = {}): NodeSend {
  const send = createSend({ sink, version: '1.2.3', ...more });
  cleanUp.push(() => send.close());
  return send;
}

const HOSTS = ['vendor.example.com'];
const get = (headers: Record<string, string> = {}) => ({
  method: 'GET' as const,
  url: 'https://vendor.example.com/p?q=1',
  headers,
});

describe('to a sink (design 7.3)', () => {
  it('method, path, query, headers and body arrive unchanged behind the vendor host', async () => {
    const sink = await startRecorder();
    cleanUp.push(sink.close);
    const send = sender(sink.url);
    await send(
      {
        method: 'POST',
        url: 'https://vendor.example.com/a/b%20c?x=%C3%A6&y',
        headers: { 'content-type': 'application/json', 'X-Own': 'æ' },
        body: '{"n":"blåbær"}',
      },
      HOSTS,
    );
    await send(
      { method: 'GET', url: 'https://vendor.example.com?only=query', headers: { 'user-agent': 'Mozilla/5.0 (X)' } },
      HOSTS,
    );
    const [post, plain] = sink.requests;
    expect(post).toMatchObject({
      method: 'POST',
      host: 'vendor.example.com',
      path: '/a/b%20c',
      query: 'x=%C3%A6&y',
      body: '{"n":"blåbær"}',
    });
    expect(post?.headers).toEqual({
      host: sink.url.slice(7),
      'content-type': 'application/json',
      'x-own': 'æ',
      'user-agent': 'portvakt/1.2.3',
      'content-length': String(Buffer.byteLength('{"n":"blåbær"}')),
    });
    expect(plain).toMatchObject({ path: '/', query: 'only=query', body: '' });
    expect(plain?.headers).toEqual({ host: sink.url.slice(7), 'user-agent': 'Mozilla/5.0 (X)' });
  });

  it('is on this machine, or is refused', () => {
    for (const sink of [
      'http://10.0.0.1:80',
      'https://127.0.0.1:1',
      'http://127.0.0.1',
      'http://example.com:80',
      'http://127.0.0.1.example.com:80',
      'http://127.0.0.1:99999',
    ]) {
      expect(() => sinkOf(sink)).toThrow(TypeError);
    }
    for (const sink of ['http://127.0.0.1:8080', 'http://[::1]:1', 'http://localhost:65535/'])
      expect(() => sinkOf(sink)).not.toThrow();
  });
});

describe('what is not sent (R67-R69)', () => {
  const send = () => sender('http://127.0.0.1:9');
  it.each([
    'http://vendor.example.com/',
    'https://other.example.com/',
    'https://vendor.example.com.evil.example/',
    'https://vendor.example.com@evil.example/',
    'https://evil.example/https://vendor.example.com/',
    'https://vendor.example.com:8443/',
    'https://vendor.example.com\\@evil.example/',
    'https://vendor.example.com/a b',
    'https://vendor.example.com/a\r\nx: y',
  ])('%j', async (url) => {
    await expect(send()({ method: 'GET', url, headers: {} }, HOSTS)).rejects.toBeInstanceOf(Unsendable);
  });
  it.each([
    ['x', 'a\r\ny: b'],
    ['x', 'a\nb'],
    ['x', 'a\0b'],
    ['x y', 'a'],
    ['x', '日本'],
    ['Host', 'evil.example'],
    ['transfer-encoding', 'chunked'],
    ['content-length', '5'],
  ])('header %j: %j', async (name, value) => {
    await expect(send()(get({ [name]: value }), HOSTS)).rejects.toBeInstanceOf(Unsendable);
  });
});

describe('addresses (R68)', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fc00::1',
    'fd12::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '64:ff9b::a00:1',
    '2002:7f00:1::',
    '2001:db8::1',
    'localhost',
    '2130706433x',
    '',
  ])('%s is refused', (address) => expect(isPublic(address)).toBe(false));
  it.each(['8.8.8.8', '142.250.74.78', '2a00:1450:400f:80d::200e', '64:ff9b::8efa:4a4e'])(
    "%s is a vendor's",
    (address) => expect(isPublic(address)).toBe(true),
  );

  it('a name that leads to this machine is refused without a sink', async () => {
    const send = createSend({ version: '0' });
    cleanUp.push(() => send.close());
    await expect(send({ method: 'GET', url: 'https://localhost/', headers: {} }, ['localhost'])).rejects.toMatchObject({
      code: 'EADDRREFUSED',
    });
  });
});

describe('TLS (R81)', () => {
  const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');
  async function tlsServer(): Promise<number> {
    const server = createTlsServer({ key: fixture('self-signed.key'), cert: fixture('self-signed.crt') }, (socket) => {
      socket.on('error', () => {});
      socket.on('data', () => socket.write('HTTP/1.1 204 No Content\r\n\r\n'));
    });
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanUp.push(() => void server.close());
    return (server.address() as { port: number }).port;
  }
  const lookup = ((_: string, options: { all?: boolean }, callback: (...args: unknown[]) => void) =>
    options.all === true
      ? callback(null, [{ address: '127.0.0.1', family: 4 }])
      : callback(null, '127.0.0.1', 4)) as never;
  const poolTo = (port: number, host: string, ca?: string) => {
    const pool = new Pool(
      { host, port, tls: true },
      { timeoutMs: 5000, idleMs: 5000, lookup, ...(ca === undefined ? {} : { ca }) },
    );
    cleanUp.push(() => pool.close());
    return pool;
  };
  const HEAD = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';

  it('refuses a self-signed certificate, and one for another name; takes a trusted one', async () => {
    const port = await tlsServer();
    await expect(poolTo(port, 'vendor.example.com').send(HEAD, undefined, false)).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    const ca = fixture('self-signed.crt');
    await expect(poolTo(port, 'other.example.com', ca).send(HEAD, undefined, false)).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    const trusting = poolTo(port, 'vendor.example.com', ca);
    expect(await trusting.send(HEAD, undefined, false)).toMatchObject({ status: 204 });
    expect(await trusting.send(HEAD, undefined, false)).toMatchObject({ status: 204 });
  });
});

describe('answers (R56, R74)', () => {
  it('a redirect is an answer, not an order', async () => {
    const server = await serve((socket) =>
      socket.on('data', () =>
        socket.write('HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n'),
      ),
    );
    expect(await sender(server.url)(get(), HOSTS)).toMatchObject({
      status: 302,
      headers: { location: 'http://169.254.169.254/' },
      body: '',
    });
    expect(server.connections()).toBe(1);
  });

  it('reads 64 KiB of a gigabyte, then hangs up', async () => {
    let written = 0;
    const server = await serve((socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${2 ** 30}\r\n\r\n`);
        const chunk = Buffer.alloc(64 * 1024, 'x');
        const more = () => {
          while (!socket.destroyed && socket.write(chunk)) written += chunk.length;
        };
        socket.on('drain', more);
        more();
      });
    });
    const reply = await sender(server.url)(get(), HOSTS);
    expect(reply.body.length).toBe(MAX_BODY);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(written).toBeLessThan(64 * 2 ** 20);
  });

  it('gives up on a body that trickles', async () => {
    const server = await serve((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n');
        const timer = setInterval(() => socket.write('x'), 100);
        socket.on('close', () => clearInterval(timer));
      });
    });
    await expect(sender(server.url, { timeoutMs: 600 })(get(), HOSTS)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('reuses a connection, and opens another when the vendor has closed it meanwhile', async () => {
    const server = await serve((socket) => {
      let answered = 0;
      socket.on('data', () => {
        if (++answered === 3) socket.destroy();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    });
    const send = sender(server.url);
    for (let i = 0; i < 4; i++) expect(await send(get(), HOSTS)).toMatchObject({ status: 200, body: 'ok' });
    expect(server.connections()).toBe(2);
  });

  it('does not send twice what a new connection lost', async () => {
    const server = await serve((socket) => socket.on('data', () => socket.destroy()));
    await expect(sender(server.url)(get(), HOSTS)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(server.connections()).toBe(1);
  });

  it.each([
    ['both lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'],
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['a bad chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['a header without name', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n'],
    ['a head without end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(40_000)}`],
  ])('%s: not an answer', async (_, text) => {
    const server = await serve((socket) => socket.once('data', () => socket.write(text)));
    await expect(sender(server.url)(get(), HOSTS)).rejects.toMatchObject({ code: 'EBADREPLY' });
  });

  it('reads the same answer however it is cut into pieces', () => {
    const answers: [string, object, boolean][] = [
      ['HTTP/1.1 204 No Content\r\n\r\n', { status: 204, body: '' }, true],
      [
        'HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\nContent-Length: 7\r\n\r\nblåbær',
        { status: 200, body: 'blåbæ', headers: { a: '1, 2', 'content-length': '7' } },
        false,
      ],
      [
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0A\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n',
        { status: 200, body: 'abc0123456789' },
        true,
      ],
      [
        'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx',
        { status: 200, body: 'x' },
        true,
      ],
      ['HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx', { status: 200, body: 'x' }, false],
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...answers),
        fc.array(fc.nat(120), { maxLength: 6 }),
        ([text, expected, reusable], cuts) => {
          const bytes = Buffer.from(text);
          const parser = new ReplyParser();
          const places = [...cuts.filter((cut) => cut < bytes.length), bytes.length].toSorted((a, b) => a - b);
          let from = 0;
          let done = false;
          for (const to of places) {
            if (to > from) done = parser.feed(bytes.subarray(from, to)) || done;
            from = Math.max(from, to);
          }
          expect(done).toBe(true);
          expect(parser.reply(0)).toMatchObject(expected);
          expect(parser.reusable).toBe(reusable);
        },
      ),
    );
  });

  it('reads an answer that ends with the connection', async () => {
    const server = await serve((socket) => socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nall of it')));
    expect(await sender(server.url)(get(), HOSTS)).toMatchObject({ status: 200, body: 'all of it' });
  });
});
