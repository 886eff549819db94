/** Namespace of everything that the demo applies. */
export const NAMESPACE = 'demo';

/** A node takes only the gateways of its site; a kubelet cannot set a label of this prefix on itself. */
export const SITE_LABEL = 'node-restriction.kubernetes.io/site';

export const NODES = [
  { name: 'node-a', site: 'north' },
  { name: 'node-b', site: 'south' },
] as const;

/** Behind the gateway `edge`, as the network of a cluster is behind its nodes. */
export const CLUSTER_NETWORK = { v4: '10.20.0.0/24', v6: 'fd00:20::/64' };
/** Behind the peer `branch`. */
export const SITE_NETWORK = { v4: '192.168.90.0/24', v6: 'fd00:168:90::/64' };
/** Next to the gateway, as in a cloud, where it gives whoever asks the rights of the node. */
export const METADATA_NETWORK = { v4: '169.254.169.0/24', v6: 'fd00:ec2::/64' };

export interface Keys {
  /** Of the one peer that keeps its private key for itself. */
  readonly printer: string;
}

/** What a user would write: a namespace, a dual-stack and an IPv4-only gateway on different nodes, and three peers. */
export function manifests({ printer }: Keys): string {
  return `apiVersion: v1
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
  pools:                        # a peer gets one address of each family
    - cidr: 10.90.0.0/16
    - cidr: fd00:90::/64
  routes:                       # behind the gateway: what peers may reach
    - ${CLUSTER_NETWORK.v4}
    - ${CLUSTER_NETWORK.v6}
  allowedPeerRoutes:            # what peers may have behind them
    - 192.168.0.0/16
    - fd00:168::/32
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
---
apiVersion: peerwright.dev/v1alpha1
kind: WireGuardPeer
metadata:
  name: laptop                  # without a key: it is made, and a file for wg-quick
  namespace: ${NAMESPACE}
spec:
  gatewayRef:
    name: edge
  clientRoutes:                 # everything goes into its tunnel; what comes out is up to the gateway
    - 0.0.0.0/0
    - ::/0
---
apiVersion: peerwright.dev/v1alpha1
kind: WireGuardPeer
metadata:
  name: branch
  namespace: ${NAMESPACE}
spec:
  gatewayRef:
    name: edge
  routes:                       # the network behind it
    - ${SITE_NETWORK.v4}
    - ${SITE_NETWORK.v6}
---
apiVersion: peerwright.dev/v1alpha1
kind: WireGuardPeer
metadata:
  name: printer
  namespace: ${NAMESPACE}
spec:
  gatewayRef:
    name: legacy
  publicKey: ${printer}
`;
}
