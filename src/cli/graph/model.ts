import { type GatewayView, isConnected, type MeshView, type PeerView } from '../status/view.ts';

/** A gateway with what hangs on it. */
export interface Branch {
  readonly namespace: string;
  readonly name: string;
  /** Undefined: peers name it, and it does not exist or may not be seen. */
  readonly gateway: GatewayView | undefined;
  /** Whether the caller may see gateways. */
  readonly isVisible: boolean;
  readonly peers: readonly PeerView[];
}

export interface BranchOptions {
  /** Name of the one gateway to show. */
  readonly only?: string | undefined;
  /** Whether the caller may see gateways; default true. */
  readonly isVisible?: boolean;
}

/** Every gateway, and every one that a peer names; sorted by namespace and name. */
export function branchesOf({ gateways, peers }: MeshView, options: BranchOptions = {}): readonly Branch[] {
  const { only, isVisible = true } = options;
  const found = new Map<string, Branch & { readonly peers: PeerView[] }>();
  for (const gateway of gateways) found.set(keyOf(gateway), { ...nameOf(gateway), gateway, isVisible, peers: [] });
  for (const peer of peers) {
    const name = { namespace: peer.namespace, name: peer.gateway };
    const branch = found.get(keyOf(name)) ?? { ...name, gateway: undefined, isVisible, peers: [] };
    branch.peers.push(peer);
    found.set(keyOf(name), branch);
  }
  return [...found.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, branch]) => branch)
    .filter(({ name }) => only === undefined || name === only);
}

/** What is said of a gateway beside its name. */
export function gatewayNotes({ gateway, isVisible }: Branch): readonly string[] {
  if (gateway === undefined) return [isVisible ? 'not found' : 'not shown'];
  const { ready, nodeName, endpoint } = gateway;
  return [
    ready.status === 'True' ? 'Ready' : `not Ready: ${ready.reason}`,
    ...(endpoint === undefined ? [] : [endpoint]),
    ...(nodeName === undefined ? [] : [`on node ${nodeName}`]),
  ];
}

/** What is said of a peer beside its name: addresses, then how it is. */
export function peerNotes(peer: PeerView): readonly string[] {
  const { addresses = [], ready, connection } = peer;
  const isFine = ready.status === 'True';
  return [...addresses, isFine ? connection.state : `not Ready: ${ready.reason}`];
}

export function isUp(peer: PeerView): boolean {
  return peer.ready.status === 'True' && isConnected(peer);
}

interface Named {
  readonly namespace: string;
  readonly name: string;
}

function nameOf({ namespace, name }: Named): Named {
  return { namespace, name };
}

function keyOf({ namespace, name }: Named): string {
  return `${namespace}/${name}`;
}
