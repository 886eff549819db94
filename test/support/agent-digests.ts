import type { ConfiguredGateway } from '../../src/api/v1alpha1/node-config.ts';
import type { WireGuardPeer } from '../../src/api/v1alpha1/index.ts';
import { deviceFacts, peerFacts } from '../../src/mesh/digest.ts';
import { digest } from '../../src/runtime/digest.ts';

/** What an agent has to report of this spec and status on this gateway, when the peer is on the device. */
export function peerDigest(
  { spec, status }: Pick<WireGuardPeer, 'spec' | 'status'>,
  gateway: { readonly uid: string; readonly publicKey: string },
): string {
  const { addresses, routes = [], publicKey = '', presharedKey = 'None' } = status ?? {};
  return digest(
    peerFacts({
      gatewayUID: gateway.uid,
      gatewayPublicKey: gateway.publicKey,
      publicKey,
      allowedIPs: [...hostPrefixes(addresses), ...routes],
      routes,
      presharedKey,
      persistentKeepaliveSeconds: spec.persistentKeepaliveSeconds ?? 0,
    }),
  );
}

/** What an agent has to report of a device that is as configured. */
export function deviceDigest({
  gateway,
  publicKey,
  listenPort,
  addresses,
  pools,
  mtu,
  ...configured
}: ConfiguredGateway): string {
  const { routes = [], masquerade = 'Enabled', peerTraffic = 'Isolated' } = configured;
  return digest(
    deviceFacts({
      gatewayUID: gateway.uid,
      publicKey,
      listenPort,
      addresses: hostPrefixes(addresses),
      routes: pools,
      ...(mtu !== undefined && { mtu }),
      forward: { routes, masquerade, peerTraffic },
    }),
  );
}

function hostPrefixes(addresses: readonly string[] = []): string[] {
  return addresses.map((address) => `${address}/${address.includes(':') ? 128 : 32}`);
}
