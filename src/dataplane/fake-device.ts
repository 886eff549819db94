import type { CurrentPeer, DesiredPeer, KeyFingerprint, Operation, Prefix, PublicKey } from '../mesh/model.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { KeysOf } from './port.ts';
import { checkedEndpoint } from './wireguard/endpoint.ts';

/** A device of the fake data plane. */
export interface FakeDevice {
  alias: string;
  up: boolean;
  mtu: number;
  publicKey: PublicKey | undefined;
  listenPort: number;
  addresses: Set<Prefix>;
  routes: Set<Prefix>;
  peers: Map<PublicKey, CurrentPeer>;
}

type Change = Exclude<Operation, { readonly type: 'CreateLink' | 'DeleteLink' | 'SetKey' }>;

/** Carries out one operation as Linux does, without a word about what it ignores. */
export function changeDevice<Type extends Change['type']>(
  device: FakeDevice,
  operation: Extract<Change, { type: Type }>,
  keys: KeysOf,
): void {
  const carryOut = CHANGES[operation.type] as (device: FakeDevice, operation: Change, keys: KeysOf) => unknown;
  carryOut(device, operation, keys);
}

/** A peer that is not there does not come to be. */
export function setPeer(device: FakeDevice, publicKey: PublicKey, settings: Partial<CurrentPeer>): void {
  const peer = device.peers.get(publicKey);
  if (peer !== undefined) device.peers.set(publicKey, { ...peer, ...settings });
}

const CHANGES: {
  readonly [Type in Change['type']]: (
    device: FakeDevice,
    change: Extract<Change, { type: Type }>,
    keys: KeysOf,
  ) => unknown;
} = {
  SetMtu: (device, { mtu }) => (device.mtu = mtu),
  SetListenPort: (device, { listenPort }) => (device.listenPort = listenPort),
  AddAddress: (device, { address }) => device.addresses.add(address),
  RemoveAddress: (device, { address }) => device.addresses.delete(address),
  LinkUp: (device) => (device.up = true),
  AddRoute: (device, { prefix }) => device.routes.add(prefix),
  RemoveRoute: (device, { prefix }) => device.routes.delete(prefix),
  AddPeer: (device, { peer }, keys) => add(device, peer, keys),
  RemovePeer: (device, { publicKey }) => device.peers.delete(publicKey),
  SetPresharedKey: (device, { publicKey, presharedKey }, keys) => setKey(device, { publicKey, presharedKey, keys }),
  SetEndpoint: (device, { publicKey, endpoint }) => setPeer(device, publicKey, { endpoint: checkedEndpoint(endpoint) }),
  SetKeepalive: (device, { publicKey, persistentKeepaliveSeconds }) =>
    setPeer(device, publicKey, { persistentKeepaliveSeconds }),
  AddAllowedIPs: (device, { publicKey, allowedIPs }) => give(device, publicKey, allowedIPs),
  RemoveAllowedIPs: (device, { allowedIPs }) => take(device, allowedIPs),
};

function add(device: FakeDevice, peer: DesiredPeer, keys: KeysOf): void {
  const { publicKey, presharedKey, endpoint, persistentKeepaliveSeconds, allowedIPs } = peer;
  // WireGuard ignores its own key as a peer without a word.
  if (publicKey === device.publicKey) return;
  const fresh = { publicKey, allowedIPs: [], persistentKeepaliveSeconds, rxBytes: 0, txBytes: 0 };
  device.peers.set(publicKey, device.peers.get(publicKey) ?? fresh);
  if (presharedKey !== undefined) setKey(device, { publicKey, presharedKey, keys });
  if (endpoint !== undefined) setPeer(device, publicKey, { endpoint: checkedEndpoint(endpoint) });
  give(device, publicKey, allowedIPs);
}

interface NewKey {
  readonly publicKey: PublicKey;
  readonly presharedKey: KeyFingerprint | 'none';
  readonly keys: KeysOf;
}

/** The fingerprint of the key that there is for it, which shows when it is another than the one asked for. */
function setKey(device: FakeDevice, { publicKey, presharedKey: wanted, keys }: NewKey): void {
  const { presharedKey: _, ...peer } = device.peers.get(publicKey) ?? {};
  if (!('publicKey' in peer)) return;
  const presharedKey = wanted === 'none' ? undefined : fingerprintOf(keys.presharedKey(publicKey, wanted));
  device.peers.set(publicKey, presharedKey === undefined ? peer : { ...peer, presharedKey });
}

/** The last writer of an AllowedIP has it, and who had it before does not get it back. */
function give(device: FakeDevice, publicKey: PublicKey, allowedIPs: readonly Prefix[]): void {
  if (!device.peers.has(publicKey)) return;
  take(device, allowedIPs);
  const peer = device.peers.get(publicKey);
  if (peer === undefined) return;
  device.peers.set(publicKey, { ...peer, allowedIPs: [...peer.allowedIPs, ...allowedIPs].toSorted() });
}

/** From whoever has them: the real one gives them to a throw-away peer and removes that. */
function take(device: FakeDevice, allowedIPs: readonly Prefix[]): void {
  const gone = new Set(allowedIPs);
  for (const [key, peer] of device.peers) {
    if (!peer.allowedIPs.some((prefix) => gone.has(prefix))) continue;
    device.peers.set(key, { ...peer, allowedIPs: peer.allowedIPs.filter((prefix) => !gone.has(prefix)) });
  }
}
