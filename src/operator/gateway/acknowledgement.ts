import { REASONS, type Reason } from '../../api/reasons.ts';
import type { ReportedProblem } from '../../api/v1alpha1/common.ts';
import { deviceFacts } from '../../mesh/digest.ts';
import type { GatewayAcknowledgement, GatewayDecision } from '../../mesh/gateway-status.ts';
import { hostPrefix } from '../../mesh/ip/prefix.ts';
import type { Problem } from '../../mesh/problem.ts';
import { digest } from '../../runtime/digest.ts';
import type { AgentLiveness } from '../world/liveness.ts';
import type { Reports } from '../world/reports.ts';
import type { GatewayView } from '../world/views.ts';

/** What the node's agent says about a gateway's decision. A digest without its generation may be of an earlier turn. */
export function gatewayAcknowledgement(
  gateway: GatewayView,
  decision: GatewayDecision | undefined,
  { reports, liveness }: { reports: Reports; liveness: AgentLiveness },
): GatewayAcknowledgement {
  if (!decision) return { kind: 'Pending' };
  if (liveness.state(decision.nodeName) === 'Lapsed') return { kind: 'Unknown' };
  const device = reports.device(decision.nodeName, gateway.uid);
  // what stood in the way of an earlier spec may be what this one mends
  if (device?.generation !== gateway.generation) return { kind: 'Pending' };
  const problems = (device.problems ?? []).map(problemOf);
  if (problems.length > 0) return { kind: 'Failed', problems };
  return { kind: device.digest === deviceDigest(gateway.uid, decision) ? 'Programmed' : 'Pending' };
}

function deviceDigest(gatewayUID: string, decision: GatewayDecision): string {
  const { publicKey, listenPort, addresses, pools, mtu, routes, masquerade, peerTraffic } = decision;
  return digest(
    deviceFacts({
      gatewayUID,
      publicKey,
      listenPort,
      addresses: addresses.map(hostPrefix),
      routes: pools,
      ...(mtu !== undefined && { mtu }),
      forward: { routes, masquerade, peerTraffic },
    }),
  );
}

/** An agent of another release may know reasons that this one does not. */
export function problemOf({ code, message }: ReportedProblem): Problem {
  return Object.hasOwn(REASONS, code)
    ? { code: code as Reason, message }
    : { code: 'DeviceFailed', message: `${code}: ${message}` };
}
