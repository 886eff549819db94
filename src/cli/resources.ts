import type { WireGuardGateway } from '../api/v1alpha1/gateway.ts';
import type { WireGuardNodeReport } from '../api/v1alpha1/node-report.ts';
import type { WireGuardPeer } from '../api/v1alpha1/peer.ts';
import { type KubeObject, resource, type Resource } from '../kube/object.ts';

/**
 * The kinds as paths and types only. Their schemas take a tenth of a second to load, and the API server has checked what
 * it returns.
 */
export const gateways = ours<WireGuardGateway>('WireGuardGateway', 'wireguardgateways');
export const peers = ours<WireGuardPeer>('WireGuardPeer', 'wireguardpeers');
export const nodeReports = ours<WireGuardNodeReport>('WireGuardNodeReport', 'wireguardnodereports');

function ours<T extends KubeObject>(kind: string, plural: string): Resource<T> {
  return resource<T>({ group: 'peerwright.dev', version: 'v1alpha1', kind, plural, namespaced: true });
}
