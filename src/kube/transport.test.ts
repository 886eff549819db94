import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { fixedCredentials } from './credentials.ts';
import { Transport } from './transport.ts';

/** A connection to something on loopback that is broken in one way; not an API server. */
async function transportTo(listener: RequestListener, prefix = ''): Promise<Transport> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const connection = {
    server: `http://127.0.0.1:${port}${prefix}`,
    ca: undefined,
    credentials: fixedCredentials('tok'),
  };
  const transport = new Transport({ connection, connections: 2, userAgent: 'test' });
  onTestFinished(async () => {
    await transport.close();
    server.closeAllConnections();
    server.close();
  });
  return transport;
}

const signal = new AbortController().signal;
const call = { path: '/api', signal, what: 'get secrets net/a', secret: true } as const;

test('a read on a connection that is reset is asked once more, a write is not', async () => {
  const asked: string[] = [];
  const transport = await transportTo((request, response) => {
    asked.push(request.method ?? '');
    if (asked.length === 1 || request.method === 'POST') request.socket.destroy();
    else response.end('{"kind":"Pod"}');
  });
  expect(await transport.call({ ...call, method: 'GET' })).toEqual({ kind: 'Pod' });
  await expect(transport.call({ ...call, method: 'POST', body: {} })).rejects.toMatchObject({ code: 'ApiUnreachable' });
  expect(asked).toEqual(['GET', 'GET', 'POST']);
});

test('an API server behind another one is asked under its path', async () => {
  const asked: (string | undefined)[] = [];
  const transport = await transportTo((request, response) => {
    asked.push(request.url);
    response.end('{}');
  }, '/k8s/clusters/c-1/');
  await transport.call({ ...call, method: 'GET', path: '/version?a=b' });
  expect(asked).toEqual(['/k8s/clusters/c-1/version?a=b']);
});

test('an answer that is not JSON, or not HTTP, is refused without quoting it', async () => {
  const garbled = await transportTo((_, response) => response.end('{"data": hunter2}'));
  const broken = await transportTo((request) => request.socket.end('HTTP/1.1 hunter2\r\n\r\n'));
  const refused = await transportTo((_, response) => response.writeHead(500).end('hunter2'));
  for (const [transport, code] of [
    [garbled, 'ApiBadResponse'],
    [broken, 'ApiUnreachable'],
    [refused, 'ApiServerError'],
  ] as const) {
    const error: unknown = await transport.call({ ...call, method: 'GET' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
  }
});

test('an answer that never ends is given up after the time limit', async () => {
  const transport = await transportTo((_, response) => response.write('{"kind":'));
  await expect(transport.call({ ...call, method: 'GET', timeoutMs: 100 })).rejects.toMatchObject({
    code: 'ApiTimeout',
    reason: 'ClientTimeout',
  });
});
