import type { Acceptance } from '../../mesh/accept-peers.ts';
import type { AcceptedPeer, ProgrammedPeer } from '../../mesh/device.ts';
import type { CurrentPeer, KeyFingerprint, Prefix, PublicKey, Result } from '../../mesh/model.ts';
import type { Problem } from '../../mesh/problem.ts';
import { conflictProblem } from '../../mesh/route-conflict.ts';
import type { OccupiedNetwork } from '../../mesh/route-conflict.ts';
import type { PeerView } from '../world/views.ts';
import type { EndpointChoice, Endpoints } from './endpoints.ts';
import type { DeviceKeys } from './gateway-key.ts';

export interface PeersToProgram {
  readonly peers: readonly PeerView[];
  readonly accepted: ReadonlyMap<string, Acceptance>;
  readonly current: ReadonlyMap<PublicKey, CurrentPeer>;
  readonly key: Result<DeviceKeys>;
  readonly conflicts: ReadonlyMap<Prefix, OccupiedNetwork>;
  readonly pools: readonly Prefix[];
}

export interface ProgrammedPeers {
  readonly peers: readonly ProgrammedPeer[];
  /** The acceptances as far as the node can follow them. */
  readonly accepted: ReadonlyMap<string, Acceptance>;
  /** Uids of the peers whose endpoint is to be written. */
  readonly dialled: readonly string[];
}

/** Everything that the device is told of its peers. */
export function programPeers(all: PeersToProgram, endpoints: Endpoints, signal: AbortSignal): ProgrammedPeers {
  const each = all.peers.map((view) => {
    const acceptance = all.accepted.get(view.uid) ?? {};
    const { peer } = acceptance;
    const result = peer === undefined ? {} : programPeer({ view, peer, all }, endpoints, signal);
    return { uid: view.uid, acceptance, ...result };
  });
  endpoints.retain(new Set(each.map(({ uid }) => uid)));
  return {
    peers: each.flatMap(({ programmed }) => programmed ?? []),
    accepted: new Map(each.map((one) => [one.uid, acceptanceAfter(one)])),
    dialled: each.flatMap(({ uid, programmed }) => (programmed?.endpoint === undefined ? [] : [uid])),
  };
}

interface Programmed {
  /** Absent: the peer cannot be on the device. */
  readonly programmed?: ProgrammedPeer;
  readonly problem?: Problem | undefined;
}

function acceptanceAfter({ acceptance, programmed, problem }: Programmed & { acceptance: Acceptance }): Acceptance {
  const { peer, problem: first } = acceptance;
  const why = first ?? problem;
  return { ...(peer && programmed && { peer }), ...(why && { problem: why }) };
}

interface PeerToProgram {
  readonly view: PeerView;
  readonly peer: AcceptedPeer;
  readonly all: PeersToProgram;
}

function programPeer({ view, peer, all }: PeerToProgram, endpoints: Endpoints, signal: AbortSignal): Programmed {
  const { publicKey, addresses } = peer;
  const current = all.current.get(publicKey);
  const presharedKey = presharedKeyOf(peer, current, all.key);
  if (!presharedKey.ok) return { problem: presharedKey.problems[0] };
  const { routes, problem: conflict } = leadable(peer.routes, all.conflicts);
  const { endpoint, problem } = chooseEndpoint({ view, current, peer, pools: all.pools }, endpoints, signal);
  const programmed = {
    publicKey,
    addresses,
    routes,
    ...(presharedKey.value !== undefined && { presharedKey: presharedKey.value }),
    ...(endpoint !== undefined && { endpoint }),
    persistentKeepaliveSeconds: view.persistentKeepaliveSeconds ?? current?.persistentKeepaliveSeconds ?? 0,
  };
  return { programmed, problem: conflict ?? problem };
}

/** Without the gateway's key no derived one is known: a peer that is there keeps what it has, another one has to wait. */
function presharedKeyOf(
  { publicKey, presharedKey }: AcceptedPeer,
  current: CurrentPeer | undefined,
  key: Result<DeviceKeys>,
): Result<KeyFingerprint | undefined> {
  if (presharedKey === 'None') return { ok: true, value: undefined };
  if (presharedKey === 'Derived' && key.ok) return { ok: true, value: key.value.presharedKeys.fingerprint(publicKey) };
  if (current !== undefined || key.ok) return { ok: true, value: current?.presharedKey };
  return key;
}

/** The routes of a peer that the node can lead to the device, and why it has not all of them. */
function leadable(routes: readonly Prefix[], conflicts: PeersToProgram['conflicts']) {
  const [first] = routes.filter((route) => conflicts.has(route));
  const network = first && conflicts.get(first);
  if (first === undefined || network === undefined) return { routes };
  return { routes: routes.filter((route) => !conflicts.has(route)), problem: conflictProblem(first, network) };
}

interface PeerToDial {
  readonly view: PeerView;
  readonly current: CurrentPeer | undefined;
  readonly peer: AcceptedPeer;
  readonly pools: readonly Prefix[];
}

function chooseEndpoint(
  { view: { uid, endpoint }, current, peer, pools }: PeerToDial,
  endpoints: Endpoints,
  signal: AbortSignal,
): EndpointChoice {
  if (endpoint === undefined) return {};
  return endpoints.choose({ uid, endpoint, current, bounds: { pools, routes: peer.routes } }, signal);
}
