import type { DesiredDevice, DesiredPeer, DeviceName, Prefix, PublicKey } from '../../src/mesh/model.ts';

export const NAME = 'pw-00000001' as DeviceName;

export function deviceOf(publicKey: PublicKey, peers: readonly DesiredPeer[] = []): DesiredDevice {
  return {
    name: NAME,
    alias: 'peerwright:net/edge',
    publicKey,
    listenPort: 51840,
    mtu: 1420,
    addresses: ['10.90.0.1/32', 'fd00:90::1/128'] as Prefix[],
    routes: ['10.90.0.0/16', 'fd00:90::/64'] as Prefix[],
    peers: new Map(peers.map((each) => [each.publicKey, each])),
  };
}
