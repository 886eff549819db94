import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DeviceName } from '../mesh/model.ts';
import { ProgramFailed } from './exec.ts';
import type { Run } from './exec.ts';
import { bindUdp, findPortHolder } from './port-holder.ts';
import type { Bind, PortHolderDeps } from './port-holder.ts';

const signal = new AbortController().signal;
const OWN = 'pw-00000001' as DeviceName;
const asked = { port: 51820, device: OWN };
const noWireGuard: Run = async () => ({ stdout: '' });
let empty: string;
let sockets: Socket[];

beforeEach(async () => {
  empty = await mkdtemp(join(tmpdir(), 'peerwright-ports-'));
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.close();
  await rm(empty, { recursive: true });
});

test.each([
  { what: 'IPv4', type: 'udp4', address: '127.0.0.1' },
  { what: 'IPv6', type: 'udp6', address: '::1' },
  { what: 'both families', type: 'udp6', address: '::' },
] as const)('a port that a process holds for $what is taken by it', async ({ type, address }) => {
  const port = await take(type, address);
  expect(await findPortHolder({ port, device: OWN }, deps({}))).toMatch(new RegExp(`^\\S+ \\(pid ${process.pid}\\)$`));
});

test('a port that nobody holds is free, also right after it was tried', async () => {
  const port = await take('udp4', '127.0.0.1');
  const [socket] = sockets.splice(0);
  socket?.close();
  expect(await findPortHolder({ port, device: OWN }, deps({}))).toBeUndefined();
  expect(await findPortHolder({ port, device: OWN }, deps({}))).toBeUndefined();
});

test('a WireGuard interface is named, and whatever others called it cannot break the line', async () => {
  const run: Run = async () => ({ stdout: 'wg0\t51820\nwg\u001b\t51821\n' });
  const named = (port: number) => findPortHolder({ port, device: OWN }, deps({ run, bind: taken(4) }));
  expect(await named(51820)).toBe('the WireGuard interface wg0');
  expect(await named(51821)).toBe('the WireGuard interface wg?');
});

test("wireguard-go holds its device's port while the link is down, the kernel does not though it lists it", async () => {
  const run: Run = async () => ({ stdout: `${OWN}\t51820\n` });
  const given = { run, bind: taken(4), netFolder: empty };
  expect(await findPortHolder(asked, deps({ ...given, isUserspace: async () => true }))).toBeUndefined();
  expect(await findPortHolder(asked, deps({ ...given, isUserspace: async () => false }))).toBe('another process');
});

test.each([4, 6])('a holder that cannot be seen is another process (IPv%i)', async (family) => {
  const run: Run = () => Promise.reject(new ProgramFailed('wg', { exitCode: 1, stderr: 'Operation not permitted' }));
  expect(await findPortHolder(asked, deps({ run, bind: taken(family), netFolder: empty }))).toBe('another process');
});

test.each(['EACCES', 'EAFNOSUPPORT', 'EADDRNOTAVAIL'])(
  'a port that cannot be tried (%s) counts as free',
  async (code) => {
    expect(await findPortHolder(asked, deps({ bind: async () => code }))).toBeUndefined();
  },
);

function deps(given: Partial<PortHolderDeps>) {
  const isUserspace = async () => false;
  return { signal, run: noWireGuard, bind: bindUdp, isUserspace, netFolder: '/proc/net', ...given };
}

function taken(by: number): Bind {
  return async (_port, family) => (family === by ? 'EADDRINUSE' : undefined);
}

/** Holds a port that the system chose until the end of the test. */
async function take(type: 'udp4' | 'udp6', address: string): Promise<number> {
  const socket = createSocket(type);
  sockets.push(socket);
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket.address().port;
}
