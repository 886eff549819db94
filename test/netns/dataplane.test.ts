import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { linuxDataplane } from '../../src/dataplane/linux.ts';
import type { Dataplane } from '../../src/dataplane/port.ts';
import type { DesiredDevice, DesiredPeer, DeviceName, Prefix } from '../../src/mesh/model.ts';
import { planDevice } from '../../src/mesh/plan.ts';
import { Secret } from '../../src/runtime/secret.ts';
import { realNode, until } from '../contract/real-node.ts';
import type { RealNode } from '../contract/real-node.ts';
import { keyPair, keysOf, rulesOf } from '../contract/world.ts';
import { fingerprintOf } from '../../src/dataplane/fingerprint.ts';

const NAME = 'pw-0000000a' as DeviceName;
const signal = new AbortController().signal;
const gateway = keyPair();
const client = keyPair();
const presharedKey = new Secret(randomBytes(32));
const keys = keysOf(gateway, [presharedKey]);
const desired: DesiredDevice = {
  name: NAME,
  alias: 'peerwright:net/edge',
  publicKey: gateway.publicKey,
  listenPort: 51840,
  mtu: 1420,
  addresses: ['10.90.0.1/32', 'fd00:90::1/128'] as Prefix[],
  routes: ['10.90.0.0/16', 'fd00:90::/64'] as Prefix[],
  peers: new Map([
    [
      client.publicKey,
      {
        publicKey: client.publicKey,
        allowedIPs: ['10.90.0.7/32', 'fd00:90::7/128'] as Prefix[],
        presharedKey: fingerprintOf(presharedKey),
        persistentKeepaliveSeconds: 0,
      },
    ],
  ]),
};
const rules = { devices: [{ ...rulesOf(NAME, desired.addresses), pools: desired.routes }] };

let node: RealNode;
let dataplane: Dataplane;

beforeEach(async () => {
  node = await realNode();
  dataplane = linuxDataplane(node.options);
});

afterEach(async () => {
  await node[Symbol.asyncDispose]();
});

describe('packets', () => {
  test('a client reaches the gateway address by echo and nothing else, and nothing is forwarded', async () => {
    await using remote = await realNode();
    await node.connect(remote);
    await node.startUserspace();
    await node.sh('sysctl -qw net.ipv4.ip_forward=1; ip address add 10.77.0.1/32 dev lo');
    await remote.sh('ip route add 10.77.0.0/16 via 192.0.2.1');
    expect(await bringUp()).toEqual([]);
    await startClient(remote, '10.90.0.0/16, 10.77.0.0/16, 192.0.2.0/24, fd00:90::/64');
    expect(await pings(remote, '10.90.0.1')).toBe(true);
    expect(await pings(remote, 'fd00:90::1')).toBe(true);
    expect(await pings(remote, '10.77.0.1 -I client')).toBe(false);
    expect(await connects(remote)).toBe(false);
    await node.sh('nft delete table inet peerwright');
    expect(await pings(remote, '10.77.0.1 -I client')).toBe(true);
    expect(await connects(remote)).toBe(true);
    expect(await dataplane.firewall(rules, signal)).toEqual([]);
    expect(await pings(remote, '10.77.0.1 -I client')).toBe(false);
  });

  test('a client without the preshared key of its peer stays out', async () => {
    await using remote = await realNode();
    await node.connect(remote);
    await node.startUserspace();
    await bringUp();
    await startClient(remote, '10.90.0.0/16', randomBytes(32));
    expect(await pings(remote, '10.90.0.1')).toBe(false);
    const peer = `peer ${gateway.publicKey}`;
    const dialAnew = `wg set client ${peer} remove ${peer} endpoint 192.0.2.1:51840 allowed-ips 10.90.0.0/16`;
    await remote.sh(dialAnew);
    expect(await pings(remote, '10.90.0.1')).toBe(false);
    expect(await bring({ ...desired, peers: withoutPresharedKey(desired.peers) })).toEqual([]);
    await remote.sh(dialAnew);
    await until('a session without one', () => pings(remote, '10.90.0.1'));
  });

  test('a removed peer is out at once', async () => {
    await using remote = await realNode();
    await node.connect(remote);
    await node.startUserspace();
    await bringUp();
    await startClient(remote, '10.90.0.0/16');
    expect(await pings(remote, '10.90.0.1')).toBe(true);
    expect(await bring({ ...desired, peers: new Map() })).toEqual([]);
    expect(await pings(remote, '10.90.0.1')).toBe(false);
  });
});

describe('the firewall table', () => {
  test('an unchanged table is not written again, a changed one is repaired', async () => {
    await dataplane.firewall(rules, signal);
    const first = await node.sh('nft -a list table inet peerwright');
    await dataplane.firewall(rules, signal);
    expect(await node.sh('nft -a list table inet peerwright')).toBe(first);
    const whole = await node.sh('nft list table inet peerwright');
    await node.sh('nft flush table inet peerwright');
    expect(await node.sh('nft list table inet peerwright')).not.toBe(whole);
    await dataplane.firewall(rules, signal);
    expect(await node.sh('nft list table inet peerwright')).toBe(whole);
  });

  test("others' tables stay, and no rules at all remove ours", async () => {
    await node.sh('nft add table inet others');
    await dataplane.firewall(rules, signal);
    await dataplane.firewall({ devices: [] }, signal);
    expect((await node.sh('nft list tables')).trim()).toBe('table inet others');
  });

  test('a table that cannot be loaded is a problem, and the link stays down', async () => {
    await node.startUserspace();
    const broken: typeof node.run = (program, args, options) =>
      node.run(program === 'nft' ? 'false' : program, args, options);
    dataplane = linuxDataplane({ ...node.options, run: broken });
    const problems = await dataplane.firewall(rules, signal);
    expect(problems.map(({ code }) => code)).toEqual(['FirewallUnavailable']);
    expect((await bring(desired)).map(({ code }) => code)).toEqual(['FirewallUnavailable']);
    expect(await node.sh(`ip -br link show dev ${NAME}`)).not.toContain('UP');
  });
});

describe('userspace WireGuard', () => {
  test('without a helper there is a problem with the reason, and nothing is left behind', async () => {
    const problems = await bringUp();
    expect(problems).toEqual([
      { code: 'WireGuardUnavailable', message: expect.stringContaining('is "peerwright userspace" running') },
    ]);
    expect(await dataplane.list(signal)).toEqual([]);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'outlives the agent and a %s of the helper, which adopts it',
    async (how) => {
      const helper = await node.startUserspace();
      await bringUp();
      const [pid] = node.pidsOf('wireguard-go');
      helper.kill(how);
      await once(helper, 'exit');
      await node.startUserspace();
      dataplane = linuxDataplane(node.options);
      const found = await dataplane.read(NAME, signal);
      expect(found.state === 'ours' ? planDevice(found.device, desired).operations : undefined).toEqual([]);
      expect(node.pidsOf('wireguard-go')).toEqual([pid]);
      expect(await dataplane.apply(planDevice(currentOf(found), undefined), keys, signal)).toEqual([]);
      await until('the adopted wireguard-go to end', () => node.pidsOf('wireguard-go').length === 0);
    },
  );

  test('a wireguard-go that dies is started again, and the device is made anew', async () => {
    await node.startUserspace();
    await bringUp();
    const [old = 0] = node.pidsOf('wireguard-go');
    process.kill(old, 'SIGKILL');
    await until('another wireguard-go', async () => {
      const found = await dataplane.read(NAME, signal).catch(() => undefined);
      const pids = node.pidsOf('wireguard-go');
      const isHalfMade = found?.state === 'ours' && found.device.alias === '';
      return isHalfMade && pids.length === 1 && !pids.includes(old);
    });
    expect(await bringUp()).toEqual([]);
    expect(planDevice(currentOf(await dataplane.read(NAME, signal)), desired).operations).toEqual([]);
  });

  test('a port in use is a problem that names it', async () => {
    await node.startUserspace();
    await bringUp();
    const other = 'pw-0000000b' as DeviceName;
    const both = { devices: [...rules.devices, rulesOf(other)] };
    await dataplane.firewall(both, signal);
    const second = { ...desired, name: other, addresses: [], routes: [], peers: new Map() };
    await dataplane.apply(planDevice(undefined, second), keys, signal);
    const found = await dataplane.read(other, signal);
    const problems = await dataplane.apply(planDevice(currentOf(found), second), keys, signal);
    expect(problems).toEqual([{ code: 'DeviceFailed', message: expect.stringContaining('already in use') }]);
  });

  test('no key is in an argument or the environment of any process, nor in a file', async () => {
    await node.startUserspace();
    await bringUp();
    const needles = [gateway.privateKey, presharedKey]
      .map((key) => Buffer.from(key.reveal()))
      .flatMap((bytes) => [bytes.toString('base64'), bytes.toString('hex')]);
    const haystack = node.pidsOf('wireguard-go').flatMap((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`]);
    const folder = node.options.userspaceFolder;
    const files = readdirSync(folder).map((name) => `${folder}/${name}`);
    expect(files.length).toBeGreaterThan(0);
    const texts = [...haystack, ...files].map((path) => readFileSync(path, 'utf8'));
    expect(texts.filter((text) => needles.some((needle) => text.includes(needle)))).toEqual([]);
  });
});

async function bringUp() {
  const problems = await dataplane.firewall(rules, signal);
  return problems.length > 0 ? problems : await bring(desired);
}

async function bring(device: DesiredDevice) {
  const plan = planDevice(currentOf(await dataplane.read(NAME, signal)), device);
  return await dataplane.apply(plan, keys, signal);
}

function currentOf(found: Awaited<ReturnType<Dataplane['read']>>) {
  return found.state === 'ours' ? found.device : undefined;
}

function withoutPresharedKey(peers: DesiredDevice['peers']): DesiredDevice['peers'] {
  const without = ({ presharedKey: _, ...peer }: DesiredPeer) => peer;
  return new Map([...peers].map(([key, peer]) => [key, without(peer)]));
}

/** A client made by hand on the other side of the veth pair. */
async function startClient(remote: RealNode, allowedIPs: string, psk = presharedKey.reveal()): Promise<void> {
  const key = Buffer.from(client.privateKey.reveal()).toString('base64');
  await remote.sh(`LOG_LEVEL=silent wireguard-go client >/dev/null 2>&1; umask 077; echo ${key} > /run/client.key
    echo ${Buffer.from(psk).toString('base64')} > /run/client.psk
    wg set client private-key /run/client.key peer ${gateway.publicKey} preshared-key /run/client.psk endpoint 192.0.2.1:51840 allowed-ips '${allowedIPs}'
    ip address add 10.90.0.7/32 dev client; ip address add fd00:90::7/128 dev client nodad; ip link set client up
    ip route add 10.90.0.0/16 dev client; ip route add fd00:90::/64 dev client`);
}

async function pings(from: RealNode, to: string): Promise<boolean> {
  return (await from.sh(`ping -n -c 3 -i 0.2 -W 1 ${to} >/dev/null 2>&1 && echo yes || echo no`)).trim() === 'yes';
}

/** Whether TCP from the client gets any answer from the gateway address: a refusal is one. */
async function connects(from: RealNode): Promise<boolean> {
  const program = `const s=require('net').connect(9,'10.90.0.1');s.setTimeout(1000,()=>{console.log('no');s.destroy()});
    s.on('error',e=>console.log(e.code));s.on('connect',()=>{console.log('yes');s.destroy()})`;
  const { stdout } = await from.run(process.execPath, ['-e', program], { signal });
  return stdout.trim() !== 'no';
}
