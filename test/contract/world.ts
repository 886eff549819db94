import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { FakeDataplane } from '../../src/dataplane/fake.ts';
import { linuxDataplane } from '../../src/dataplane/linux.ts';
import { fingerprintOf } from '../../src/dataplane/fingerprint.ts';
import type { Dataplane, DeviceRules, KeysOf } from '../../src/dataplane/port.ts';
import { hostPrefix, lengthOf } from '../../src/mesh/ip/prefix.ts';
import { kernelWireGuard } from '../../src/dataplane/wireguard/kernel.ts';
import type { Address, DeviceName, Prefix, PublicKey } from '../../src/mesh/model.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { realNode, until } from './real-node.ts';

/** What a contract test may do to the machine behind the data plane's back. */
export interface World extends AsyncDisposable {
  readonly dataplane: Dataplane;
  addForeignLink(name: DeviceName): Promise<void>;
  /** What there is of that link, to see that it was left alone. */
  describeForeignLink(name: DeviceName): Promise<string>;
  addForeignRoute(prefix: Prefix): Promise<void>;
  /** An interface with an address, and with default routes of both families when it is to be one. */
  addUplink(uplink: Uplink): Promise<void>;
  setResolver(address: string): Promise<void>;
  setForwarding(forwarding: { readonly ipv4: boolean; readonly ipv6: boolean }): Promise<void>;
  /** Takes the link of a device down. */
  linkDown(device: DeviceName): Promise<void>;
  /** Somebody else listens on this UDP port from now on. */
  takePort(port: number): Promise<void>;
  /** The peer of this key pair shakes hands with the device, which listens on `port`. */
  handshake(meeting: { device: DeviceName; devicePublicKey: PublicKey; port: number; client: KeyPair }): Promise<void>;
}

export interface Uplink {
  /** At most 10 characters. */
  readonly name: string;
  readonly mtu: number;
  readonly address: Address;
  /** That the address lies in. */
  readonly network: Prefix;
  readonly isDefault: boolean;
}

export interface KeyPair {
  readonly publicKey: PublicKey;
  readonly privateKey: Secret;
}

export function keyPair(): KeyPair {
  const { d = '', x = '' } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
  const publicKey = Buffer.from(x, 'base64url').toString('base64') as PublicKey;
  return { publicKey, privateKey: new Secret(Buffer.from(d, 'base64url')) };
}

const DEFAULT_ROUTES = ['0.0.0.0/0', '::/0'] as Prefix[];

/** For data planes that are given the keys of one device. */
export function keysOf(device: KeyPair, presharedKeys: readonly Secret[] = []): KeysOf {
  return {
    privateKey: (publicKey) => {
      if (publicKey !== device.publicKey) throw new Error(`there is no private key of ${publicKey}`);
      return device.privateKey;
    },
    presharedKey: (peer, fingerprint) => {
      const key = presharedKeys.find((each) => fingerprintOf(each) === fingerprint);
      if (key === undefined) throw new Error(`there is no preshared key ${fingerprint} of ${peer}`);
      return key;
    },
  };
}

/** What the firewall knows of a device that lets nothing through but echo at its addresses. */
export function rulesOf(name: DeviceName, addresses: readonly Prefix[] = []): DeviceRules {
  const nothing = { pools: [], routes: [], peerRoutes: [] };
  return { name, addresses, ...nothing, masquerade: 'Disabled', peerTraffic: 'Isolated', mtu: 1420 };
}

export async function fakeWorld(): Promise<World> {
  const fake = new FakeDataplane();
  fake.names.set('localhost', ['127.0.0.1']);
  return {
    dataplane: fake,
    addForeignLink: async (name) => void fake.foreign.add(name),
    describeForeignLink: async (name) => `${fake.foreign.has(name)}`,
    addForeignRoute: async (prefix) => void fake.foreignRoutes.add(prefix),
    addUplink: async ({ name, mtu, address, network, isDefault }) => {
      const networks = isDefault ? [network, ...DEFAULT_ROUTES] : [network];
      fake.uplinks.push(...networks.map((each) => ({ network: each, mtu })));
      fake.networks.push(
        { prefix: network, what: `the route ${network} via ${name}`, kind: 'Route' },
        { prefix: hostPrefix(address), what: `the address ${address} of ${name}`, kind: 'Address' },
      );
    },
    setResolver: async (address) =>
      void fake.networks.push({
        prefix: hostPrefix(address as Address),
        what: `the resolver ${address}`,
        kind: 'Resolver',
      }),
    setForwarding: async (forwarding) => void (fake.forwards = forwarding),
    linkDown: async (device) => void Object.assign(fake.devices.get(device) ?? {}, { up: false }),
    takePort: async (port) => void fake.takenPorts.set(port, 'the WireGuard interface taker'),
    handshake: async ({ device, client }) =>
      fake.handshake(device, client.publicKey, {
        endpoint: '127.0.0.1:40000',
        lastHandshakeMs: 1,
        rxBytes: 148,
        txBytes: 92,
      }),
    [Symbol.asyncDispose]: async () => {},
  };
}

/**
 * WireGuard in namespaces: wireguard-go by its socket, wireguard-go by the program that kernel devices need, or the
 * kernel's.
 */
export async function realWorld(by: 'uapi' | 'wg' | 'kernel'): Promise<World> {
  const node = await realNode(by === 'kernel' ? 'Kernel' : 'Userspace');
  if (by !== 'kernel') await node.startUserspace();
  const create = (name: string) =>
    by === 'kernel' ? `ip link add ${name} type wireguard` : `LOG_LEVEL=silent wireguard-go ${name} >/dev/null 2>&1`;
  const wg = kernelWireGuard(node.run);
  const wireGuard = by === 'wg' ? { wireGuard: { Kernel: wg, Userspace: wg } } : {};
  const dataplane = linuxDataplane({ ...node.options, ...wireGuard });
  return {
    dataplane,
    addForeignLink: async (name) => void (await node.sh(`ip tuntap add dev ${name} mode tun`)),
    describeForeignLink: (name) => node.sh(`ip -details address show dev ${name}`),
    addForeignRoute: async (prefix) => void (await node.sh(`ip route add ${prefix} dev lo`)),
    addUplink: async ({ name, mtu, address, network, isDefault }) => {
      await node.sh(`ip link add ${name} type veth peer name ${name}-peer
        ip link set ${name} mtu ${mtu} up; ip link set ${name}-peer mtu ${mtu} up
        ip address add ${address}/${lengthOf(network)} dev ${name}`);
      if (isDefault) await node.sh(`ip route add default dev ${name}; ip -6 route add default dev ${name}`);
    },
    setResolver: (address) => writeFile(node.options.files.resolvConf, `nameserver ${address}\n`),
    setForwarding: (forwarding) => node.setForwarding(forwarding),
    linkDown: async (device) => void (await node.sh(`ip link set ${device} down`)),
    takePort: async (port) =>
      void (await node.sh(`${create('taker')}
        wg set taker listen-port ${port}
        ip link set taker up`)),
    handshake: async ({ device, devicePublicKey, port, client }) => {
      const key = Buffer.from(client.privateKey.reveal()).toString('base64');
      await node.sh(`${create('client')}; umask 077; echo ${key} > /run/client.key
        wg set client private-key /run/client.key peer ${devicePublicKey} endpoint 127.0.0.1:${port} persistent-keepalive 1
        ip link set client up`);
      await until('a handshake', async () => {
        const found = await dataplane.read(device, AbortSignal.timeout(5000));
        const peer = found.state === 'ours' ? found.device.peers.get(client.publicKey) : undefined;
        return peer?.lastHandshakeMs !== undefined && peer.endpoint !== undefined && peer.rxBytes > 148;
      });
      // Without the client no counter moves any more, so that the test can compare them.
      await node.sh('ip link delete client');
    },
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  };
}
