import type { NodeIdentity } from '../../api/v1alpha1/node-config.ts';
import { prevails } from '../../mesh/checks/claim.ts';
import type { Result } from '../../mesh/model.ts';
import type { CandidateNode } from '../../mesh/place.ts';
import { placeGateway } from '../../mesh/place.ts';
import type { Caches } from '../world/caches.ts';
import type { AgentLiveness } from '../world/liveness.ts';
import type { Reports } from '../world/reports.ts';
import type { GatewayView, NodeView } from '../world/views.ts';

export interface PlacementDeps {
  readonly caches: Pick<Caches, 'gateways' | 'nodes' | 'nodeConfigs'>;
  readonly configNamespace: string;
  readonly reports: Reports;
  readonly liveness: AgentLiveness;
}

/** Problems of a whole node with which no gateway can run there. */
const UNFIT = ['WireGuardUnavailable', 'FirewallUnavailable'];

/** The node for a gateway. While nothing better is known, a gateway stays where it is. */
export function place(gateway: GatewayView, deps: PlacementDeps): Result<string> {
  const current = gateway.status.nodeName;
  const { nodeSelector } = gateway.spec?.placement ?? {};
  const placed = placeGateway({
    gateway: { uid: gateway.uid, ...(nodeSelector && { nodeSelector }) },
    ...(current && { current }),
    nodes: deps.caches.nodes.list().map((node) => candidate(node, gateway, deps)),
    gatewaysOn: gatewaysOn(gateway, deps),
  });
  if (placed.ok || !current || !onlyItsAgentIsGone(gateway, deps)) return placed;
  return { ok: true, value: current };
}

function candidate(node: NodeView, gateway: GatewayView, deps: PlacementDeps): CandidateNode {
  const { name, uid, labels, schedulable } = node;
  const here = gateway.status.nodeName === name;
  const state = deps.liveness.state(name);
  const excluded = exclusion(node, gateway, deps);
  return {
    name,
    uid,
    labels,
    schedulable,
    agentAlive: state === 'Alive' || (here && state === 'Unseen'),
    identityPinned: pinnedFor(node, deps) !== undefined,
    ...(excluded && { excluded }),
  };
}

/** Whether the node's identity is the one that was pinned for this very Node object. */
export function identityPinned(
  node: NodeView,
  deps: Pick<PlacementDeps, 'caches' | 'configNamespace' | 'reports'>,
): boolean {
  const pinned = pinnedFor(node, deps);
  const shown = deps.reports.facts(node.name)?.recipient;
  return pinned !== undefined && (shown === undefined || shown === pinned.recipient);
}

/** The identity pinned for this very Node object. */
function pinnedFor(node: NodeView, deps: Pick<PlacementDeps, 'caches' | 'configNamespace'>): NodeIdentity | undefined {
  const pinned = deps.caches.nodeConfigs.get(`${deps.configNamespace}/${node.name}`)?.spec?.identity;
  return pinned?.nodeUID === node.uid ? pinned : undefined;
}

/** What one WireGuardNodeConfig and one report hold: one more, and nothing on that node could be changed any more. */
const MAX_GATEWAYS = 64;

/** A report keeps a gateway away from its node, or an identity other than the pinned one, or who is there already. */
function exclusion(node: NodeView, gateway: GatewayView, deps: PlacementDeps): string | undefined {
  if (pinnedFor(node, deps) && !identityPinned(node, deps)) return 'NodeIdentityChanged';
  const unfit = deps.reports.facts(node.name)?.problems?.find((problem) => UNFIT.includes(problem.code));
  const here = gateway.status.nodeName === node.name;
  if (unfit && !here) return unfit.code;
  if (!here && (gatewaysOn(gateway, deps).get(node.name) ?? 0) >= MAX_GATEWAYS)
    return `that it runs ${MAX_GATEWAYS} gateways`;
  return portConflict(node, gateway, deps);
}

/** A port that the gateway has on this node already is no question. */
function portConflict(node: NodeView, gateway: GatewayView, deps: PlacementDeps): string | undefined {
  const { nodeName, listenPort } = gateway.status;
  const port = gateway.spec?.listenPort;
  if (port === undefined || (nodeName === node.name && listenPort === port)) return undefined;
  return portsOn(node.name, gateway, deps).has(port) ? `that port ${port} is taken` : undefined;
}

/** Whether a node that could be chosen is not known to be alive only because this process has just begun to watch. */
export function awaitsAgents(gateway: GatewayView, { caches, liveness }: PlacementDeps): boolean {
  const selector = Object.entries(gateway.spec?.placement?.nodeSelector ?? {});
  return caches.nodes.list().some(({ name, labels, schedulable }) => {
    const matches = selector.every(([key, value]) => labels[key] === value);
    return matches && schedulable && liveness.state(name) === 'Unseen';
  });
}

/** Ports of the other gateways on a node. */
export function portsOn(nodeName: string, gateway: GatewayView, deps: Pick<PlacementDeps, 'caches'>): Set<number> {
  return portsOf(othersOn(nodeName, gateway, deps));
}

/** Those that a gateway on the node has to leave to others, also if they were given to it too by a lagging operator. */
export function portsBefore(nodeName: string, gateway: GatewayView, deps: Pick<PlacementDeps, 'caches'>): Set<number> {
  const others = othersOn(nodeName, gateway, deps);
  if (gateway.status.nodeName !== nodeName) return portsOf(others);
  const own = { ...gateway, granted: true };
  return portsOf(
    others.filter((other) => other.spec?.listenPort !== undefined || prevails({ ...other, granted: true }, own)),
  );
}

function othersOn(nodeName: string, { uid }: GatewayView, { caches }: Pick<PlacementDeps, 'caches'>): GatewayView[] {
  return caches.gateways.list().filter((other) => other.uid !== uid && other.status.nodeName === nodeName);
}

function portsOf(gateways: readonly GatewayView[]): Set<number> {
  return new Set(gateways.map(({ status }) => status.listenPort).filter((port) => port !== undefined));
}

function gatewaysOn(gateway: GatewayView, deps: PlacementDeps): Map<string, number> {
  const counts = new Map<string, number>();
  for (const other of deps.caches.gateways.values()) {
    const { nodeName } = other.status;
    if (nodeName && other.uid !== gateway.uid) counts.set(nodeName, (counts.get(nodeName) ?? 0) + 1);
  }
  return counts;
}

/** The device keeps forwarding without its agent: with nowhere else to go, the decision stays. */
function onlyItsAgentIsGone(gateway: GatewayView, deps: PlacementDeps): boolean {
  const node = deps.caches.nodes.list().find((other) => other.name === gateway.status.nodeName);
  const selector = Object.entries(gateway.spec?.placement?.nodeSelector ?? {});
  if (!node || !selector.every(([key, value]) => node.labels[key] === value)) return false;
  return deps.liveness.state(node.name) === 'Lapsed' && identityPinned(node, deps);
}
