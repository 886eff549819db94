/** Namespace of everything that the demo applies. */
export const NAMESPACE = 'demo';

/** A node takes only the gateways of its site; a kubelet cannot set a label of this prefix on itself. */
export const SITE_LABEL = 'node-restriction.kubernetes.io/site';

export const NODES = [
  { name: 'node-a', site: 'north' },
  { name: 'node-b', site: 'south' },
] as const;

/** Who connects where. The names of the peers are those of the clients, too. */
export const PEERS = [
  { name: 'laptop', gateway: 'edge' },
  { name: 'phone', gateway: 'edge' },
  { name: 'printer', gateway: 'legacy' },
] as const;

export type PeerName = (typeof PEERS)[number]['name'];

/** What a user would write: a namespace, a dual-stack and an IPv4-only gateway on different nodes, and three peers. */
export function manifests(publicKeys: Readonly<Record<PeerName, string>>): string {
  return [GATEWAYS, ...PEERS.map((peer) => peerManifest({ ...peer, publicKey: publicKeys[peer.name] }))].join('---\n');
}

const GATEWAYS = `apiVersion: v1
kind: Namespace
metadata:
  name: ${NAMESPACE}
---
apiVersion: peerwright.dev/v1alpha1
kind: WireGuardGateway
metadata:
  name: edge
  namespace: ${NAMESPACE}
spec:
  pools:                      # a peer gets one address of each family
    - cidr: 10.90.0.0/16
    - cidr: fd00:90::/64
  placement:
    nodeSelector:
      ${SITE_LABEL}: north
---
apiVersion: peerwright.dev/v1alpha1
kind: WireGuardGateway
metadata:
  name: legacy
  namespace: ${NAMESPACE}
spec:
  pools:
    - cidr: 10.91.0.0/24
      reserved: [10.91.0.0/28]  # handed out on request only
  placement:
    nodeSelector:
      ${SITE_LABEL}: south
`;

function peerManifest(peer: { readonly name: string; readonly gateway: string; readonly publicKey: string }): string {
  return `apiVersion: peerwright.dev/v1alpha1
kind: WireGuardPeer
metadata:
  name: ${peer.name}
  namespace: ${NAMESPACE}
spec:
  gatewayRef:
    name: ${peer.gateway}
  publicKey: ${peer.publicKey}
`;
}
