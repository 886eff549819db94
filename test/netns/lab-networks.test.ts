import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startLabNetwork, type LabNetwork, type SpokeOptions } from '../../tools/lab/network.ts';
import { startLabNode, type LabNode } from '../../tools/lab/node.ts';
import { ping } from '../../tools/lab/ping.ts';
import type { Spoke } from '../../tools/lab/segment.ts';
import { transfer } from '../../tools/lab/transfer.ts';

let folder: string;
let network: LabNetwork;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerwright-lab-'));
  network = await startLabNetwork({ prefix: `ln${process.pid % 1_000_000}` });
});
afterEach(async () => {
  await network.remove();
  await rm(folder, { recursive: true, force: true });
});

const inside = (spoke: Spoke): Promise<LabNode> => startLabNode(spoke, join(folder, spoke.name));
const machine = async (name: string, options?: SpokeOptions): Promise<LabNode> =>
  inside(await network.addSpoke(name, options));

/** Whether the IPv4 and the IPv6 address of another one answer. */
const reached = (from: LabNode, to: Spoke | undefined): Promise<readonly boolean[]> =>
  Promise.all(
    [to?.v4 ?? '', to?.v6 ?? ''].map(async (address) => (await ping(from, address, { count: 1 })).received > 0),
  );

async function routes(on: LabNode, lines: readonly string[]): Promise<void> {
  const input = lines.map((line) => `route replace ${line}\n`).join('');
  expect(await on.exec(['ip', '-batch', '-'], { input })).toMatchObject({ code: 0 });
}

/** A ping whose packet has this size, headers included, and must not be taken apart. */
function pingOfSize(from: LabNode, address: string, bytes: number) {
  const payload = bytes - (address.includes(':') ? 48 : 28);
  return from.exec(['ping', '-n', '-M', 'do', '-c', '1', '-W', '1', '-s', String(payload), address]);
}

const fits = async (from: LabNode, address: string, bytes: number): Promise<boolean> =>
  (await pingOfSize(from, address, bytes)).code === 0;

/** Whether somebody answers a packet of 1,500 bytes with what would fit. */
async function toldTooBig(from: LabNode, address: string): Promise<boolean> {
  const { stdout } = await pingOfSize(from, address, 1500);
  return /Frag needed|Packet too big/.test(stdout);
}

describe('the network of a lab', () => {
  test('leads to hosts behind a machine that forwards, and only where they know the way back', async () => {
    const far = await machine('far');
    for (const forwards of [true, false]) {
      const name = forwards ? 'open' : 'shut';
      const gateway = await machine(name, { forwards });
      const lan = await network.addLan(gateway.spoke, { device: 'lan0', v4: '192.168.7.0/24', v6: 'fd00:7::/64' });
      const hosts = await Promise.all([
        inside(await lan.addHost(`${name}1`)),
        inside(await lan.addHost(`${name}2`, { number: 77, defaultRoute: false })),
      ]);
      expect(hosts.map(({ spoke }) => [spoke.v4, spoke.v6])).toEqual([
        ['192.168.7.11', 'fd00:7::11'],
        ['192.168.7.77', 'fd00:7::77'],
      ]);
      await routes(far, [`192.168.7.0/24 via ${gateway.spoke.v4}`, `fd00:7::/64 via ${gateway.spoke.v6}`]);
      const [knowing, lost] = hosts.map(({ spoke }) => spoke);
      expect(await reached(far, knowing)).toEqual([forwards, forwards]);
      expect(await reached(far, lost)).toEqual([false, false]);
      expect(await reached(gateway, lost)).toEqual([true, true]);
    }
  });

  test('can have an address in front of a host as clouds have for their metadata', async () => {
    const gateway = await machine('cloud');
    const lan = await network.addLan(gateway.spoke, { device: 'meta0', v4: '169.254.169.0/24', v6: 'fd00:ec2::/64' });
    const host = await inside(await lan.addHost('metadata', { number: 254 }));
    expect(host.spoke.v4).toBe('169.254.169.254');
    expect(await reached(gateway, host.spoke)).toEqual([true, true]);
  });

  test.each([1280, 1400, 1500, 9000])('carries packets of %i bytes and no larger ones over such links', async (mtu) => {
    const [left, right] = await Promise.all([machine('left', { mtu }), machine('right', { mtu })]);
    for (const address of [right.spoke.v4, right.spoke.v6]) {
      expect(await fits(left, address, mtu)).toBe(true);
      expect(await fits(left, address, mtu + 1)).toBe(false);
    }
  });

  test('makes senders find out what fits through a router, unless nobody tells them', async () => {
    const near = await machine('near');
    for (const { isDropped, mtu } of [
      { isDropped: false, mtu: 1280 },
      { isDropped: true, mtu: 1400 },
    ]) {
      const router = await network.addRouter(`r${mtu}`, { mtu });
      const far = await machine(`far${mtu}`, { router });
      await network.dropTooBig(isDropped);
      for (const [from, to] of [
        [near, far.spoke],
        [far, near.spoke],
      ] as const) {
        for (const address of [to.v4, to.v6]) {
          expect(await fits(from, address, mtu)).toBe(true);
          expect(await toldTooBig(from, address)).toBe(!isDropped);
        }
      }
    }
  });

  test('transfers megabytes and says so, and says when they got stuck', async () => {
    const router = await network.addRouter('r', { mtu: 1280 });
    const near = await machine('near');
    const far = await machine('far', { router });
    for (const address of [far.spoke.v4, far.spoke.v6]) {
      expect(await transfer(near, far, { address })).toMatchObject({ complete: true, error: '' });
    }
    expect(await transfer(far, near, { address: near.spoke.v4 })).toMatchObject({ complete: true });
    await network.dropTooBig(true);
    const later = await machine('later');
    const options = { address: far.spoke.v4, megabytes: 1, timeoutMs: 2_000 };
    expect(await transfer(later, far, options)).toMatchObject({ complete: false });
    expect(far.processes()).toEqual([]);
  });
});
