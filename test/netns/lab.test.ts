import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { generateKeyPair } from '../../src/keys/key-pair.ts';
import { startLabClient, type ClientConfig, type LabClient } from '../../tools/lab/client.ts';
import { startControlPlane } from '../../tools/lab/control-plane.ts';
import { addNamespace, namespaces } from '../../tools/lab/namespace.ts';
import { startLabNetwork, type LabNetwork } from '../../tools/lab/network.ts';
import { startLabNode } from '../../tools/lab/node.ts';
import { startPing } from '../../tools/lab/ping.ts';

const prefix = `lt${process.pid % 1_000_000}`;
let folder: string;
let network: LabNetwork;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerwright-lab-'));
  network = await startLabNetwork({ prefix });
});
afterEach(async () => {
  await network.remove();
  await rm(folder, { recursive: true, force: true });
});

const client = async (name: string): Promise<LabClient> =>
  startLabClient(await network.addSpoke(name), join(folder, name));

const links = (): string => execFileSync('ip', ['-o', 'link', 'show'], { encoding: 'utf8' });
const mountsOfOurs = (): boolean => readFileSync('/proc/self/mountinfo', 'utf8').includes('peerwright-lab');
/** One that has ended and that nobody has asked for yet has no command line any more. */
const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';

/** Gives both their ends of one tunnel: 10.99.0.1 and fd00:99::1 is the left one, 2 the right, which listens at 51820. */
async function joined(left: LabClient, right: LabClient): Promise<void> {
  await left.configure(endOf(1, { other: right, port: '51820' }));
  const port = (await left.node.exec(['wg', 'show', 'wg0', 'listen-port'])).stdout.trim();
  await right.configure(endOf(2, { other: left, port }));
  const listen = await right.node.exec(['wg', 'set', 'wg0', 'listen-port', '51820']);
  expect(listen).toMatchObject({ code: 0, stderr: '' });
}

function endOf(host: number, { other, port }: { readonly other: LabClient; readonly port: string }): ClientConfig {
  const ends = (number: number): string[] => [`10.99.0.${number}/32`, `fd00:99::${number}/128`];
  const peer = { publicKey: other.publicKey, endpoint: `[${other.node.spoke.v6}]:${port}`, allowedIPs: ends(3 - host) };
  return { addresses: ends(host), peer };
}

/** The file of a tunnel to `joined`'s right one, as a person would get it. */
function fileFor(right: LabClient, privateKey: string): string {
  return `[Interface]
PrivateKey = ${privateKey}
Address = 10.99.0.1/32, fd00:99::1/128
DNS = 10.99.0.53, fd00:99::53
MTU = 1400

[Peer]
PublicKey = ${right.publicKey}
Endpoint = ${right.node.spoke.v4}:51820
AllowedIPs = 10.99.0.0/24, fd00:99::/64
`;
}

describe('a lab', () => {
  test('carries pings of two clients whose interfaces have one name, and leaves nothing behind', async () => {
    const left = await startLabClient(await network.addSpoke('left'), join(folder, 'left'));
    const right = await startLabClient(await network.addSpoke('right'), join(folder, 'right'));
    await joined(left, right);
    expect(await left.ping('10.99.0.2')).toMatchObject({ sent: 3, received: 3, rttMs: expect.any(Number) });
    expect(await right.ping('fd00:99::1')).toMatchObject({ sent: 3, received: 3 });
    expect(await left.ping('10.99.0.9', { count: 1 })).toMatchObject({ received: 0, rttMs: undefined });

    const pids = [...left.node.processes(), ...right.node.processes()];
    expect(pids.length).toBeGreaterThanOrEqual(2);
    await left.stop();
    await right.stop();
    await network.remove();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(namespaces().filter((name) => name.startsWith(prefix))).toEqual([]);
    expect(links()).not.toContain(prefix);
    expect(mountsOfOurs()).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
    expect(existsSync(`/run/peerwright-lab/lab-${prefix}`)).toBe(false);
  });

  test('counts every lost packet of a continuous ping', async () => {
    const node = await startLabNode(await network.addSpoke('pinger'), join(folder, 'pinger'));
    const whole = await startPing(node, network.hub.v4);
    await expect.poll(() => whole.soFar().received, { timeout: 10_000 }).toBeGreaterThan(50);
    const counted = await whole.stop();
    expect(counted).toMatchObject({ lost: 0, gaps: [], sent: counted.received });

    const interrupted = await startPing(node, network.hub.v6);
    await expect.poll(() => interrupted.soFar().received, { timeout: 10_000 }).toBeGreaterThan(20);
    const drop = 'add table inet t; add chain inet t in { type filter hook input priority 0; policy drop; }';
    expect(await node.exec(['nft', drop])).toMatchObject({ code: 0 });
    await expect.poll(() => interrupted.soFar().lost, { timeout: 10_000 }).toBeGreaterThan(10);
    expect(await node.exec(['nft', 'delete table inet t'])).toMatchObject({ code: 0 });
    const before = interrupted.soFar().received;
    await expect.poll(() => interrupted.soFar().received, { timeout: 10_000 }).toBeGreaterThan(before + 20);
    const torn = await interrupted.stop();
    expect(torn.lost).toBeGreaterThan(10);
    expect(torn.gaps).toHaveLength(1);
    expect(torn.sent).toBe(torn.received + torn.lost);
  });

  test("brings a client up with wg-quick and nothing but a file, and down again, without touching this machine's DNS", async () => {
    const resolvers = readFileSync('/etc/resolv.conf', 'utf8');
    const left = await client('left');
    const right = await client('right');
    const { privateKey, publicKey } = generateKeyPair();
    await joined(left, right);
    const file = fileFor(right, Buffer.from(privateKey.reveal()).toString('base64'));
    const end = endOf(2, { other: left, port: '9' });
    await right.configure({ ...end, peer: { ...end.peer, publicKey } });

    await left.up(file);
    expect(await left.ping('10.99.0.2')).toMatchObject({ received: 3 });
    expect(await left.ping('fd00:99::2')).toMatchObject({ received: 3 });
    expect(await left.dns()).toEqual(['nameserver 10.99.0.53', 'nameserver fd00:99::53']);
    expect((await left.node.exec(['ip', 'link', 'show', 'wg0'])).stdout).toContain('mtu 1400');
    expect(await left.node.exec(['stat', '-c', '%a', '/run/wg-quick/wg0.conf'])).toMatchObject({ stdout: '600\n' });
    await expect(left.configure(end)).rejects.toMatchObject({ code: 'LabFailed' });
    const everything = file.replace(/^DNS.*\n/m, '').replace(/^AllowedIPs.*$/m, 'AllowedIPs = 0.0.0.0/0, ::/0');
    await left.up(everything);
    expect(await left.dns()).toEqual([]);
    expect(await left.ping('10.99.0.2')).toMatchObject({ received: 3 });

    await left.down();
    expect((await left.node.exec(['ip', 'link', 'show', 'wg0'])).code).not.toBe(0);
    expect(await left.node.exec(['ls', '/run/wg-quick'])).toMatchObject({ stdout: 'bin\n' });
    await left.down();
    await expect(left.up('[Interface]\nNonsense = 1\n')).rejects.toThrow(/Nonsense/);
    await left.up(file);
    expect(await left.ping('10.99.0.2')).toMatchObject({ received: 3 });
    expect(readFileSync('/etc/resolv.conf', 'utf8')).toBe(resolvers);
    const pids = left.node.processes();
    expect(pids.length).toBeGreaterThanOrEqual(1);
    await left.stop();
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test('reaches an API server that runs in the hub, from this machine and from a node', async () => {
    const { netns, v4: address } = network.hub;
    await using cluster = await startControlPlane({ folder: join(folder, 'cluster'), netns, address });
    expect(await cluster.kubectl(['get', '--raw', '/readyz'])).toMatchObject({ code: 0, stdout: 'ok' });
    await using node = await startLabNode(await network.addSpoke('n1'), join(folder, 'n1'));
    const inside = [cluster.kubernetes.kubectl, '--kubeconfig', cluster.adminKubeconfig, 'get', '--raw', '/readyz'];
    expect(await node.exec(inside)).toMatchObject({ code: 0, stdout: 'ok' });
  });

  test('ends a process that refuses to, and only those of its namespace', async () => {
    const node = await startLabNode(await network.addSpoke('stubborn'), join(folder, 'stubborn'));
    const other = await startLabNode(await network.addSpoke('other'), join(folder, 'other'));
    const log = join(folder, 'stubborn.log');
    const process = await node.spawn(['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 60; done'], {
      stdout: log,
    });
    await expect.poll(() => readFileSync(log, 'utf8')).toBe('ready\n');
    expect(node.processes()).toContain(process.pid);
    await node.stop();
    expect(isAlive(process.pid)).toBe(false);
    expect(await other.exec(['true'])).toMatchObject({ code: 0 });
    await other.stop();
  });

  test('ends what has been started this very moment and is not in its namespace yet', async () => {
    for (const name of ['early1', 'early2', 'early3']) {
      const node = await startLabNode(await network.addSpoke(name), join(folder, name));
      const [command, process] = [node.exec(['sleep', '600']), await node.spawn(['sleep', '600'])];
      await node.stop();
      expect(await command).toMatchObject({ code: 137 });
      expect(isAlive(process.pid)).toBe(false);
      await expect(node.spawn(['true'])).rejects.toMatchObject({ code: 'LabFailed' });
    }
  });

  test('removes what a dead run of its prefix left, and refuses to run beside a living one', async () => {
    await expect(startLabNetwork({ prefix })).rejects.toMatchObject({ code: 'LabInUse' });
    await network.remove();
    await addNamespace(`${prefix}-hub`);
    const lines: string[] = [];
    network = await startLabNetwork({ prefix, log: (line) => lines.push(line) });
    expect(lines.join()).toContain(`${prefix}-hub`);
    await addNamespace(`${prefix}z-hub`);
    const noSuchProcess = '4194305 1';
    await writeFile(`/run/peerwright-lab/lab-${prefix}z`, noSuchProcess);
    const network999 = '/run/peerwright-lab/net-999';
    await writeFile(network999, noSuchProcess);
    await using second = await startLabNetwork({ prefix: `${prefix}b` });
    expect(namespaces()).not.toContain(`${prefix}z-hub`);
    expect(namespaces()).toContain(`${prefix}-hub`);
    expect(existsSync(network999)).toBe(false);
    expect(second.subnets.v4).not.toBe(network.subnets.v4);
  });
});
