import type { WireGuardGateway } from '../../api/v1alpha1/gateway.ts';
import type { WireGuardPeer } from '../../api/v1alpha1/peer.ts';
import { gatewayView, type GatewayView, peerView, type PeerView } from './view.ts';

export const at = (seconds: number): string =>
  new Date(Date.parse('2026-06-01T12:00:00Z') + seconds * 1000).toISOString();

export function peerObject(
  status: WireGuardPeer['status'] = {},
  spec: Partial<WireGuardPeer['spec']> = {},
): WireGuardPeer {
  return {
    apiVersion: 'peerwright.dev/v1alpha1',
    kind: 'WireGuardPeer',
    metadata: { namespace: 'net', name: 'laptop', uid: 'u1', generation: 2, creationTimestamp: at(0) },
    spec: { gatewayRef: { name: 'edge' }, ...spec },
    status: { observedGeneration: 2, conditions: [ready('True', 'Programmed')], ...status },
  };
}

export function ready(status: 'True' | 'False' | 'Unknown', reason: string) {
  return { type: 'Ready', status, reason, message: 'Said.', observedGeneration: 2, lastTransitionTime: at(0) };
}

export function peer(name: string, change: Partial<PeerView> = {}): PeerView {
  return { ...peerView(peerObject(), undefined), name, ...change };
}

export function gateway(name: string, change: Partial<GatewayView> = {}): GatewayView {
  return { ...gatewayView(gatewayObject(name)), ...change };
}

export function gatewayObject(name: string, status: WireGuardGateway['status'] = {}): WireGuardGateway {
  return {
    apiVersion: 'peerwright.dev/v1alpha1',
    kind: 'WireGuardGateway',
    metadata: { namespace: 'net', name, uid: 'g1', generation: 2, creationTimestamp: at(0) },
    spec: { pools: [{ cidr: '10.90.0.0/16' }] },
    status: { observedGeneration: 2, conditions: [ready('True', 'Programmed')], ...status },
  };
}

export const NOT_READY = { status: 'False', reason: 'PeerRefused', message: 'No.' } as const;
