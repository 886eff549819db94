import { setTimeout as sleep } from 'node:timers/promises';
import { WireGuardAddressBlock } from '../../src/api/v1alpha1/index.ts';
import { addressAt, blockCidr } from '../../src/mesh/blocks.ts';
import type { Lab } from '../../tools/lab/lab.ts';
import type { Cluster, Peer } from './cluster.ts';
import { gateways, peers } from './cluster.ts';
import { deviceFaults } from './device-faults.ts';

/** How long decisions that follow from the last change may take to reach the devices. */
const SETTLE_MS = 10_000;

/**
 * Reads the API and the kernel, nothing of the operator or the agents, and says what is wrong: addresses bound twice,
 * devices with what no live peer was granted. An address bound twice counts at once. Records and devices may lag behind
 * a status (a peer that was refused is granted what another one has just given up), so what is wrong there counts when
 * it stays. Meaningful when nothing is being changed.
 */
export async function violations(lab: Lab, cluster: Cluster): Promise<string[]> {
  const end = performance.now() + SETTLE_MS;
  for (;;) {
    const allPeers = await cluster.list(peers);
    const twice = statusFaults(allPeers);
    const lagging = twice.length > 0 ? [] : await laggingFaults(lab, cluster, allPeers);
    if (twice.length > 0 || lagging.length === 0 || performance.now() > end) return [...twice, ...lagging];
    await sleep(100);
  }
}

async function laggingFaults(lab: Lab, cluster: Cluster, allPeers: readonly Peer[]): Promise<string[]> {
  const onDevices = await Promise.all(
    (await cluster.list(gateways)).map((gateway) => deviceFaults(lab, gateway, allPeers)),
  );
  return [...(await blockFaults(cluster, allPeers)), ...onDevices.flat()];
}

/** No address in two statuses. */
function statusFaults(allPeers: readonly Peer[]): string[] {
  const holders = new Map<string, string>();
  const faults: string[] = [];
  for (const { metadata, status } of allPeers) {
    for (const address of status?.addresses ?? []) {
      const other = holders.get(address);
      if (other) faults.push(`${address} is in the status of ${other} and of ${metadata.name}`);
      holders.set(address, metadata.name);
    }
  }
  return faults;
}

/** Every granted address is recorded for exactly its peer. */
async function blockFaults(cluster: Cluster, allPeers: readonly Peer[]): Promise<string[]> {
  const blocks = await cluster.list(WireGuardAddressBlock);
  const recorded = new Map<string, string>();
  for (const { metadata, spec } of blocks) {
    const cidr = blockCidr(metadata.name);
    if (!cidr) return [`${metadata.name} is no name of a block`];
    for (const { offset, peer, releaseTime } of spec.allocations) {
      if (!releaseTime) recorded.set(addressAt(cidr, offset), peer.uid);
    }
  }
  return allPeers.flatMap(({ metadata, status }) =>
    (status?.addresses ?? [])
      .filter((address) => recorded.get(address) !== metadata.uid)
      .map((address) => `${address} of ${metadata.name} is recorded for ${recorded.get(address) ?? 'nobody'}`),
  );
}
