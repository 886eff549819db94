import type { GatewayStatus, WireGuardGateway } from '../../api/v1alpha1/gateway.ts';
import type { Connection, ConnectionState, PeerStatus, WireGuardPeer } from '../../api/v1alpha1/peer.ts';
import type { ReportedConnection } from './reported.ts';

/** Everything that `status` and `graph` say; its JSON form is what `-o json` prints. Times are RFC 3339. */
export interface MeshView {
  readonly gateways: readonly GatewayView[];
  readonly peers: readonly PeerView[];
}

export interface ReadyView {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

export interface GatewayView extends Omit<GatewayStatus, 'observedGeneration' | 'conditions'> {
  readonly namespace: string;
  readonly name: string;
  readonly createdTime: string | undefined;
  readonly ready: ReadyView;
}

export interface PeerView extends Pick<PeerStatus, 'addresses' | 'presharedKey' | 'publicKey' | 'routes'> {
  readonly namespace: string;
  readonly name: string;
  readonly createdTime: string | undefined;
  readonly gateway: string;
  readonly state: 'Enabled' | 'Disabled';
  readonly ready: ReadyView;
  readonly connection: ConnectionView;
  /** Name of the Secret with its configuration. */
  readonly configSecret: string | undefined;
}

export interface ConnectionView extends Omit<ReportedConnection, 'state'> {
  readonly state: ConnectionState | 'Disabled';
  /** Where this is from: the status of the peer, or a newer report of its node. */
  readonly source: 'Status' | 'Report';
}

export interface MeshObjects {
  readonly gateways: readonly WireGuardGateway[];
  readonly peers: readonly WireGuardPeer[];
  /** The newest that the nodes reported, by uid of the peer. */
  readonly reported: ReadonlyMap<string, ReportedConnection>;
  /** Whether these are all peers of the gateways, so that they can be counted. */
  readonly isComplete?: boolean;
}

/** What is shown of these objects, sorted by namespace and name. */
export function meshView({ gateways, peers, reported, isComplete = false }: MeshObjects): MeshView {
  const shown = peers.map((peer) => peerView(peer, reported.get(peer.metadata.uid ?? ''))).toSorted(byName);
  const counted = (view: GatewayView) => (isComplete ? { ...view, peers: countsOf(view, peers, shown) } : view);
  return { gateways: gateways.map((gateway) => counted(gatewayView(gateway))).toSorted(byName), peers: shown };
}

/** As the operator counts, which writes them ten seconds later: beside the peers, older numbers would look wrong. */
function countsOf(gateway: Named, peers: readonly WireGuardPeer[], shown: readonly PeerView[]): GatewayView['peers'] {
  const isOwn = (namespace: string, name: string) => namespace === gateway.namespace && name === gateway.name;
  const own = peers.filter(({ metadata, spec }) => isOwn(metadata.namespace ?? '', spec.gatewayRef.name));
  return {
    total: own.length,
    programmed: own.filter(({ status }) => status?.conditions?.some(isProgrammed)).length,
    connected: shown.filter((peer) => isOwn(peer.namespace, peer.gateway) && isConnected(peer)).length,
  };
}

function isProgrammed({ type, status }: { readonly type: string; readonly status: string }): boolean {
  return type === 'Programmed' && status === 'True';
}

/** Whether the peer is there, as far as is known. */
export function isConnected({ connection: { state } }: PeerView): boolean {
  return state === 'Connected' || state === 'Idle';
}

export function gatewayView(gateway: WireGuardGateway): GatewayView {
  const { observedGeneration: _, conditions: __, ...decided } = gateway.status ?? {};
  return {
    ...named(gateway),
    createdTime: gateway.metadata.creationTimestamp,
    ready: readyOf(gateway),
    ...decided,
  };
}

export function peerView(peer: WireGuardPeer, reported: ReportedConnection | undefined): PeerView {
  const { metadata, spec, status = {} } = peer;
  const { addresses, presharedKey, publicKey, routes } = status;
  return {
    ...named(peer),
    createdTime: metadata.creationTimestamp,
    gateway: spec.gatewayRef.name,
    state: spec.state ?? 'Enabled',
    ready: readyOf(peer),
    connection: connectionOf(peer, reported),
    addresses,
    routes,
    publicKey,
    presharedKey,
    configSecret: status.configSecret?.name,
  };
}

/** A verdict about an older spec is none about this one. */
function readyOf({ metadata, status }: WireGuardGateway | WireGuardPeer): ReadyView {
  const found = status?.conditions?.find(({ type }) => type === 'Ready');
  const isCurrent = (status?.observedGeneration ?? -1) >= (metadata.generation ?? 0);
  if (found === undefined || !isCurrent) {
    return { status: 'Unknown', reason: 'Pending', message: 'Waiting for the operator' };
  }
  return { status: found.status, reason: found.reason, message: found.message };
}

/**
 * | operator says      | report of the node   | shown                                                 |
 * |--------------------|----------------------|-------------------------------------------------------|
 * | anything           | none, or not newer   | status                                                |
 * | Unknown since then | from before then     | report, but Unknown: the agent has not answered since |
 * | anything else      | newer                | report                                                |
 */
function connectionOf({ spec, status }: WireGuardPeer, reported: ReportedConnection | undefined): ConnectionView {
  const known = status?.connection;
  if (spec.state === 'Disabled') return { ...known, state: 'Disabled', source: 'Status' };
  if (reported !== undefined && isNewer(reported.observedTime, known?.observedTime)) return fresher(reported, known);
  return { ...known, state: known?.state ?? 'Never', source: 'Status' };
}

function fresher(reported: ReportedConnection, known: Connection | undefined): ConnectionView {
  const isSilent = known?.state === 'Unknown' && !isNewer(reported.observedTime, known.sinceTime);
  const silence = isSilent ? { state: known.state, sinceTime: known.sinceTime } : {};
  return { ...reported, ...silence, source: 'Report' };
}

function isNewer(a: string | undefined, b: string | undefined): boolean {
  return (Date.parse(a ?? '') || 0) > (Date.parse(b ?? '') || 0);
}

function named({ metadata: { namespace = '', name } }: WireGuardGateway | WireGuardPeer) {
  return { namespace, name };
}

interface Named {
  readonly namespace: string;
  readonly name: string;
}

function byName(a: Named, b: Named): number {
  return compare(a.namespace, b.namespace) || compare(a.name, b.name);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
