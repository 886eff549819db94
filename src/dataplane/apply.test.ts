import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DeviceName, Operation, Prefix, PublicKey } from '../mesh/model.ts';
import { Secret } from '../runtime/secret.ts';
import { ProgramFailed } from './exec.ts';
import type { Run, RunOptions } from './exec.ts';
import { linuxDataplane } from './linux.ts';
import type { DeviceRules, KeysOf } from './port.ts';

const NAME = 'pw-00000001' as DeviceName;
const KEY = 'TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=' as PublicKey;
const OTHER_KEY = 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=' as PublicKey;
const signal = new AbortController().signal;
const create: Operation = { type: 'CreateLink', alias: 'peerwright:net/edge', mtu: 1420 };

test('a kernel with WireGuard gets link, mark and MTU in one request and the rest in as few as order allows', async () => {
  const calls = await kernelRun([
    create,
    { type: 'SetKey', publicKey: KEY },
    { type: 'SetListenPort', listenPort: 51840 },
    { type: 'AddAddress', address: 'fd00::1/128' as Prefix },
    { type: 'AddPeer', peer: { publicKey: KEY, allowedIPs: ['10.0.0.2/32' as Prefix], persistentKeepaliveSeconds: 0 } },
    { type: 'RemovePeer', publicKey: KEY },
    { type: 'LinkUp' },
    { type: 'AddRoute', prefix: '10.0.0.0/16' as Prefix },
  ]);
  expect(calls).toEqual([
    `ip -batch - < link add dev ${NAME} group 157 mtu 1420 type wireguard; link set dev ${NAME} alias peerwright:net/edge`,
    `wg set ${NAME} private-key /dev/fd/3`,
    `wg set ${NAME} listen-port 51840`,
    `ip -batch - < address add fd00::1/128 dev ${NAME} nodad`,
    `wg set ${NAME} peer ${KEY} allowed-ips 10.0.0.2/32 peer ${KEY} remove`,
    'ip -json -N route show table all',
    `ip -batch - < link set dev ${NAME} up; route add 10.0.0.0/16 dev ${NAME} proto 157`,
  ]);
});

test('a route that moves between peers is one call, whatever else changes, and the kernel route is not touched', async () => {
  const route = '10.7.0.0/16' as Prefix;
  const operations: Operation[] = [
    { type: 'RemoveAllowedIPs', publicKey: KEY, allowedIPs: [route] },
    { type: 'AddPeer', peer: { publicKey: OTHER_KEY, allowedIPs: [route], persistentKeepaliveSeconds: 25 } },
    { type: 'SetMtu', mtu: 1380 },
  ];
  const calls = await kernelRun(operations, KERNEL_LINK);
  expect(calls).toEqual([
    `wg set ${NAME} peer ${OTHER_KEY} persistent-keepalive 25 allowed-ips ${route}`,
    `ip -batch - < link set dev ${NAME} mtu 1380`,
  ]);
});

test('without the privilege there is a problem with the answer of the kernel, and userspace is not tried', async () => {
  const run = scripted((line) => (line.includes('link add') ? 'RTNETLINK answers: Operation not permitted' : ''));
  const folder = await mkdtemp(join(tmpdir(), 'peerwright-apply-'));
  const dataplane = linuxDataplane({ run, userspaceFolder: join(folder, 'userspace'), uapiFolder: folder });
  const problems = await dataplane.apply({ device: NAME, operations: [create] }, noKeys, signal);
  await rm(folder, { recursive: true });
  expect(problems).toEqual([
    {
      code: 'WireGuardUnavailable',
      message: expect.stringContaining('RTNETLINK answers: Operation not permitted'),
    },
  ]);
});

test('the first refused operation ends the plan', async () => {
  const run = scripted((line) => (line.includes('mtu 1') ? 'RTNETLINK answers: Invalid argument' : ''));
  const operations: Operation[] = [{ type: 'SetMtu', mtu: 1 }, { type: 'DeleteLink' }];
  const lines: string[] = [];
  const logged: Run = (program, args, options) => (
    lines.push(lineOf(program, args, options)),
    run(program, args, options)
  );
  const problems = await linuxDataplane({ run: logged }).apply({ device: NAME, operations }, noKeys, signal);
  expect(problems).toEqual([{ code: 'DeviceFailed', message: expect.stringContaining('Invalid argument') }]);
  expect(lines.filter((line) => line.includes('link delete'))).toEqual([]);
});

test('a listen port that is refused keeps no revoked peer on the device', async () => {
  const lines: string[] = [];
  const run: Run = async (program, args, options) => {
    const line = lineOf(program, args, options);
    if (line.includes('listen-port'))
      throw new ProgramFailed(program, { exitCode: 1, stderr: 'Address already in use' });
    lines.push(line);
    return { stdout: line.includes('address show') ? KERNEL_LINK : '' };
  };
  const operations: Operation[] = [
    { type: 'RemovePeer', publicKey: KEY },
    { type: 'SetListenPort', listenPort: 51841 },
    { type: 'AddPeer', peer: { publicKey: OTHER_KEY, allowedIPs: [], persistentKeepaliveSeconds: 0 } },
  ];
  const problems = await linuxDataplane({ run }).apply({ device: NAME, operations }, noKeys, signal);
  expect(problems).toEqual([{ code: 'DeviceFailed', message: expect.stringContaining('Address already in use') }]);
  expect(lines.filter((line) => line.startsWith('wg set'))).toEqual([`wg set ${NAME} peer ${KEY} remove`]);
});

const KERNEL_LINK = `${JSON.stringify([
  { ifname: NAME, ifalias: 'peerwright:net/edge', flags: [], mtu: 1420, linkinfo: { info_kind: 'wireguard' } },
])}\n[]`;

const EMPTY_TABLE = '{"nftables": []}';

/** Runs a plan against a kernel that has WireGuard and does all it is asked; gives the programs it started. */
async function kernelRun(operations: readonly Operation[], link = ''): Promise<string[]> {
  const calls: string[] = [];
  const answer = scripted(() => '');
  const run: Run = (program, args, options) => {
    const line = lineOf(program, args, options);
    const asksForLink = line.includes('address show');
    if (asksForLink && link !== '') return Promise.resolve({ stdout: link });
    if (program === 'nft') return Promise.resolve({ stdout: EMPTY_TABLE });
    if (!asksForLink) calls.push(line);
    return answer(program, args, options);
  };
  const dataplane = linuxDataplane({ run });
  await dataplane.firewall({ devices: [RULES] }, signal);
  const keys = { ...noKeys, privateKey: () => new Secret(new Uint8Array(32).fill(7)) };
  expect(await dataplane.apply({ device: NAME, operations }, keys, signal)).toEqual([]);
  return calls;
}

/** `refusal` gives what the program says when it fails, or nothing. */
function scripted(refusal: (line: string) => string): Run {
  return async (program, args, options) => {
    const line = lineOf(program, args, options);
    const stderr = line.includes('address show') ? 'Device does not exist.' : refusal(line);
    if (stderr !== '') throw new ProgramFailed(program, { exitCode: 1, stderr });
    return { stdout: '' };
  };
}

function lineOf(program: string, args: readonly string[], { input }: RunOptions): string {
  const given = input === undefined ? '' : ` < ${input.trim().replaceAll('\n', '; ')}`;
  return `${program} ${args.join(' ')}${given}`;
}

function noKey(): never {
  throw new Error('no key was expected to be needed');
}

const noKeys: KeysOf = { privateKey: noKey, presharedKey: noKey };

const RULES: DeviceRules = {
  name: NAME,
  addresses: [],
  pools: [],
  routes: [],
  peerRoutes: [],
  masquerade: 'Enabled',
  peerTraffic: 'Isolated',
  mtu: 1420,
};
