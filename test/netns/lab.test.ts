import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startLabClient } from '../../tools/lab/client.ts';
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

const links = (): string => execFileSync('ip', ['-o', 'link', 'show'], { encoding: 'utf8' });
const mountsOfOurs = (): boolean => readFileSync('/proc/self/mountinfo', 'utf8').includes('peerwright-lab');
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

describe('a lab', () => {
  test('carries pings of two clients whose interfaces have one name, and leaves nothing behind', async () => {
    const left = await startLabClient(await network.addSpoke('left'), join(folder, 'left'));
    const right = await startLabClient(await network.addSpoke('right'), join(folder, 'right'));
    const listen = await right.node.exec(['wg', 'set', 'wg0', 'listen-port', '51820']);
    expect(listen).toMatchObject({ code: 0, stderr: '' });
    const port = (await left.node.exec(['wg', 'show', 'wg0', 'listen-port'])).stdout.trim();
    await left.configure({
      addresses: ['10.99.0.1/32', 'fd00:99::1/128'],
      peer: {
        publicKey: right.publicKey,
        endpoint: `${right.node.spoke.v4}:51820`,
        allowedIPs: ['10.99.0.2/32', 'fd00:99::2/128'],
      },
    });
    await right.configure({
      addresses: ['10.99.0.2/32', 'fd00:99::2/128'],
      peer: {
        publicKey: left.publicKey,
        endpoint: `[${left.node.spoke.v6}]:${port}`,
        allowedIPs: ['10.99.0.1/32', 'fd00:99::1/128'],
      },
    });
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
    await using second = await startLabNetwork({ prefix: `${prefix}b` });
    expect(namespaces()).not.toContain(`${prefix}z-hub`);
    expect(namespaces()).toContain(`${prefix}-hub`);
    expect(second.subnets.v4).not.toBe(network.subnets.v4);
  });
});
