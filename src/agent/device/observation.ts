import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import type { DeviceRules } from '../../dataplane/port.ts';
import type { Acceptance } from '../../mesh/accept-peers.ts';
import type { CurrentDevice, CurrentPeer, DeviceName, Prefix, PublicKey } from '../../mesh/model.ts';
import type { Problem } from '../../mesh/problem.ts';
import type { PeerView } from '../world/views.ts';
import type { DeviceKeys } from './gateway-key.ts';

/** What a pass over a device left behind: the source of everything that is reported about it. */
export interface DeviceObservation {
  readonly name: DeviceName;
  /** What the pass acted upon. */
  readonly configured: ConfiguredGateway;
  /** As read back after the pass; absent when there is no device. */
  readonly device?: CurrentDevice;
  /** What the firewall in force lets through; absent when it is not known to be in force. */
  readonly rules?: DeviceRules;
  /** UDP ports that the device was to have and that others held; sorted. */
  readonly takenPorts?: readonly number[];
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
  /** What the device has of it; absent: it is not there. */
  readonly seen?: SeenPeer;
  readonly problem?: Problem;
}

/** What only a look at more than the peer itself shows. */
export interface SeenPeer {
  /** Those of its AllowedIPs that the node leads to the device, and the firewall in force lets through. */
  readonly routes: readonly Prefix[];
  readonly presharedKey: 'None' | 'Derived' | 'Other';
}

export interface PeersOfPass {
  readonly peers: readonly PeerView[];
  readonly accepted: ReadonlyMap<string, Acceptance>;
  readonly device: CurrentDevice | undefined;
  /** Those in force. */
  readonly rules: DeviceRules | undefined;
  readonly previous: DeviceObservation | undefined;
  /** Absent when it could not be opened: then no preshared key is known to be the right one. */
  readonly key: DeviceKeys | undefined;
}

/**
 * Every peer with the key under which it is on the device: the accepted one; otherwise, as long as a removal has not
 * worked, an earlier one that nobody else was accepted with.
 */
export function observedPeers(pass: PeersOfPass): Map<string, ObservedPeer> {
  const leftOver = leftOvers(pass);
  const look = looker(pass);
  const before = pass.previous?.peers ?? new Map<string, ObservedPeer>();
  const there = pass.peers.map(({ uid, generation, granted }) => {
    const { peer, problem } = pass.accepted.get(uid) ?? {};
    const publicKey = peer?.publicKey ?? leftOver([before.get(uid)?.publicKey, granted?.publicKey]);
    return [uid, { generation, ...look(publicKey), ...(problem && { problem }) }] as const;
  });
  const known = new Set(there.map(([uid]) => uid));
  const gone = [...before]
    .filter(([uid, { publicKey }]) => !known.has(uid) && leftOver([publicKey]) !== undefined)
    .map(([uid, { seen: _, ...peer }]) => [uid, { ...peer, ...look(peer.publicKey) }] as const);
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

function looker({ device, rules, key }: PeersOfPass) {
  const open = new Set(rules?.peerRoutes);
  const led = new Set(device?.routes.filter((route) => open.has(route)));
  return (publicKey: PublicKey | undefined): Pick<ObservedPeer, 'publicKey' | 'seen'> => {
    if (publicKey === undefined) return {};
    const peer = device?.peers.get(publicKey);
    if (peer === undefined) return { publicKey };
    const routes = peer.allowedIPs.filter((prefix) => led.has(prefix));
    return { publicKey, seen: { routes, presharedKey: presharedKeyOf(peer, key) } };
  };
}

function presharedKeyOf({ publicKey, presharedKey }: CurrentPeer, key: DeviceKeys | undefined) {
  if (presharedKey === undefined) return 'None';
  return key?.presharedKeys.fingerprint(publicKey) === presharedKey ? 'Derived' : 'Other';
}
