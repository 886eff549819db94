import type { Dataplane, DeviceRules } from '../../dataplane/port.ts';
import { acceptPeers } from '../../mesh/accept-peers.ts';
import type { Acceptance } from '../../mesh/accept-peers.ts';
import { leavingRoutes } from '../../mesh/accept-peers-routes.ts';
import { deviceFor, poolsOf } from '../../mesh/device.ts';
import type { CurrentDevice, DesiredDevice, Prefix, Result } from '../../mesh/model.ts';
import type { Problem } from '../../mesh/problem.ts';
import { conflictProblem } from '../../mesh/route-conflict.ts';
import type { Clock } from '../../runtime/clock.ts';
import { isGrantedElsewhere } from '../world/granted-elsewhere.ts';
import type { GatewayWorld, NodeWorld } from '../world/node-world.ts';
import type { PeerView } from '../world/views.ts';
import { conflictsOf } from './conflicts.ts';
import type { Conflicts } from './conflicts.ts';
import type { DeviceMemory } from './device-memory.ts';
import { rulesOf } from './device-rules.ts';
import { forwardingProblems } from './forwarding.ts';
import type { DeviceKeys } from './gateway-key.ts';
import type { NodeNetworks } from './node-networks.ts';
import { programPeers } from './programmed-peers.ts';

export interface DesireDeps {
  readonly dataplane: Pick<Dataplane, 'forwarding'>;
  readonly networks: Pick<NodeNetworks, 'ofNode' | 'ofOurs'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly world: Pick<NodeWorld, 'gateways'>;
}

export interface DesireSources {
  readonly gateway: GatewayWorld;
  readonly peers: readonly PeerView[];
  /** What is there of this gateway's device. */
  readonly current: CurrentDevice | undefined;
  readonly key: Result<DeviceKeys>;
  readonly memory: DeviceMemory;
}

/** What one pass over a device is to bring about. */
export interface Desire {
  readonly device: DesiredDevice;
  readonly rules: DeviceRules;
  readonly accepted: ReadonlyMap<string, Acceptance>;
  /** Of the device, as far as they are known before anything is done. */
  readonly problems: readonly Problem[];
  /** Uids of the peers whose endpoint is written if all works. */
  readonly dialled: readonly string[];
  /** When something will be different without anybody saying so. */
  readonly againAfterMs: number | undefined;
}

/** How soon to look again when another device of ours stands in the way. */
const PASSING_MS = 500;

/** Decides what the device should be, from the decisions of the operator and from what the node allows. */
export async function desireOf(sources: DesireSources, deps: DesireDeps, signal: AbortSignal): Promise<Desire> {
  const { gateway, peers, current, key, memory } = sources;
  const { configured, device: name } = gateway;
  const { accepted: believed, graceMs } = acceptWithGrace(sources, deps);
  const mtu = await memory.underlay.mtu(configured.mtu, current, signal);
  const pools = poolsOf(configured);
  const wanted = [...pools, ...[...believed.values()].flatMap(({ peer }) => peer?.routes ?? [])];
  const conflicts = await conflictsOf({ device: name, wanted, there: current?.routes ?? [] }, deps.networks, signal);
  const onDevice = current?.peers ?? new Map();
  const { byPrefix } = conflicts;
  const all = { peers, accepted: believed, current: onDevice, key, conflicts: byPrefix, pools };
  const { peers: programmed, accepted, dialled } = programPeers(all, memory.endpoints, signal);
  if (key.ok)
    key.value.presharedKeys.retain(new Set([...programmed.map((peer) => peer.publicKey), ...onDevice.keys()]));
  const rules = rulesOf(name, configured, { mtu, peerRoutes: programmed.flatMap(({ routes }) => routes) });
  return {
    device: deviceFor(configured, { mtu, peers: programmed, withoutRoutes: new Set(byPrefix.keys()) }),
    rules,
    accepted,
    problems: [
      ...poolProblems(pools, conflicts),
      ...forwardingProblems(rules, await deps.dataplane.forwarding(signal)),
    ],
    dialled,
    againAfterMs: earlier(graceMs, conflicts.isPassing ? PASSING_MS : undefined),
  };
}

/** Routes that left a status stay for a moment, so that one that goes from peer to peer is never without any. */
function acceptWithGrace({ gateway, peers, current, memory }: DesireSources, { clock, world }: DesireDeps) {
  const all = { configured: gateway.configured, peers, current: current?.peers ?? new Map() };
  const nowMs = clock.monotonic();
  const left = [...leavingRoutes(all)].map(
    ([uid, routes]) => [uid, routes.filter((route) => !isGrantedElsewhere(route, gateway, world.gateways()))] as const,
  );
  const leaving = new Map(left);
  const accepted = acceptPeers({ ...all, lingering: memory.grace.lingering(leaving, nowMs) });
  return { accepted, graceMs: memory.grace.remember(accepted, leaving, nowMs) };
}

function poolProblems(pools: readonly Prefix[], { byPrefix }: Conflicts): Problem[] {
  return pools.flatMap((pool) => {
    const network = byPrefix.get(pool);
    return network === undefined ? [] : [conflictProblem(pool, network)];
  });
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
