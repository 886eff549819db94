import type { ReportedProblem } from '../../api/v1alpha1/common.ts';
import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import type { ReportedDevice, ReportedPeer } from '../../api/v1alpha1/node-report.ts';
import type { DeviceFacts } from '../../mesh/digest.ts';
import { deviceFacts, peerFacts } from '../../mesh/digest.ts';
import type { CurrentDevice, CurrentPeer } from '../../mesh/model.ts';
import type { Problem } from '../../mesh/problem.ts';
import { digest } from '../../runtime/digest.ts';
import type { DeviceObservation, ObservedPeer } from '../device/observation.ts';

const UNSEEN = { routes: [], presharedKey: 'Other' } as const;
const MAX_PROBLEMS = 16;
const MAX_MESSAGE = 1024;

/** A device as s000 reports it. Everything about it comes from what was read back. */
export function deviceEntry(observation: DeviceObservation): ReportedDevice {
  const { name, configured, device, takenPorts = [], problems } = observation;
  const { gateway, generation } = configured;
  return {
    gateway,
    generation,
    device: name,
    ...(device && deviceState(device, observation)),
    ...(takenPorts.length > 0 && { takenPorts: [...takenPorts] }),
    ...(problems.length > 0 && { problems: reportedProblems(problems) }),
  };
}

function deviceState(device: CurrentDevice, observation: DeviceObservation) {
  const { publicKey, listenPort, implementation, mtu } = device;
  const facts = factsOf(device, observation);
  return {
    ...(facts && { digest: digest(deviceFacts(facts)) }),
    implementation,
    ...(publicKey && { publicKey }),
    listenPort,
    mtu,
  };
}

/** Undefined as long as the link is down, has no key, or has no firewall. */
function factsOf(device: CurrentDevice, { configured, rules }: DeviceObservation): DeviceFacts | undefined {
  const { up, publicKey, listenPort, addresses, mtu } = device;
  if (!up || publicKey === undefined || rules === undefined) return undefined;
  const { routes, masquerade, peerTraffic } = rules;
  return {
    gatewayUID: configured.gateway.uid,
    publicKey,
    listenPort,
    addresses,
    routes: ownRoutes(device, configured),
    ...(configured.mtu !== undefined && { mtu }),
    forward: { routes, masquerade, peerTraffic },
  };
}

/** Those that lead to the device for no peer: the pools, and what nobody has any more. */
function ownRoutes({ routes, peers }: CurrentDevice, { pools }: ConfiguredGateway): string[] {
  const [own, others] = [new Set<string>(pools), new Set<string>()];
  if (routes.some((route) => !own.has(route))) {
    for (const { allowedIPs } of peers.values()) for (const prefix of allowedIPs) others.add(prefix);
  }
  return routes.filter((route) => own.has(route) || !others.has(route));
}

/**
 * A peer without its connection. The digest is of what the device has under its key, and absent without that; a device
 * whose link is down, or that has no key, gives another one than any decision.
 */
export function peerEntry(uid: string, peer: ObservedPeer, observation: DeviceObservation): ReportedPeer {
  const { generation, seen = UNSEEN, problem } = peer;
  const { device, configured } = observation;
  const on = peerOnDevice(peer, observation);
  return {
    uid,
    generation,
    ...(on && {
      digest: digest(
        peerFacts({
          gatewayUID: configured.gateway.uid,
          gatewayPublicKey: (device?.up === true && device.publicKey) || '',
          publicKey: on.publicKey,
          allowedIPs: on.allowedIPs,
          routes: seen.routes,
          presharedKey: seen.presharedKey,
          persistentKeepaliveSeconds: on.persistentKeepaliveSeconds,
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
