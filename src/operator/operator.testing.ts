import type { Connection } from '../api/v1alpha1/peer.ts';
import type { ReportedPeer, NodeReportSpec } from '../api/v1alpha1/node-report.ts';
import type { GatewayStatus } from '../api/v1alpha1/gateway.ts';
import { createCaches, type Caches } from './world/caches.ts';
import { AgentLiveness } from './world/liveness.ts';
import { NetworkClaims } from './world/network-claims.ts';
import { Reports } from './world/reports.ts';
import type { GatewayView, Meta, NodeView, PeerView, ReportView } from './world/views.ts';
import { fakeClock, type FakeClock } from '../runtime/fake.ts';

export const THEN = '2026-01-01T00:00:00Z';
/** Two public keys in their canonical form. */
export const KEY_A = 'aPxGwq8zERHQ3Q1cOZFdJ+cvJX5Ka4mLN38AyYKYF10=';
export const KEY_B = 'CjUG5V9lFoJpXaaMjvcJZG5Wc9YGyBVxlEJ9GzTPCEc=';

export function meta(name: string, rest: Partial<Meta> = {}): Meta {
  const about = { resourceVersion: '1', generation: 1, creationTimestamp: THEN };
  return { namespace: 'net', name, uid: `uid-${name}`, ...about, ...rest };
}

export function gatewayView(status: GatewayStatus = {}, rest: Partial<GatewayView> = {}): GatewayView {
  const spec = { pools: [{ cidr: '10.90.1.0/24' }] };
  return { ...meta('edge'), spec, status, ...rest } as GatewayView;
}

export const PLACED: GatewayStatus = {
  observedGeneration: 1,
  publicKey: KEY_B,
  nodeName: 'n1',
  listenPort: 51840,
  addresses: ['10.90.1.1'],
  pools: [{ cidr: '10.90.1.0/24', capacity: 253, allocated: 0, quarantined: 0 }],
};

export function peerView(name: string, rest: Partial<Pick<PeerView, 'status' | 'generation' | 'uid'>> = {}): PeerView {
  const spec = { gatewayRef: { name: 'edge' }, publicKey: KEY_A, state: 'Enabled' as const };
  return { ...meta(name), spec, gatewayKey: 'net/edge', status: {}, ...rest };
}

export function nodeView(name: string, rest: Partial<NodeView> = {}): NodeView {
  const facts = { labels: {}, schedulable: true, podCIDRs: [], addresses: [] };
  return { ...meta(name, { namespace: '' }), ...facts, ...rest };
}

export function reportView(node: string, shard: number, rest: Partial<NodeReportSpec> = {}): ReportView {
  const spec = { nodeName: node, nodeUID: `uid-${node}`, observedTime: THEN, ...rest };
  return { ...meta(`s00${shard}.${node}`, { namespace: 'peerwright-system' }), spec, nodeName: node, shard };
}

export function entry(uid: string, rest: Partial<ReportedPeer> = {}): ReportedPeer {
  return { uid, generation: 1, digest: 'digest', ...rest };
}

export const CONNECTED: Connection = { state: 'Connected', sinceTime: THEN, observedTime: THEN, nodeName: 'n1' };

export interface OperatorWorld {
  readonly caches: Caches;
  readonly networks: NetworkClaims;
  readonly reports: Reports;
  readonly liveness: AgentLiveness;
  readonly clock: FakeClock;
}

/** Caches, reports and liveness with nothing in them, on a clock that stands still; node n1's agent has just renewed. */
export function operatorWorld(): OperatorWorld {
  const clock = fakeClock();
  const caches = createCaches();
  const reports = new Reports({ onNode: () => undefined, onPeer: () => undefined });
  const liveness = new AgentLiveness({ clock, onChange: () => undefined, nodeNames: () => [] });
  liveness.observe('n1', 'first');
  liveness.observe('n1', 'second');
  const networks = new NetworkClaims(caches, { apiServer: [], forbidden: [] });
  return { caches, networks, reports, liveness, clock };
}
