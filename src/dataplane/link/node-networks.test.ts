import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Run } from '../exec.ts';
import { readNodeNetworks } from './node-networks.ts';

const signal = new AbortController().signal;
let folder: string;
let resolvConf: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerwright-networks-'));
  resolvConf = join(folder, 'resolv.conf');
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const OURS = { ifname: 'pw-00000001', ifalias: 'peerwright:net/edge', flags: [], mtu: 1420 };

test('routes of the main table are named with where they lead, but not default ones and ours', async () => {
  const routes = [
    { dst: 'default', gateway: '192.0.2.1', dev: 'eth0', table: '254', protocol: '3' },
    { dst: '10.1.0.0/16', dev: 'eth0', protocol: '2' },
    { dst: '10.1.9.9', gateway: '192.0.2.9', dev: 'eth1', table: '254', protocol: '4' },
    { dst: '10.2.0.0/16', nexthops: [{ gateway: '192.0.2.3', dev: 'eth0' }, { dev: 'eth1' }] },
    { type: '6', dst: '10.3.0.0/16', table: '254' },
    { dst: '10.4.0.0/16', dev: OURS.ifname, table: '254', protocol: '157' },
    { dst: 'fd00:90::1', dev: OURS.ifname, table: '254', protocol: '2' },
    { dst: '10.5.0.0/16', dev: 'eth0', table: '100', protocol: '4' },
    { dst: '192.0.2.1', dev: 'eth0', table: '255', protocol: '2' },
    { type: '7', dst: '::ffff:0.0.0.0/96', dev: 'lo', table: '254' },
    { dst: '2001:db8::/64', dev: 'eth0' },
  ];
  expect(await networks({ links: [OURS], routes })).toEqual([
    { prefix: '10.1.0.0/16', what: 'the route 10.1.0.0/16 via eth0', kind: 'Route' },
    { prefix: '10.1.9.9/32', what: 'the route 10.1.9.9/32 via eth1', kind: 'Route' },
    { prefix: '10.2.0.0/16', what: 'the route 10.2.0.0/16 via eth0, eth1', kind: 'Route' },
    { prefix: '10.3.0.0/16', what: 'the route 10.3.0.0/16 to nowhere', kind: 'Route' },
    { prefix: '2001:db8::/64', what: 'the route 2001:db8::/64 via eth0', kind: 'Route' },
  ]);
});

test('addresses are named with their interface, but not loopback, link-local ones and those of our devices', async () => {
  const eth0 = { ifname: 'eth0', flags: [], mtu: 1500, addr_info: infos('192.0.2.7', '2001:db8::7', 'fe80::7') };
  const lo = {
    ifname: 'lo',
    flags: [],
    mtu: 65536,
    addr_info: infos('127.0.0.1', '::1', '10.255.0.1', '169.254.20.10'),
  };
  const links = [lo, eth0, { ...OURS, addr_info: infos('10.90.0.1') }];
  expect(await networks({ links })).toEqual([
    { prefix: '10.255.0.1/32', what: 'the address 10.255.0.1 of lo', kind: 'Address' },
    { prefix: '192.0.2.7/32', what: 'the address 192.0.2.7 of eth0', kind: 'Address' },
    { prefix: '2001:db8::7/128', what: 'the address 2001:db8::7 of eth0', kind: 'Address' },
  ]);
});

test('resolvers are read however they are written, but not those on the node itself', async () => {
  const servers = ['10.0.0.53', '127.0.0.53', '2001:DB8:0:0::53', 'fe80::1%eth0', 'nonsense'];
  const lines = ['search example.org', '# nameserver 10.9.9.9', ...servers.map((server) => `nameserver ${server}`)];
  await writeFile(resolvConf, `${lines.join('\n')}\n`);
  expect(await networks({})).toEqual([
    { prefix: '10.0.0.53/32', what: 'the resolver 10.0.0.53', kind: 'Resolver' },
    { prefix: '2001:db8::53/128', what: 'the resolver 2001:db8::53', kind: 'Resolver' },
  ]);
});

test('without a file there are no resolvers', async () => {
  expect(await networks({})).toEqual([]);
});

async function networks({ links = [], routes = [] }: { links?: readonly object[]; routes?: readonly object[] }) {
  const run: Run = async () => ({ stdout: `${JSON.stringify(links)}\n${JSON.stringify(routes)}\n` });
  return await readNodeNetworks({ run, signal, resolvConf });
}

function infos(...addresses: string[]) {
  return addresses.map((local) => ({ local, prefixlen: 24, scope: '0' }));
}
