import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import type { Acceptance } from '../../mesh/accept-peers.ts';
import type { CurrentDevice, DeviceName, PublicKey } from '../../mesh/model.ts';
import type { Problem } from '../../mesh/problem.ts';
import type { PeerView } from '../world/views.ts';

/** What a pass over a device left behind: the source of everything that is reported about it. */
export interface DeviceObservation {
  readonly name: DeviceName;
  /** What the pass acted upon. */
  readonly configured: ConfiguredGateway;
  /** As read back after the pass; absent when there is no device. */
  readonly device?: CurrentDevice;
  readonly problems: readonly Problem[];
  /** By uid. Every peer of the gateway, and those that are gone but still on the device. */
  readonly peers: ReadonlyMap<string, ObservedPeer>;
  /** Whether the device is exactly as it should be. */
  readonly settled: boolean;
}

export interface ObservedPeer {
  /** metadata.generation of the object that the pass included. */
  readonly generation: number;
  /** The key under which the device may have it. */
  readonly publicKey?: PublicKey;
  readonly problem?: Problem;
}

export interface PeersOfPass {
  readonly peers: readonly PeerView[];
  readonly accepted: ReadonlyMap<string, Acceptance>;
  readonly device: CurrentDevice | undefined;
  readonly previous: DeviceObservation | undefined;
}

/**
 * Every peer with the key under which it is on the device: the accepted one; otherwise, as long as a removal has not
 * worked, an earlier one that nobody else was accepted with.
 */
export function observedPeers(pass: PeersOfPass): Map<string, ObservedPeer> {
  const leftOver = leftOvers(pass);
  const before = pass.previous?.peers ?? new Map<string, ObservedPeer>();
  const there = pass.peers.map(({ uid, generation, granted }) => {
    const { peer, problem } = pass.accepted.get(uid) ?? {};
    const publicKey = peer?.publicKey ?? leftOver([before.get(uid)?.publicKey, granted?.publicKey]);
    return [uid, { generation, ...(publicKey && { publicKey }), ...(problem && { problem }) }] as const;
  });
  const known = new Set(there.map(([uid]) => uid));
  const gone = [...before].filter(([uid, { publicKey }]) => !known.has(uid) && leftOver([publicKey]) !== undefined);
  return new Map([...there, ...gone]);
}

/** Finds the first key that the device still has, though nobody was accepted with it. */
function leftOvers({ accepted, device }: PeersOfPass) {
  const owned = new Set([...accepted.values()].map(({ peer }) => peer?.publicKey));
  return (candidates: readonly (string | undefined)[]): PublicKey | undefined => {
    const keys = candidates.map((key) => device?.peers.get(key as PublicKey)?.publicKey);
    return keys.find((key) => key !== undefined && !owned.has(key));
  };
}
