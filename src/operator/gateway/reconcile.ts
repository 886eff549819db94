import type { GatewayStatus } from '../../api/v1alpha1/gateway.ts';
import type { Again } from '../../kube/worker.ts';
import type { AddressBook } from '../../mesh/address-book.ts';
import type { GatewayAcknowledgement, GatewayDecision } from '../../mesh/gateway-status.ts';
import { gatewayStatus } from '../../mesh/gateway-status.ts';
import { parsePrefix } from '../../mesh/ip/prefix.ts';
import { mergePatch } from '../../mesh/merge-patch.ts';
import type { Prefix, PublicKey } from '../../mesh/model.ts';
import { parsePool } from '../../mesh/pool.ts';
import type { Problem } from '../../mesh/problem.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { KeyDeliveryGate } from '../key-delivery.ts';
import type { StatusTarget } from '../write-status.ts';
import { writeStatus } from '../write-status.ts';
import type { Caches } from '../world/caches.ts';
import type { GatewayObject } from '../world/kinds.ts';
import type { GatewayView } from '../world/views.ts';
import { gatewayAcknowledgement } from './acknowledgement.ts';
import { countersOf, withCounters } from './counters.ts';
import type { DecideDeps, GatewayVerdict } from './decide.ts';
import { decideGateway, gatewayProblems, undelivered } from './decide.ts';
import type { GatewayKeys } from './gateway-keys.ts';
import { grantedDecision } from './granted.ts';
import { offerIn, withOffer } from './offer.ts';

export interface GatewayDeps extends DecideDeps {
  readonly caches: Caches;
  readonly book: AddressBook;
  readonly keys: GatewayKeys;
  readonly delivery: KeyDeliveryGate;
  readonly target: StatusTarget<GatewayObject, GatewayView>;
  readonly clock: Clock;
  /** When a status last got new numbers, by uid; monotonic milliseconds. */
  readonly counted: Map<string, number>;
}

/** Problems of a device that only a person can solve; others the agent solves by trying again. */
const PERSONS_BUSINESS = [
  'InterfaceConflict',
  'WireGuardUnavailable',
  'FirewallUnavailable',
  'KeyUnreadable',
  'ForwardingDisabled',
  'RouteConflict',
];
/** Numbers alone are written at most this often. */
const COUNT_EVERY_MS = 10_000;
/** Secrets cannot be watched: how often to look at one that is in the way, and at the others. */
const CONFLICT_EVERY_MS = 1_000;
const KEY_EVERY_MS = 60_000;

/** Decides about one gateway and says so in its status; NodeConfigs follow from the status. */
export async function reconcileGateway(key: string, deps: GatewayDeps, signal: AbortSignal): Promise<Again | void> {
  const gateway = deps.caches.gateways.get(key);
  if (!gateway) return;
  const outlook = await outlookOf(gateway, deps, signal);
  const next = statusOf(gateway, outlook, deps);
  const due = numbersDue(gateway, next, deps);
  if (due > 0) return { againAfterMs: due };
  const written = await writeStatus(gateway, next, { target: deps.target, signal });
  if (written !== gateway) deps.counted.set(gateway.uid, deps.clock.monotonic());
  const inTheWay = outlook.obstacles.some(({ code }) => code === 'SecretConflict');
  return { againAfterMs: inTheWay ? CONFLICT_EVERY_MS : KEY_EVERY_MS };
}

interface Outlook {
  readonly problems: readonly Problem[];
  readonly obstacles: readonly Problem[];
  readonly waiting?: Problem;
  readonly publicKey?: PublicKey;
  readonly decision?: GatewayDecision;
  readonly pools: readonly Prefix[];
}

/** Everything decided about the gateway: of its spec as far as that is acceptable, otherwise what was decided before. */
async function outlookOf(gateway: GatewayView, deps: GatewayDeps, signal: AbortSignal): Promise<Outlook> {
  const granted = grantedDecision(gateway.status);
  const before = { ...(granted && { decision: granted, publicKey: granted.publicKey }), pools: grantedPools(gateway) };
  const problems = gatewayProblems(gateway, deps);
  if (problems.length > 0 || !gateway.spec) return { ...before, problems, obstacles: [] };
  // what does not depend on a node holds at once, also while there is none: above all a network that was closed
  const accepted = { ...before, ...(granted && { decision: withOffer(granted, offerIn(gateway.spec)) }) };
  const pools = gateway.spec.pools.map(parsePool).flatMap((space) => (space ? [space.cidr] : []));
  const key = await deps.keys.ensure({ ...gateway, published: gateway.status.publicKey }, signal);
  // until there is a decision with the new pools, the one in force stays whole
  const poolsSoFar = granted ? before.pools : pools;
  if (!key.ok) return { ...accepted, pools: poolsSoFar, problems, obstacles: key.problems };
  const { publicKey } = key.value;
  const verdict = decideGateway({ gateway, spec: gateway.spec, publicKey }, deps.delivery.state, deps);
  const decided = 'decision' in verdict;
  return {
    ...accepted,
    publicKey,
    pools: decided ? pools : poolsSoFar,
    problems,
    ...outcomeOf(verdict, gateway, deps),
  };
}

function outcomeOf(verdict: GatewayVerdict, gateway: GatewayView, deps: GatewayDeps) {
  if (verdict.problem) return { obstacles: [verdict.problem] };
  if (verdict.waiting) return { obstacles: [], waiting: verdict.waiting };
  const { decision } = verdict;
  if (deps.delivery.state.kind === 'InForce' || isSealed(gateway, decision, deps)) return { decision, obstacles: [] };
  const reason = undelivered(deps.delivery.state);
  if ('problem' in reason) return { decision, obstacles: [reason.problem] };
  return { decision, obstacles: [], waiting: reason.waiting };
}

/** Whether the node has the gateway's key already; then it does not matter that none can be sealed now. */
function isSealed(gateway: GatewayView, decision: GatewayDecision, deps: GatewayDeps): boolean {
  const config = deps.caches.nodeConfigs.get(`${deps.configNamespace}/${decision.nodeName}`);
  const entry = config?.spec?.gateways.find((configured) => configured.gateway.uid === gateway.uid);
  return entry?.publicKey === decision.publicKey;
}

function statusOf(gateway: GatewayView, outlook: Outlook, deps: GatewayDeps): GatewayStatus {
  const acknowledgement = gatewayAcknowledgement(gateway, outlook.decision, deps);
  const facts = {
    ...outlook,
    obstacles: [...outlook.obstacles, ...personsBusiness(gateway, acknowledgement)],
    generation: gateway.generation,
    acknowledgement,
    ...countersOf(gateway, outlook.pools, deps),
  };
  return gatewayStatus(gateway.status, facts, new Date(deps.clock.now()).toISOString());
}

function personsBusiness({ spec }: GatewayView, acknowledgement: GatewayAcknowledgement): readonly Problem[] {
  if (acknowledgement.kind !== 'Failed') return [];
  // a gateway that asked for no port gets another one
  const codes = spec?.listenPort === undefined ? PERSONS_BUSINESS : [...PERSONS_BUSINESS, 'ListenPortConflict'];
  return acknowledgement.problems.filter((problem) => codes.includes(problem.code));
}

/** Milliseconds until a status that differs in nothing but numbers may be written; 0: now, or nothing differs. */
function numbersDue(gateway: GatewayView, next: GatewayStatus, deps: GatewayDeps): number {
  const pools = gateway.status.pools ?? [];
  const samePools = (next.pools ?? []).every((pool, index) => pools[index]?.cidr === pool.cidr);
  const onlyNumbers = samePools && !mergePatch(gateway.status, withCounters(next, gateway.status));
  if (!onlyNumbers || !mergePatch(gateway.status, next)) return 0;
  const since = deps.clock.monotonic() - (deps.counted.get(gateway.uid) ?? -COUNT_EVERY_MS);
  return Math.max(0, COUNT_EVERY_MS - since);
}

function grantedPools(gateway: GatewayView): Prefix[] {
  return (gateway.status.pools ?? []).map((pool) => parsePrefix(pool.cidr)).filter((prefix) => prefix !== undefined);
}
