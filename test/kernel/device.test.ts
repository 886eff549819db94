import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../src/dataplane/fingerprint.ts';
import { linuxDataplane } from '../../src/dataplane/linux.ts';
import type { Dataplane } from '../../src/dataplane/port.ts';
import type { DesiredDevice } from '../../src/mesh/model.ts';
import { planDevice } from '../../src/mesh/plan.ts';
import { realNode } from '../contract/real-node.ts';
import type { RealNode } from '../contract/real-node.ts';
import { GATEWAY, NAME, PRESHARED_KEY, RULES, bring, gatewayDevice, peerOf } from './device.testing.ts';
import { keyPair } from '../contract/world.ts';

const signal = new AbortController().signal;
const client = keyPair();
const presharedKey = fingerprintOf(PRESHARED_KEY);
const desired = gatewayDevice([{ ...peerOf(client.publicKey, 7), presharedKey, persistentKeepaliveSeconds: 25 }]);

let node: RealNode;
let dataplane: Dataplane;

beforeEach(async () => {
  node = await realNode('Kernel');
  dataplane = linuxDataplane(node.options);
  await dataplane.firewall(RULES, signal);
});

afterEach(async () => {
  await node[Symbol.asyncDispose]();
});

test("a device is the kernel's, without wireguard-go, and its key stays nowhere", async () => {
  expect(await bring(dataplane, desired)).toEqual([]);
  expect(await dataplane.read(NAME, signal)).toMatchObject({ state: 'ours', device: { implementation: 'Kernel' } });
  expect(await node.sh(`ip -details link show dev ${NAME}`)).toContain('wireguard');
  expect(node.pidsOf('wireguard-go')).toEqual([]);
  expect(await node.sh('ls -A /dev/shm')).toBe('');
  const key = (await node.sh(`wg show ${NAME} private-key`)).trim();
  expect(key).toBe(Buffer.from(GATEWAY.privateKey.reveal()).toString('base64'));
});

describe('a WireGuard interface of our name', () => {
  test.each([
    { what: 'without an alias', marks: '' },
    { what: 'with an alias of somebody else, even in our group', marks: `group 157 alias other` },
  ])('$what is reported and left alone', async ({ marks }) => {
    await node.sh(`ip link add ${NAME} type wireguard; [ -z '${marks}' ] || ip link set ${NAME} ${marks}`);
    const before = await node.sh(`ip -details address show dev ${NAME}; wg show ${NAME} dump`);
    expect(await dataplane.read(NAME, signal)).toMatchObject({ problem: { code: 'InterfaceConflict' } });
    expect(await bring(dataplane, desired)).toMatchObject([{ code: 'InterfaceConflict' }]);
    expect(await node.sh(`ip -details address show dev ${NAME}; wg show ${NAME} dump`)).toBe(before);
    expect(await dataplane.list(signal)).toEqual([]);
  });

  test('in our group, whose alias was not set yet, is made anew', async () => {
    await node.sh(`ip link add dev ${NAME} group 157 mtu 1420 type wireguard`);
    expect(await dataplane.read(NAME, signal)).toMatchObject({ state: 'ours', device: { alias: '' } });
    expect(await bring(dataplane, desired)).toEqual([]);
    expect(await operationsLeft()).toEqual([]);
  });
});

describe('what somebody else changes is seen and repaired', () => {
  test.each([
    { what: 'the link is deleted', script: `ip link delete ${NAME}` },
    { what: 'the link is set down', script: `ip link set ${NAME} down` },
    { what: 'a peer is removed', script: `wg set ${NAME} peer ${client.publicKey} remove` },
    { what: 'an AllowedIP is taken', script: `wg set ${NAME} peer ${client.publicKey} allowed-ips 10.90.0.7/32` },
    {
      what: 'a preshared key is taken away',
      script: `wg set ${NAME} peer ${client.publicKey} preshared-key /dev/null`,
    },
    {
      what: 'another preshared key is set',
      script: `umask 077; wg genpsk > /run/psk; wg set ${NAME} peer ${client.publicKey} preshared-key /run/psk`,
    },
    {
      what: 'a keepalive is switched off',
      script: `wg set ${NAME} peer ${client.publicKey} persistent-keepalive off`,
    },
    { what: 'another peer is added', script: `wg set ${NAME} peer ${keyPair().publicKey} allowed-ips 10.90.0.8/32` },
    { what: 'a route is deleted', script: 'ip route delete 10.90.0.0/16' },
    { what: 'the addresses are flushed', script: `ip address flush dev ${NAME}` },
    { what: 'the MTU is changed', script: `ip link set ${NAME} mtu 1300` },
    { what: 'the port is changed', script: `wg set ${NAME} listen-port 51899` },
    { what: 'the key is taken away', script: `wg set ${NAME} private-key /dev/null` },
  ])('$what', async ({ script }) => {
    expect(await bring(dataplane, desired)).toEqual([]);
    await node.sh(script);
    expect(await operationsLeft()).not.toEqual([]);
    expect(await bring(dataplane, desired)).toEqual([]);
    expect(await operationsLeft()).toEqual([]);
  });

  test('the firewall table is deleted', async () => {
    const before = await node.sh('nft list table inet peerwright');
    await node.sh('nft delete table inet peerwright');
    expect(await dataplane.firewall(RULES, signal)).toEqual([]);
    expect(await node.sh('nft list table inet peerwright')).toBe(before);
  });
});

test('a port that is in use when the link comes up is a problem, and the device works once the port is free', async () => {
  await node.sh('ip link add taker type wireguard; wg set taker listen-port 51840; ip link set taker up');
  const problems = await bring(dataplane, desired);
  expect(problems).toMatchObject([{ code: 'DeviceFailed', message: expect.stringContaining('already in use') }]);
  await node.sh('ip link delete taker');
  expect(await bring(dataplane, desired)).toEqual([]);
  expect(await operationsLeft()).toEqual([]);
});

test('200 peers and more with preshared keys come and go, in as many calls as it takes', async () => {
  const many = Array.from({ length: 450 }, (_, index) => ({ ...peerOf(keyPair().publicKey, index), presharedKey }));
  expect(await bring(dataplane, gatewayDevice(many))).toEqual([]);
  expect(await operationsLeft(gatewayDevice(many))).toEqual([]);
  expect(await bring(dataplane, gatewayDevice(many.slice(0, 1)))).toEqual([]);
  expect(await operationsLeft(gatewayDevice(many.slice(0, 1)))).toEqual([]);
});

async function operationsLeft(device: DesiredDevice = desired) {
  const found = await dataplane.read(NAME, signal);
  return planDevice(found.state === 'ours' ? found.device : undefined, device).operations;
}
