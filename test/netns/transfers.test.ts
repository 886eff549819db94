import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabNode } from '../../tools/lab/node.ts';
import { peers } from '../support/cluster.ts';
import { violations } from '../support/invariants.ts';
import { waitFor } from '../support/wait.ts';
import { elementsOf, loadNft } from './firewall-flows.ts';
import {
  configureMtu,
  connectAll,
  exchange,
  namespace,
  pairs,
  setUnderlay,
  startTransfersWorld,
  takenApart,
  type Pair,
  type Side,
  type TransfersWorld,
} from './transfers-world.ts';

const WHOLE = { megabytes: 10, timeoutMs: 30_000 };
/** Enough to fill several packets, and not to wait long for what never comes. */
const TRIAL = { megabytes: 0.2, timeoutMs: 2_000 };

/** Ends that fill the packets of their own network, and an underlay in which nobody is told that one is too big. */
describe('10 MB through tunnels', () => {
  let world: TransfersWorld;

  beforeAll(async () => {
    world = await startTransfersWorld('xfer', 1280);
    await recordSegmentSizes(world.app);
  });

  afterAll(async () => {
    await world?.mesh[Symbol.asyncDispose]();
  });

  test('arrive over an underlay of 1280, whose packets are taken apart, when the gateway says so', async () => {
    // wg-quick takes 80 off, and Linux has no IPv6 on interfaces below 1280
    const [{ laptop }] = world.sides as [Side];
    const ref = { namespace, name: laptop.node.spoke.name };
    await world.mesh.cluster.ready(peers, ref, 60_000);
    await expect(laptop.up(await world.mesh.file(ref))).rejects.toThrow('wg-quick up');
    await configureMtu(world, 1280);
    await connectAll(world, 1280);
    expect(await failures('1280')).toEqual([]);
    const { v4, v6 } = await takenApart(world.node);
    expect([v4 > 1_000, v6 > 1_000]).toEqual([true, true]);
  });

  test.each([1400, 1500])('arrive over an underlay of %i', async (mtu) => {
    await setUnderlay(world, mtu);
    await configureMtu(world, null);
    await connectAll(world, mtu - 80);
    expect(await tellsTooBig(world.app, mtu)).toBe(false);
    await recordSegmentSizes(world.app);
    const before = await takenApart(world.node);
    expect(await failures(String(mtu))).toEqual([]);
    expect(await takenApart(world.node)).toEqual(before);
    expect(await segmentSizes(world.app)).toEqual({ v4: [mtu - 120], v6: [mtu - 140] });
  });

  test('get stuck without the clamp, and arrive when the agent has put it back', async () => {
    const { node } = world;
    await node.agent.stop('SIGTERM');
    await loadNft(node.node, 'flush chain inet peerwright clamp\n');
    const desks = (await pairs(world)).filter(([pair]) => pair?.name.startsWith('desk')).flat();
    for (const { failed } of await Promise.all(desks.map((pair) => exchange(pair, TRIAL)))) {
      expect(failed).toHaveLength(2);
    }
    await node.agent.start();
    await waitFor(async () => (await rules(node.node)).includes('maxseg'), { what: 'the clamp is back' });
    for (const { failed } of await Promise.all(desks.map((pair) => exchange(pair, WHOLE)))) expect(failed).toEqual([]);
  });

  test('arrive over a smaller link between larger ones when the gateway has its MTU', async () => {
    await setUnderlay(world, 1500, 1400);
    const [[pair]] = (await pairs(world)) as [[Pair]];
    expect((await exchange(pair, TRIAL)).failed).toHaveLength(2);
    await configureMtu(world, 1320);
    await connectAll(world, 1320);
    expect(await failures('1400 within 1500')).toEqual([]);
  });

  test('arrive over an underlay of 9000', async () => {
    await setUnderlay(world, 9000);
    await configureMtu(world, null);
    await connectAll(world, 8920);
    expect(await failures('9000')).toEqual([]);
    expect(await violations(world.mesh.lab, world.mesh.cluster)).toEqual([]);
  });

  /** What did not arrive whole, of everything that there is. Machines side by side, the connections of each one after the other. */
  async function failures(what: string): Promise<readonly string[]> {
    const start = performance.now();
    const results = await Promise.all(
      (await pairs(world)).map(async (ofMachine) => {
        const done = [];
        for (const pair of ofMachine) done.push(await exchange(pair, WHOLE));
        return done;
      }),
    );
    const all = results.flat();
    const [seconds, slowest] = [performance.now() - start, Math.max(...all.map(({ slowestMs }) => slowestMs))].map(
      (milliseconds) => (milliseconds / 1_000).toFixed(1),
    );
    process.stdout.write(`underlay ${what}: ${2 * all.length} transfers in ${seconds} s, the slowest ${slowest} s\n`);
    expect(all).toHaveLength(8);
    return all.flatMap(({ failed }) => failed);
  }
});

const SIZES = `table inet sizes
delete table inet sizes
table inet sizes {
  set v4 { typeof tcp option maxseg size; size 64; flags dynamic; }
  set v6 { typeof tcp option maxseg size; size 64; flags dynamic; }
  chain input {
    type filter hook input priority filter; policy accept;
    meta nfproto ipv4 tcp flags & syn == syn update @v4 { tcp option maxseg size }
    meta nfproto ipv6 tcp flags & syn == syn update @v6 { tcp option maxseg size }
  }
}
`;

/** From now on a machine keeps what others say that they take in one segment of TCP. */
function recordSegmentSizes(machine: LabNode): Promise<void> {
  return loadNft(machine, SIZES);
}

async function segmentSizes(machine: LabNode) {
  const of = async (set: string) => (await elementsOf(machine, `inet sizes ${set}`)).map(Number);
  return { v4: await of('v4'), v6: await of('v6') };
}

async function rules(node: LabNode): Promise<string> {
  return (await node.exec(['nft', 'list', 'chain', 'inet', 'peerwright', 'clamp'])).stdout;
}

/** Whether a packet of this size, which fits no tunnel, is answered with what would fit. */
async function tellsTooBig(app: LabNode, bytes: number): Promise<boolean> {
  const sized = ['ping', '-n', '-M', 'do', '-c', '1', '-W', '1', '-s', String(bytes)];
  const { code, stdout } = await app.exec([...sized, '192.168.4.10']);
  expect(code).not.toBe(0);
  return /Frag needed|too large/i.test(stdout);
}
