import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CurrentPeer, DeviceName, Prefix, PublicKey } from '../../mesh/model.ts';
import { Secret } from '../../runtime/secret.ts';
import { fingerprintOf } from '../fingerprint.ts';
import { uapiWireGuard } from './uapi.ts';
import type { WireGuardChange } from './wireguard.ts';

const NAME = 'pw-00000001' as DeviceName;
const KEY = 'TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=' as PublicKey;
const HEX = Buffer.from(KEY, 'base64').toString('hex');
const OTHER = 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=' as PublicKey;
const PSK = new Secret(new Uint8Array(32).fill(9));
const signal = new AbortController().signal;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerwright-uapi-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('an answer that arrives in pieces is read whole, and of a preshared key its fingerprint', async () => {
  const pieces = [
    'listen_po',
    `rt=5184\npublic_k`,
    `ey=${HEX}\npreshared_key=${Buffer.from(PSK.reveal()).toString('hex')}\nrx_bytes=7\nallowed_ip=10.0.0.2/3`,
    '2\nendpoint=[2001:db8::7]:51820\npersistent_keepalive_interval=25\nerrno=',
    '0\n\n',
  ];
  await using _ = await serve(pieces);
  const peer: CurrentPeer = {
    publicKey: KEY,
    presharedKey: fingerprintOf(PSK),
    allowedIPs: ['10.0.0.2/32' as Prefix],
    endpoint: '[2001:db8::7]:51820',
    persistentKeepaliveSeconds: 25,
    rxBytes: 7,
    txBytes: 0,
  };
  expect(await uapiWireGuard(folder).read(NAME, signal)).toEqual({ listenPort: 5184, peers: new Map([[KEY, peer]]) });
});

test('a preshared key of nothing but zeros is none', async () => {
  await using _ = await serve([`public_key=${HEX}\npreshared_key=${'0'.repeat(64)}\nerrno=0\n\n`]);
  const { peers } = await uapiWireGuard(folder).read(NAME, signal);
  expect(peers.get(KEY)).not.toHaveProperty('presharedKey');
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
  const lines = await sent([{ type: 'RemoveAllowedIPs', publicKey: KEY, allowedIPs: ['10.0.0.2/32' as Prefix] }]);
  const [set, other, moved, again, remove] = lines;
  expect([set, moved, remove]).toEqual(['set=1', 'allowed_ip=10.0.0.2/32', 'remove=true']);
  expect(other).toBe(again);
  expect(lines.join()).not.toContain(HEX);
  expect(lines.join()).not.toContain('replace');
});

test('an AllowedIP that moves from one peer to another is one step of one message', async () => {
  const route = '10.7.0.0/16' as Prefix;
  const lines = await sent([
    { type: 'RemoveAllowedIPs', publicKey: OTHER, allowedIPs: [route] },
    { type: 'AddAllowedIPs', publicKey: KEY, allowedIPs: [route] },
  ]);
  expect(lines).toEqual(['set=1', `public_key=${HEX}`, 'update_only=true', `allowed_ip=${route}`]);
});

test('a peer is added with all that it has', async () => {
  const peer = {
    publicKey: KEY,
    allowedIPs: ['10.0.0.2/32' as Prefix],
    presharedKey: fingerprintOf(PSK),
    endpoint: '192.0.2.1:51820',
    persistentKeepaliveSeconds: 25,
  };
  expect(await sent([{ type: 'AddPeer', peer }])).toEqual([
    'set=1',
    `public_key=${HEX}`,
    `preshared_key=${Buffer.from(PSK.reveal()).toString('hex')}`,
    'endpoint=192.0.2.1:51820',
    'persistent_keepalive_interval=25',
    'allowed_ip=10.0.0.2/32',
  ]);
});

test('a setting of a live peer is set without anything else of it', async () => {
  const live = [`public_key=${HEX}`, 'update_only=true'];
  const lines = await sent([
    { type: 'SetPresharedKey', publicKey: KEY, presharedKey: 'none' },
    { type: 'SetEndpoint', publicKey: KEY, endpoint: '[2001:db8::7]:51820' },
    { type: 'SetKeepalive', publicKey: KEY, persistentKeepaliveSeconds: 0 },
  ]);
  expect(lines).toEqual([
    'set=1',
    ...live,
    `preshared_key=${'0'.repeat(64)}`,
    ...live,
    'endpoint=[2001:db8::7]:51820',
    ...live,
    'persistent_keepalive_interval=0',
  ]);
});

test.each(['host.example:51820', '192.0.2.1:51820\nprivate_key=0'])(
  'an endpoint that is no address and port goes nowhere: %j',
  async (endpoint) => {
    await expect(sent([{ type: 'SetEndpoint', publicKey: KEY, endpoint }])).rejects.toThrow('no address and port');
  },
);

/** The lines of the message in which the changes are made. */
async function sent(changes: readonly WireGuardChange[]): Promise<string[]> {
  await using server = await serve(['errno=0\n\n']);
  await uapiWireGuard(folder).change({ device: NAME, changes, presharedKey: () => PSK }, signal);
  return server.received().trimEnd().split('\n');
}

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
