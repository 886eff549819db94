import type { ReportedProblem } from '../../api/v1alpha1/common.ts';
import type { ReportedDevice, ReportedPeer } from '../../api/v1alpha1/node-report.ts';
import { deviceFacts, peerFacts } from '../../mesh/digest.ts';
import type { CurrentDevice, CurrentPeer } from '../../mesh/model.ts';
import type { Problem } from '../../mesh/problem.ts';
import { digest } from '../../runtime/digest.ts';
import type { DeviceObservation, ObservedPeer } from '../device/observation.ts';

const MAX_PROBLEMS = 16;
const MAX_MESSAGE = 1024;

/** A device as s000 reports it. Everything about it comes from what was read back. */
export function deviceEntry({ name, configured, device, problems }: DeviceObservation): ReportedDevice {
  const { gateway, generation } = configured;
  return {
    gateway,
    generation,
    device: name,
    ...(device && deviceState(gateway.uid, device)),
    ...(problems.length > 0 && { problems: reportedProblems(problems) }),
  };
}

/** Without a digest as long as the link is down. */
function deviceState(gatewayUID: string, device: CurrentDevice) {
  const { up, publicKey, listenPort, addresses, routes, implementation } = device;
  return {
    ...(up && publicKey && { digest: digest(deviceFacts({ gatewayUID, publicKey, listenPort, addresses, routes })) }),
    implementation,
    ...(publicKey && { publicKey }),
    listenPort,
  };
}

/** A peer without its connection. The digest is of what the device has under its key, and absent without that. */
export function peerEntry(uid: string, peer: ObservedPeer, observation: DeviceObservation): ReportedPeer {
  const { generation, problem } = peer;
  const on = peerOnDevice(peer, observation);
  const gatewayPublicKey = observation.device?.publicKey;
  return {
    uid,
    generation,
    ...(on &&
      gatewayPublicKey && {
        digest: digest(
          peerFacts({
            gatewayUID: observation.configured.gateway.uid,
            gatewayPublicKey,
            publicKey: on.publicKey,
            allowedIPs: on.allowedIPs,
          }),
        ),
      }),
    ...(problem && { problem: reportedProblem(problem) }),
  };
}

/** What the device has of a peer. */
export function peerOnDevice(
  { publicKey }: ObservedPeer,
  { device }: Pick<DeviceObservation, 'device'>,
): CurrentPeer | undefined {
  return publicKey === undefined ? undefined : device?.peers.get(publicKey);
}

/** Each once, as many as a report holds. */
export function reportedProblems(problems: readonly Problem[]): ReportedProblem[] {
  const distinct = new Map(problems.map((problem) => [`${problem.code} ${problem.message}`, problem]));
  return [...distinct.values()].slice(0, MAX_PROBLEMS).map(reportedProblem);
}

function reportedProblem({ code, message }: Problem): ReportedProblem {
  return { code, message: message.slice(0, MAX_MESSAGE) };
}
