import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { DeviceName, Prefix, PublicKey } from '../../mesh/model.ts';
import { Secret } from '../../runtime/secret.ts';
import { run as systemRun } from '../exec.ts';
import type { Run } from '../exec.ts';
import { fingerprintOf } from '../fingerprint.ts';
import { kernelWireGuard } from './kernel.ts';
import type { WireGuardChange } from './wireguard.ts';

const NAME = 'pw-00000001' as DeviceName;
const [A, B] = ['A=' as PublicKey, 'B=' as PublicKey];
const list = (...prefixes: string[]) => prefixes as Prefix[];
const psk = (byte: number) => new Secret(new Uint8Array(32).fill(byte));
const KEYS = new Map([
  [fingerprintOf(psk(1)), psk(1)],
  [fingerprintOf(psk(2)), psk(2)],
]);
const signal = new AbortController().signal;
const OLD = '1.0.20210914';
const NEW = '1.0.20250521';

const MOVE: WireGuardChange[] = [
  { type: 'RemoveAllowedIPs', publicKey: A, allowedIPs: list('10.7.0.0/16') },
  { type: 'AddAllowedIPs', publicKey: B, allowedIPs: list('10.7.0.0/16') },
];

test('a move is one call of a program that can add', async () => {
  const { calls } = await changed(NEW, MOVE);
  expect(calls).toEqual([`set ${NAME} peer B= allowed-ips +10.7.0.0/16`]);
});

test('a move is one call of a program that can only replace a list, which then loses nothing', async () => {
  const { calls } = await changed(OLD, MOVE);
  expect(calls).toEqual([`show ${NAME} dump`, `set ${NAME} peer B= allowed-ips 10.0.0.3/32,10.7.0.0/16`]);
});

test('with such a program, lists follow the changes before them, and a peer that is gone stays so', async () => {
  const { calls } = await changed(OLD, [
    { type: 'AddAllowedIPs', publicKey: A, allowedIPs: list('10.0.0.3/32') },
    { type: 'AddAllowedIPs', publicKey: B, allowedIPs: list('10.0.0.2/32') },
    { type: 'AddAllowedIPs', publicKey: 'C=' as PublicKey, allowedIPs: list('10.9.0.0/16') },
  ]);
  expect(calls.slice(1)).toEqual([
    `set ${NAME} peer A= allowed-ips 10.0.0.2/32,10.7.0.0/16,10.0.0.3/32 peer B= allowed-ips 10.0.0.2/32`,
  ]);
});

test('the program is asked once what it can do', async () => {
  const { wireGuard, asked } = await changed(NEW, MOVE);
  await wireGuard.change({ device: NAME, changes: MOVE, presharedKey: () => psk(1) }, signal);
  expect(asked()).toBe(1);
});

test('preshared keys are read from files of their own, and never from arguments', async () => {
  const peer = { publicKey: A, allowedIPs: list('10.0.0.2/32'), persistentKeepaliveSeconds: 25 };
  const { calls, secrets } = await changed(OLD, [
    { type: 'AddPeer', peer: { ...peer, presharedKey: fingerprintOf(psk(1)), endpoint: '[2001:db8::7]:51820' } },
    { type: 'SetPresharedKey', publicKey: B, presharedKey: fingerprintOf(psk(2)) },
    { type: 'SetPresharedKey', publicKey: 'C=' as PublicKey, presharedKey: 'none' },
    { type: 'SetEndpoint', publicKey: B, endpoint: '192.0.2.1:51820' },
    { type: 'SetKeepalive', publicKey: B, persistentKeepaliveSeconds: 0 },
  ]);
  expect(calls).toEqual([
    `set ${NAME} peer A= preshared-key /dev/fd/3 endpoint [2001:db8::7]:51820 persistent-keepalive 25 ` +
      'allowed-ips 10.0.0.2/32 peer B= preshared-key /dev/fd/4 peer C= preshared-key /dev/null ' +
      'peer B= endpoint 192.0.2.1:51820 peer B= persistent-keepalive 0',
  ]);
  expect(secrets).toEqual([psk(1), psk(2)].map((key) => Buffer.from(key.reveal()).toString('base64')));
});

test('what a program says about a call that holds keys is withheld', async () => {
  const failing: Run = (_program, _args, options) => systemRun('sh', ['-c', 'cat <&3 >&2; exit 1'], options);
  const changes: WireGuardChange[] = [{ type: 'SetPresharedKey', publicKey: A, presharedKey: fingerprintOf(psk(1)) }];
  const error: unknown = await kernelWireGuard(failing)
    .change({ device: NAME, changes, presharedKey: () => psk(1) }, signal)
    .catch((it: unknown) => it);
  expect(error).toMatchObject({ stderr: expect.stringContaining('withheld') });
});

test('many changes are as many calls as they need, each with the keys that it names', async () => {
  const presharedKey = fingerprintOf(psk(1));
  const changes = Array.from({ length: 201 }, (_, index): WireGuardChange => ({
    type: 'SetPresharedKey',
    publicKey: `P${index}=` as PublicKey,
    presharedKey,
  }));
  const { calls, secrets } = await changed(NEW, changes);
  expect(calls).toHaveLength(2);
  expect(calls[1]).toBe(`set ${NAME} peer P200= preshared-key /dev/fd/3`);
  expect(secrets).toHaveLength(201);
});

/** Carries the changes out with a `wg` of some version on a device with two peers; its calls, and what it finds in files. */
async function changed(version: string, changes: readonly WireGuardChange[]) {
  const calls: string[] = [];
  const secrets: string[] = [];
  let asked = 0;
  const run: Run = async (_program, args, { descriptors = [] }) => {
    if (args[0] === '--version') {
      asked++;
      return { stdout: `wireguard-tools v${version} - https://git.zx2c4.com/` };
    }
    calls.push(args.join(' '));
    for (const descriptor of descriptors) secrets.push(readFileSync(`/proc/self/fd/${descriptor}`, 'utf8'));
    return { stdout: DUMP };
  };
  const wireGuard = kernelWireGuard(run);
  const presharedKey = (_: PublicKey, fingerprint: string) => {
    const key = [...KEYS].find(([known]) => known === fingerprint)?.[1];
    if (key === undefined) throw new Error('no such key');
    return key;
  };
  await wireGuard.change({ device: NAME, changes, presharedKey }, signal);
  return { calls, secrets, wireGuard, asked: () => asked };
}

const DUMP = `PRIVATE\tPUBLIC=\t51840\toff
A=\t(none)\t(none)\t10.0.0.2/32,10.7.0.0/16\t0\t0\t0\toff
B=\t(none)\t(none)\t10.0.0.3/32\t0\t0\t0\toff
`;
