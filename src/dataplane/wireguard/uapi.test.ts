import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DeviceName, Prefix, PublicKey } from '../../mesh/model.ts';
import { Secret } from '../../runtime/secret.ts';
import { uapiWireGuard } from './uapi.ts';

const NAME = 'pw-00000001' as DeviceName;
const KEY = 'TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=' as PublicKey;
const signal = new AbortController().signal;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerwright-uapi-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('an answer that arrives in pieces is read whole', async () => {
  const hex = '4eb32f4a83f88d842563a448cc181bb2c42a637bf12363e2fb2ef594e5965d7d';
  const pieces = [
    'listen_po',
    `rt=5184\npublic_k`,
    `ey=${hex}\nrx_bytes=7\nallowed_ip=10.0.0.2/3`,
    '2\nerrno=',
    '0\n\n',
  ];
  await using _ = await serve(pieces);
  expect(await uapiWireGuard(folder).read(NAME, signal)).toEqual({
    listenPort: 5184,
    peers: new Map([[KEY, { publicKey: KEY, allowedIPs: ['10.0.0.2/32'], rxBytes: 7, txBytes: 0 }]]),
  });
});

test('a refused key is an error without the key', async () => {
  await using _ = await serve(['errno=-22\n\n']);
  const bytes = Buffer.alloc(32, 0x5a);
  const error: unknown = await uapiWireGuard(folder)
    .setKey(NAME, new Secret(bytes), signal)
    .catch((it: unknown) => it);
  expect(error).toMatchObject({ errno: -22, message: expect.stringContaining('invalid value') });
  expect(`${String(error)}${JSON.stringify(error)}`).not.toContain(bytes.toString('hex'));
});

test('an answer that breaks off is an error', async () => {
  await using _ = await serve(['listen_port=1\n'], true);
  await expect(uapiWireGuard(folder).read(NAME, signal)).rejects.toThrow('does not answer');
});

test('nobody at the socket is an error', async () => {
  await expect(uapiWireGuard(folder).read(NAME, signal)).rejects.toMatchObject({ code: 'UapiUnreachable' });
});

test('an AllowedIP leaves a peer by way of another one, and no peer is replaced', async () => {
  await using server = await serve(['errno=0\n\n']);
  const allowedIPs = ['10.0.0.2/32' as Prefix];
  await uapiWireGuard(folder).change(NAME, [{ type: 'RemoveAllowedIPs', publicKey: KEY, allowedIPs }], signal);
  const [set, other, moved, again, remove] = server.received().split('\n');
  expect([set, moved, remove]).toEqual(['set=1', 'allowed_ip=10.0.0.2/32', 'remove=true']);
  expect(other).toBe(again);
  expect(server.received()).not.toContain(Buffer.from(KEY, 'base64').toString('hex'));
  expect(server.received()).not.toContain('replace');
});

/** Answers the first request with `pieces`, one write each. */
async function serve(pieces: readonly string[], breakOff = false) {
  let received = '';
  const server = createServer((socket) => {
    socket.on('data', (chunk) => {
      received += chunk.toString();
      if (!received.endsWith('\n\n')) return;
      for (const piece of pieces) socket.write(piece);
      if (breakOff) socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(join(folder, `${NAME}.sock`), resolve));
  return {
    received: () => received,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}
