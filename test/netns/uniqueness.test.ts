import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClusterNode } from '../../tools/lab/lab.ts';
import { gateways, peers, type Peer } from '../support/cluster.ts';
import { dumpDevice } from '../support/device.ts';
import { allowedIPs } from '../support/device-faults.ts';
import { violations } from '../support/invariants.ts';
import { Mesh, someKey } from '../support/mesh.ts';
import { waitFor } from '../support/wait.ts';

const namespace = 'net';
const PEERS = 1_000;
const OPERATORS = 4;
/** Every tenth peer asks for an address, half of them for one that another asks for, all where others get theirs by chance. */
const REQUEST_EVERY = 10;

let mesh: Mesh;
let node: ClusterNode;

beforeAll(async () => {
  mesh = await Mesh.start('uniq');
  node = await mesh.lab.addNode('n1');
  for (let count = 0; count < OPERATORS; count++) await mesh.lab.addOperator(['--leader-elect=false']);
  await mesh.cluster.namespace(namespace);
  const pools = [{ cidr: '10.90.0.0/22' }, { cidr: 'fd00:90::/112' }];
  await mesh.cluster.gateway({ namespace, name: 'edge' }, { pools });
  await mesh.cluster.ready(gateways, { namespace, name: 'edge' }, 60_000);
});

afterAll(async () => {
  await mesh?.[Symbol.asyncDispose]();
});

test(`${OPERATORS} operators at once and ${PEERS} peers: no address twice, not in blocks, statuses or the device`, async () => {
  const start = performance.now();
  await createAll();
  const created = performance.now();
  const settled = async () => {
    const list = await mesh.cluster.list(peers, namespace);
    return list.length === PEERS && list.every((peer) => isReady(peer) || stalledBy(peer)) && list;
  };
  const all = await waitFor(settled, { what: 'every peer is Ready or Stalled', timeoutMs: 200_000, everyMs: 500 });
  const end = performance.now();

  const losers = all.filter((peer) => stalledBy(peer));
  const winners = all.filter((peer) => !stalledBy(peer));
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  process.stdout.write(
    `created in ${seconds(created - start)}, all settled ${seconds(end - created)} later: ${winners.length} Ready, ${losers.length} Stalled\n`,
  );
  expect(await violations(mesh.lab, mesh.cluster)).toEqual([]);
  expect(losers.map(stalledBy)).toEqual(losers.map(() => 'AddressInUse'));
  expect(losers.every(({ spec }) => spec.addresses?.length)).toBe(true);
  expect(losers.length).toBeGreaterThanOrEqual(PEERS / REQUEST_EVERY / 2);
  const uid = (await mesh.cluster.get(gateways, { namespace, name: 'edge' })).metadata.uid ?? '';
  const device = await dumpDevice(node.node, uid);
  expect(device?.peers.size).toBe(winners.length);
  const onDevice = [...(device?.peers.values() ?? [])].flatMap((peer) => peer.allowedIPs);
  expect(new Set(onDevice).size).toBe(onDevice.length);
  expect(new Set(onDevice)).toEqual(new Set(winners.flatMap((peer) => allowedIPs(peer).split(','))));
});

async function createAll(): Promise<void> {
  const indexes = Array.from({ length: PEERS }, (_, index) => index).values();
  const create = async () => {
    for (const index of indexes) {
      const addresses = requestOf(index);
      const spec = { gatewayRef: { name: 'edge' }, publicKey: someKey(), ...(addresses.length > 0 && { addresses }) };
      await mesh.cluster.peer({ namespace, name: `p${index}` }, spec);
    }
  };
  await Promise.all(Array.from({ length: 24 }, create));
}

/** Two peers ask for each of these. */
function requestOf(index: number): string[] {
  if (index % REQUEST_EVERY !== 0) return [];
  const rank = Math.floor(index / REQUEST_EVERY / 2);
  return [`10.90.${rank % 4}.${20 + rank}`];
}

function isReady({ metadata, status }: Peer): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' && status?.observedGeneration === metadata.generation;
}

function stalledBy({ status }: Peer): string | undefined {
  return status?.conditions?.find(({ type }) => type === 'Stalled')?.reason;
}
