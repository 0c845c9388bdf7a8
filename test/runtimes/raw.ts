import { connect } from 'node:net';

/** What came back on a connection. */
export interface RawAnswer {
  readonly status: number;
  readonly setCookies: readonly string[];
}

/**
 * Sends a request byte by byte as it stands: what clients for tests would correct is what is to be tested. The text is one
 * byte a character. Undefined = the connection was cut before there was an answer.
 */
export function sendRaw(url: string, head: readonly string[], body = ''): Promise<RawAnswer | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    const end = (): void => {
      const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
      const setCookies = [...text.matchAll(/^set-cookie: (.*?)\r$/gim)].map(([, line = '']) => line);
      resolve(status === undefined ? undefined : { status: Number(status), setCookies });
      socket.destroy();
    };
    socket.setTimeout(15_000, end);
    socket.on('error', end);
    socket.on('close', end);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (text.includes('\r\n\r\n')) end();
    });
    socket.on('connect', () => {
      const lines = body === '' ? head : [...head, `content-length: ${body.length}`];
      socket.write(Buffer.from(`${[...lines, 'connection: close'].join('\r\n')}\r\n\r\n${body}`, 'latin1'));
    });
  });
}
