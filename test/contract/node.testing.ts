import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Address, DeviceName, Prefix } from '../../src/mesh/model.ts';
import { planDevice } from '../../src/mesh/plan.ts';
import { NAME, deviceOf } from './device.testing.ts';
import { keyPair, keysOf, rulesOf } from './world.ts';
import type { World } from './world.ts';

const gateway = keyPair();
const device = deviceOf(gateway.publicKey);
const OTHER = 'pw-00000002' as DeviceName;
const signal = new AbortController().signal;

/** What every data plane knows of its node, on which it has a device. Called inside a `describe`. */
export function knowsItsNode(make: () => Promise<World>): void {
  let world: World;
  beforeAll(async () => {
    world = await make();
    expect(await world.dataplane.firewall({ devices: [rulesOf(NAME, device.addresses)] }, signal)).toEqual([]);
    expect(await world.dataplane.apply(planDevice(undefined, device), keysOf(gateway), signal)).toEqual([]);
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  test('what is on the node besides our devices is named', async () => {
    await world.addForeignRoute('10.99.0.0/16' as Prefix);
    await world.addUplink(UPLINK);
    await world.setResolver('10.0.0.53');
    const networks = await world.dataplane.nodeNetworks(signal);
    expect(networks).toEqual(
      expect.arrayContaining([
        { prefix: '10.99.0.0/16', what: expect.stringContaining('the route 10.99.0.0/16 via '), kind: 'Route' },
        { prefix: '203.0.113.0/24', what: 'the route 203.0.113.0/24 via uplink', kind: 'Route' },
        { prefix: '203.0.113.7/32', what: 'the address 203.0.113.7 of uplink', kind: 'Address' },
        { prefix: '10.0.0.53/32', what: 'the resolver 10.0.0.53', kind: 'Resolver' },
      ]),
    );
    const { addresses, routes } = device;
    expect(networks.map(({ prefix }) => prefix).filter((each) => [...addresses, ...routes].includes(each))).toEqual([]);
  });

  test('the MTU of the underlay is the smallest on the way to the remotes, or else to the world', async () => {
    const mtuTo = (...remotes: string[]) => world.dataplane.underlayMtu(remotes, signal);
    expect([await mtuTo(), await mtuTo('198.51.100.1')]).toEqual([undefined, undefined]);
    expect(await mtuTo('203.0.113.9', '198.51.100.1')).toBe(1300);
    await world.addUplink(DEFAULT_UPLINK);
    expect([await mtuTo(), await mtuTo('198.51.100.1'), await mtuTo('2001:db8::1')]).toEqual([1450, 1450, 1450]);
    expect(await mtuTo('198.51.100.1', '203.0.113.9')).toBe(1300);
  });

  test('forwarding is as the node says', async () => {
    await world.setForwarding({ ipv4: true, ipv6: false });
    expect(await world.dataplane.forwarding(signal)).toEqual({ ipv4: true, ipv6: false });
    await world.setForwarding({ ipv4: false, ipv6: true });
    expect(await world.dataplane.forwarding(signal)).toEqual({ ipv4: false, ipv6: true });
  });

  test('a UDP port is free, or somebody holds it', async () => {
    const holder = (port: number, name: DeviceName) => world.dataplane.portHolder({ port, device: name }, signal);
    await world.takePort(51842);
    expect(await holder(51899, NAME)).toBeUndefined();
    expect(await holder(51842, NAME)).toBe('the WireGuard interface taker');
    expect(await holder(device.listenPort, OTHER)).toBe(`the WireGuard interface ${NAME}`);
  });

  test('nobody holds the port of a device against the device itself, also while its link is down', async () => {
    await world.linkDown(NAME);
    expect(await world.dataplane.portHolder({ port: device.listenPort, device: NAME }, signal)).toBeUndefined();
    const found = await world.dataplane.read(NAME, signal);
    expect(found).toMatchObject({ state: 'ours', device: { up: false, listenPort: device.listenPort } });
  });

  test('names and addresses have addresses, what is no name has none', async () => {
    expect((await world.dataplane.resolve('localhost', signal))[0]).toBe('127.0.0.1');
    expect(await world.dataplane.resolve('2001:db8::1', signal)).toEqual(['2001:db8::1']);
    expect(await world.dataplane.resolve('no..name', signal)).toEqual([]);
  });
}

const UPLINK = {
  name: 'uplink',
  mtu: 1300,
  address: '203.0.113.7' as Address,
  network: '203.0.113.0/24' as Prefix,
  isDefault: false,
};

const DEFAULT_UPLINK = {
  name: 'world',
  mtu: 1450,
  address: '192.0.2.7' as Address,
  network: '192.0.2.0/24' as Prefix,
  isDefault: true,
};
