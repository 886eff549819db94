import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { linuxDataplane } from '../../src/dataplane/linux.ts';
import type { Dataplane } from '../../src/dataplane/port.ts';
import type { CurrentPeer, DesiredPeer, Prefix } from '../../src/mesh/model.ts';
import { realNode, until } from '../contract/real-node.ts';
import type { RealNode } from '../contract/real-node.ts';
import { keyPair } from '../contract/world.ts';
import { GATEWAY, NAME, RULES, bring, gatewayDevice, peerOf } from './device.testing.ts';

const signal = new AbortController().signal;
const client = keyPair();
const live = peerOf(client.publicKey, 7);
const others = Array.from({ length: 49 }, (_, index) => peerOf(keyPair().publicKey, 100 + index));
const ROUNDS = 10;

let node: RealNode;
let remote: RealNode;
let dataplane: Dataplane;

beforeEach(async () => {
  node = await realNode('Kernel');
  remote = await realNode('Kernel');
  await node.connect(remote);
  dataplane = linuxDataplane(node.options);
  await dataplane.firewall(RULES, signal);
  await bring(dataplane, gatewayDevice([live, ...others]));
  await startClient();
});

afterEach(async () => {
  await node[Symbol.asyncDispose]();
  await remote[Symbol.asyncDispose]();
});

test('a peer reaches the gateway addresses by echo and nothing else, and not once it is removed', async () => {
  await node.sh('ip address add 10.90.77.1/32 dev lo');
  expect(await pings('10.90.0.1')).toBe(true);
  expect(await pings('fd00:90::1')).toBe(true);
  expect(await pings('10.90.77.1')).toBe(false);
  expect(await bring(dataplane, gatewayDevice(others))).toEqual([]);
  expect(await pings('10.90.0.1')).toBe(false);
});

test('one of 50 peers comes and goes without a lost packet or a new handshake of another', async () => {
  const before = await session();
  const ping = startPing();
  for (let round = 0; round < ROUNDS; round++) {
    expect(await bring(dataplane, gatewayDevice([live, ...others.slice(1)]))).toEqual([]);
    expect(await bring(dataplane, gatewayDevice([live, ...others]))).toEqual([]);
  }
  expect(await ping.stop()).toMatchObject({ lost: [] });
  expect(await session()).toEqual(before);
});

test('an AllowedIP leaves a live peer without a lost packet or a new handshake', async () => {
  const before = await session();
  const extra = Array.from({ length: ROUNDS }, (_, index) => `10.90.9.${index}/32` as Prefix);
  await bring(dataplane, gatewayDevice([{ ...live, allowedIPs: [...live.allowedIPs, ...extra] }, ...others]));
  const ping = startPing();
  for (let left = ROUNDS - 1; left >= 0; left--) {
    const allowedIPs = [...live.allowedIPs, ...extra.slice(0, left)];
    expect(await bring(dataplane, gatewayDevice([{ ...live, allowedIPs }, ...others]))).toEqual([]);
  }
  expect(await ping.stop()).toMatchObject({ lost: [] });
  expect(await session()).toEqual(before);
});

test('a route moves between peers without a lost packet or a new handshake of either', async () => {
  const before = await session();
  const [other, ...rest] = others;
  if (other === undefined) throw new Error('there is another peer');
  const route = '10.90.77.0/24' as Prefix;
  const withRoute = (peer: DesiredPeer) => ({ ...peer, allowedIPs: [...peer.allowedIPs, route] });
  const ping = startPing();
  for (let round = 0; round < ROUNDS; round++) {
    expect(await bring(dataplane, gatewayDevice([withRoute(live), other, ...rest]))).toEqual([]);
    expect(await bring(dataplane, gatewayDevice([live, withRoute(other), ...rest]))).toEqual([]);
  }
  expect(await ping.stop()).toMatchObject({ lost: [] });
  expect(await session()).toEqual(before);
});

test('a live peer gets another AllowedIP without a new handshake', async () => {
  const before = await session();
  for (let round = 1; round <= ROUNDS; round++) {
    const allowedIPs = [...live.allowedIPs, `10.90.9.${round}/32` as Prefix];
    expect(await bring(dataplane, gatewayDevice([{ ...live, allowedIPs }, ...others]))).toEqual([]);
    expect(await pings('10.90.0.1')).toBe(true);
  }
  await bring(dataplane, gatewayDevice([live, ...others]));
  expect(await session()).toEqual(before);
});

/** A client made by hand on the other side of the veth pair, with a session. */
async function startClient(): Promise<void> {
  const key = Buffer.from(client.privateKey.reveal()).toString('base64');
  await remote.sh(`ip link add client type wireguard; umask 077; echo ${key} > /run/client.key
    wg set client private-key /run/client.key peer ${GATEWAY.publicKey} endpoint 192.0.2.1:51840 allowed-ips 10.90.0.0/16,fd00:90::/64
    ip address add 10.90.0.7/32 dev client; ip address add fd00:90::2:7/128 dev client nodad; ip link set client up
    ip route add 10.90.0.0/16 dev client; ip route add fd00:90::/64 dev client`);
  await until('a session', () => pings('10.90.0.1'));
}

async function pings(to: string): Promise<boolean> {
  return (await remote.sh(`ping -n -c 2 -i 0.2 -W 1 ${to} >/dev/null 2>&1 && echo yes || echo no`)).trim() === 'yes';
}

/** What of the live peer must not change: all but its counters. */
async function session(): Promise<Omit<CurrentPeer, 'rxBytes' | 'txBytes'>> {
  const found = await dataplane.read(NAME, signal);
  const peer = found.state === 'ours' ? found.device.peers.get(client.publicKey) : undefined;
  if (peer === undefined) throw new Error('the live peer is gone');
  const { rxBytes: _rx, txBytes: _tx, ...rest } = peer;
  return rest;
}

/** 100 echo requests a second through the tunnel until stopped; which of them had no answer while others came. */
function startPing() {
  const enter = [`--target=${remote.pid}`, '--net', '--mount', '--'];
  const child = spawn('nsenter', [...enter, 'ping', '-n', '-i', '0.01', '10.90.0.1']);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  const answered = () => new Set([...text.matchAll(/icmp_seq=(\d+) ttl/g)].map(([, sequence]) => Number(sequence)));
  return {
    stop: async () => {
      const seen = answered().size;
      // A last loss shows only once something after it is answered.
      await until('more answers', () => answered().size > seen + 20);
      const ended = once(child, 'close');
      child.kill('SIGINT');
      await ended;
      const all = answered();
      const sent = Math.max(...all);
      return { sent, lost: Array.from({ length: sent }, (_, index) => index + 1).filter((each) => !all.has(each)) };
    },
  };
}
