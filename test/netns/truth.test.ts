import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabClient } from '../../tools/lab/client.ts';
import type { ClusterNode } from '../../tools/lab/lab.ts';
import { gateways, peers, type Peer } from '../support/cluster.ts';
import { dumpDevice, type Dump } from '../support/device.ts';
import { allowedIPs } from '../support/device-faults.ts';
import { violations } from '../support/invariants.ts';
import { kstatus } from '../support/kstatus.ts';
import { Mesh, reaches, someKey } from '../support/mesh.ts';
import { timed, waitFor } from '../support/wait.ts';

const namespace = 'net';
const EDITS = 300;
const NAMES = Array.from({ length: 12 }, (_, index) => `p${index}`);
const SHARED_KEYS = Array.from({ length: 4 }, () => someKey());

describe('status against the device', () => {
  let mesh: Mesh;
  let node: ClusterNode;
  let client: LabClient;
  let gatewayUid: string;

  beforeAll(async () => {
    mesh = await Mesh.start('truth');
    [node, client] = await Promise.all([mesh.lab.addNode('n1'), mesh.lab.addClient('laptop'), mesh.lab.addOperator()]);
    await mesh.cluster.namespace(namespace);
    const pools = [{ cidr: '10.90.0.0/24' }, { cidr: 'fd00:90::/112' }];
    const edge = { pools, allowedPeerRoutes: ['192.168.0.0/16'] };
    gatewayUid = (await mesh.cluster.gateway({ namespace, name: 'edge' }, edge)).metadata.uid ?? '';
    await mesh.cluster.ready(gateways, { namespace, name: 'edge' }, 60_000);
  });

  afterAll(async () => {
    await mesh?.[Symbol.asyncDispose]();
  });

  test(`kstatus computes Current only for what the device has, over ${EDITS} random edits`, async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    const edits = fc.sample(edit, { seed, numRuns: EDITS });
    let editing = true;
    const seen = { current: 0, lies: [] as string[] };
    const watching = watch();
    for (const one of edits) await perform(one);
    editing = false;
    await watching;
    process.stdout.write(`seed ${seed}: ${seen.current} times Current, checked against the device\n`);
    expect(seen.lies).toEqual([]);
    expect(seen.current).toBeGreaterThan(EDITS / 10);
    await waitFor(
      async () => (await mesh.cluster.list(peers, namespace)).every((peer) => kstatus(peer) !== 'InProgress'),
      {
        what: 'every peer is decided',
      },
    );
    expect(await violations(mesh.lab, mesh.cluster)).toEqual([]);

    /** What is Current before and after the device was read was so while it was read. */
    async function watch(): Promise<void> {
      while (editing) {
        const before = await versions();
        const dump = await dumpDevice(node.node, gatewayUid);
        const after = await versions();
        for (const [key, peer] of before) {
          if (!dump || !after.has(key) || kstatus(peer) !== 'Current') continue;
          seen.current += 1;
          const lie = lieOf(peer, dump);
          if (lie) seen.lies.push(lie);
        }
      }
    }
  });

  test('with the agent stopped a new peer stays not Ready, and Connected becomes Unknown within 60 s', async () => {
    await mesh.join(client, { namespace, name: 'laptop' }, 'edge');
    await reaches(client, '10.90.0.1');
    await mesh.cluster.condition(peers, { namespace, name: 'laptop' }, { type: 'Connected' });
    await node.agent.stop('SIGKILL');
    await mesh.cluster.peer({ namespace, name: 'late' }, { gatewayRef: { name: 'edge' }, publicKey: someKey() });
    const unknown = { type: 'Connected', status: 'Unknown', reason: 'AgentUnavailable', timeoutMs: 65_000 } as const;
    const took = await timed(() => mesh.cluster.condition(peers, { namespace, name: 'laptop' }, unknown), {
      what: 'Connected is Unknown',
    });
    process.stdout.write(`Connected was Unknown ${Math.round(took / 1_000)} s after the agent was killed\n`);
    expect(took).toBeLessThan(60_000);
    const late = await mesh.cluster.get(peers, { namespace, name: 'late' });
    expect(late.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('False');
    expect((await client.ping('10.90.0.1')).received).toBe(3);
    await node.agent.start();
    await mesh.cluster.ready(peers, { namespace, name: 'late' });
    await mesh.cluster.condition(peers, { namespace, name: 'laptop' }, { type: 'Connected' });
  });

  test('kubectl wait returns when the peer is Ready', async () => {
    const ref = { namespace, name: 'waited' };
    const publicKey = someKey();
    await mesh.cluster.peer(ref, { gatewayRef: { name: 'edge' }, publicKey });
    const argv = ['wait', '--for=condition=Ready', 'wgp/waited', '-n', namespace, '--timeout=30s'];
    const { code, stdout } = await mesh.lab.controlPlane.kubectl(argv);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'wireguardpeer.peerwright.dev/waited condition met\n' });
    expect((await dumpDevice(node.node, gatewayUid))?.peers.has(publicKey)).toBe(true);
  });

  async function versions(): Promise<Map<string, Peer>> {
    const list = await mesh.cluster.list(peers, namespace);
    return new Map(list.map((peer) => [`${peer.metadata.uid} ${peer.metadata.resourceVersion}`, peer]));
  }

  async function perform({ name, change }: Edit): Promise<void> {
    const ref = { namespace, name };
    if (!(await mesh.cluster.find(peers, ref))) {
      await mesh.cluster.peer(ref, { gatewayRef: { name: 'edge' }, publicKey: someKey() });
    } else if (change === 'delete') await mesh.cluster.remove(peers, ref);
    else await mesh.cluster.patch(peers, ref, { spec: change });
  }
});

interface Edit {
  readonly name: string;
  readonly change: 'delete' | { readonly [field: string]: unknown };
}

/** Some overlap, and one is not allowed. */
const ROUTES = ['192.168.1.0/24', '192.168.2.0/24', '192.168.2.128/25', '172.16.0.0/24'];

/** Good and bad ones: keys, addresses and routes that others have or that lie outside, states that flip. */
const change: fc.Arbitrary<Edit['change']> = fc.oneof(
  fc.constant<'delete'>('delete'),
  fc.constantFrom('Enabled', 'Disabled').map((state) => ({ state })),
  fc.constantFrom('fresh', ...SHARED_KEYS).map((key) => ({ publicKey: key === 'fresh' ? someKey() : key })),
  fc.integer({ min: 1, max: 300 }).map((host) => ({ addresses: [host > 254 ? '10.91.0.9' : `10.90.0.${host % 20}`] })),
  fc.constant({ addresses: null }),
  fc.subarray(ROUTES, { maxLength: 2 }).map((routes) => ({ routes })),
  fc.constantFrom('None', 'Derived').map((type) => ({ presharedKey: { type } })),
);
const edit: fc.Arbitrary<Edit> = fc.record({ name: fc.constantFrom(...NAMES), change });

function lieOf(peer: Peer, dump: Dump): string | undefined {
  const key = peer.status?.publicKey ?? '';
  const found = dump.peers.get(key)?.allowedIPs.join(',');
  const wanted = peer.spec.state === 'Disabled' ? undefined : allowedIPs(peer);
  if (found === wanted) return undefined;
  return `${peer.metadata.name} (generation ${peer.metadata.generation}) is Current: wanted ${wanted}, found ${found}`;
}
