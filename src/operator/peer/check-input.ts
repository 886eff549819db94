import type { PeerToCheck } from '../../mesh/checks/peer.ts';
import { parsePublicKey } from '../../mesh/key.ts';
import type { PublicKey } from '../../mesh/model.ts';
import type { PoolSpace } from '../../mesh/pool.ts';
import { grantedSpaces, spacesInForce } from '../gateway/granted.ts';
import type { Caches } from '../world/caches.ts';
import { keyIndexValue } from '../world/caches.ts';
import type { GatewayView, PeerView } from '../world/views.ts';
import { grantedTo, parsedPrefixes } from './granted.ts';

export interface PeerToDecide {
  readonly peer: PeerView;
  readonly gateway: GatewayView | undefined;
  /** The key that was made for a peer whose spec has none. */
  readonly made?: PublicKey;
}

/** What `checkPeer` has to know of a peer and of those around it. */
export function checkInput(
  { peer, gateway, made }: PeerToDecide,
  { caches }: { readonly caches: Pick<Caches, 'peers'> },
): PeerToCheck {
  const publicKey = peer.spec?.publicKey ?? made;
  const grantedPublicKey = peer.status.publicKey;
  const { uid, creationTimestamp } = peer;
  const gatewayName = peer.spec?.gatewayRef.name ?? '';
  const others = publicKey === undefined ? [] : caches.peers.by('key', keyIndexValue(peer.gatewayKey, publicKey));
  return {
    peer: {
      uid,
      creationTimestamp,
      gatewayName,
      ...(publicKey !== undefined && { publicKey }),
      ...(grantedPublicKey !== undefined && { grantedPublicKey }),
      ...endpointOf(peer, gateway),
    },
    ...(gateway && { gateway: gatewayFor(peer, gateway) }),
    samePublicKey: others.map((other) => ({ ...other, granted: other.status.publicKey === publicKey })),
  };
}

/** The pools from which the peer may have addresses: those in force for one that has some already. */
export function spacesFor(peer: PeerView, gateway: GatewayView): readonly PoolSpace[] | undefined {
  return grantedTo(peer) ? spacesInForce(gateway) : grantedSpaces(gateway);
}

function endpointOf({ spec }: PeerView, gateway: GatewayView | undefined): Pick<PeerToCheck['peer'], 'endpoint'> {
  if (!spec?.endpoint) return {};
  const pools = parsedPrefixes(gateway?.status.pools?.map(({ cidr }) => cidr));
  return { endpoint: { host: spec.endpoint.host, pools, routes: parsedPrefixes(spec.routes) } };
}

function gatewayFor(peer: PeerView, gateway: GatewayView): NonNullable<PeerToCheck['gateway']> {
  const publicKey = gateway.status.publicKey === undefined ? undefined : parsePublicKey(gateway.status.publicKey);
  return { accepted: spacesFor(peer, gateway) !== undefined, ...(publicKey && { publicKey }) };
}
