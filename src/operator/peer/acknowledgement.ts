import type { ReportedPeer } from '../../api/v1alpha1/node-report.ts';
import { peerFacts } from '../../mesh/digest.ts';
import { hostPrefix } from '../../mesh/ip/prefix.ts';
import type { Acknowledgement, PeerDecision } from '../../mesh/peer-status.ts';
import { digest } from '../../runtime/digest.ts';
import { problemOf } from '../gateway/acknowledgement.ts';
import type { Reports } from '../world/reports.ts';
import type { GatewayView, PeerView } from '../world/views.ts';

export interface PeerQuestion {
  readonly peer: PeerView;
  readonly gateway: GatewayView | undefined;
  readonly decision: PeerDecision | undefined;
}

/** What the agent of the gateway's node says about the decision. A digest without its generation may be of an earlier turn. */
export function peerAcknowledgement({ peer, gateway, decision }: PeerQuestion, reports: Reports): Acknowledgement {
  const nodeName = gateway?.status.nodeName;
  if (!nodeName) return { kind: reports.nodesWith(peer.uid).length === 0 ? 'Gone' : 'Pending' };
  const entry = reports.peer(nodeName, peer.uid)?.entry;
  if (entry?.generation !== peer.generation) return { kind: 'Pending' };
  return acknowledged(entry, peer.spec?.state === 'Disabled' ? undefined : peerDigest(peer, gateway, decision));
}

/** `wanted` undefined: no digest is right, as of a peer that must not be on the device. */
function acknowledged(entry: ReportedPeer, wanted: string | undefined): Acknowledgement {
  if (entry.problem) return { kind: 'Refused', problem: problemOf(entry.problem) };
  if (entry.digest === undefined) return { kind: 'Gone' };
  return { kind: entry.digest === wanted ? 'Programmed' : 'Pending' };
}

function peerDigest(peer: PeerView, gateway: GatewayView, decision: PeerDecision | undefined): string | undefined {
  if (!decision) return undefined;
  const { addresses, publicKey, presharedKey, routes } = decision;
  return digest(
    peerFacts({
      gatewayUID: gateway.uid,
      gatewayPublicKey: gateway.status.publicKey ?? '',
      publicKey,
      allowedIPs: [...addresses.map(hostPrefix), ...routes],
      routes,
      presharedKey,
      persistentKeepaliveSeconds: peer.spec?.persistentKeepaliveSeconds ?? 0,
    }),
  );
}
