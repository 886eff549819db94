import type { GatewayStatus, PoolStatus } from '../api/v1alpha1/gateway.ts';
import type { ConditionFact } from './condition.ts';
import { datedConditions, isFalse, isTrue, isUnknown, problemMessage } from './condition.ts';
import type { Address, Prefix, PublicKey } from './model.ts';
import type { Problem } from './problem.ts';

/** What the operator decided for a gateway; NodeConfigs are made of it. */
export interface GatewayDecision {
  readonly publicKey: PublicKey;
  readonly nodeName: string;
  readonly listenPort: number;
  readonly addresses: readonly Address[];
  readonly pools: readonly Prefix[];
  /** Absent: the agent finds out. */
  readonly mtu?: number;
  readonly routes: readonly Prefix[];
  readonly allowedPeerRoutes: readonly Prefix[];
  readonly masquerade: 'Enabled' | 'Disabled';
  readonly peerTraffic: 'Isolated' | 'Open';
  /** `host:port` as clients dial it; absent while the node has no address. */
  readonly endpoint?: string;
}

export type GatewayAcknowledgement =
  | { readonly kind: 'Programmed' }
  | { readonly kind: 'Pending' }
  | { readonly kind: 'Failed'; readonly problems: readonly Problem[] }
  /** The agent of the node is not heard of. */
  | { readonly kind: 'Unknown' };

export interface GatewayFacts {
  readonly generation: number;
  /** Of this spec, or the last accepted one. */
  readonly decision?: GatewayDecision;
  /** Why the spec is not accepted. */
  readonly problems: readonly Problem[];
  /** Why there is no key, no node or no sealed key; each a person's business. */
  readonly obstacles: readonly Problem[];
  /** Why it cannot be decided yet; goes on by itself. */
  readonly waiting?: Problem;
  /** Absent while the key could not be looked at. */
  readonly publicKey?: PublicKey;
  readonly acknowledgement: GatewayAcknowledgement;
  readonly pools: readonly PoolStatus[];
  readonly peers: { readonly total: number; readonly programmed: number; readonly connected: number };
}

/** The whole status of a gateway; the rules are those of `peerStatus`. */
export function gatewayStatus(previous: GatewayStatus | undefined, facts: GatewayFacts, now: string): GatewayStatus {
  const dating = { generation: facts.generation, now };
  const { decision } = facts;
  return {
    observedGeneration: facts.generation,
    conditions: datedConditions(previous?.conditions ?? [], conditionsOf(facts), dating),
    ...(facts.publicKey && { publicKey: facts.publicKey }),
    ...(decision && {
      addresses: [...decision.addresses],
      nodeName: decision.nodeName,
      listenPort: decision.listenPort,
      ...offer(decision),
      ...(decision.endpoint && { endpoint: decision.endpoint }),
    }),
    pools: [...facts.pools],
    peers: { ...facts.peers },
  };
}

function offer({ mtu, routes, allowedPeerRoutes, masquerade, peerTraffic }: GatewayDecision): Partial<GatewayStatus> {
  return {
    ...(mtu !== undefined && { mtu }),
    ...(routes.length > 0 && { routes: [...routes] }),
    ...(allowedPeerRoutes.length > 0 && { allowedPeerRoutes: [...allowedPeerRoutes] }),
    masquerade,
    peerTraffic,
  };
}

function conditionsOf(facts: GatewayFacts): ConditionFact[] {
  const stalled = facts.problems[0] ?? facts.obstacles[0];
  const programmed = programmedFact(facts);
  return [
    readyFact(facts, programmed),
    acceptedFact(facts),
    keyFact(facts),
    programmed,
    ...(stalled ? [isTrue('Stalled', stalled.code, problemMessage([...facts.problems, ...facts.obstacles]))] : []),
    ...(!stalled && programmed.status !== 'True'
      ? [{ ...programmed, type: 'Reconciling', status: 'True' as const }]
      : []),
  ];
}

function readyFact(facts: GatewayFacts, programmed: ConditionFact): ConditionFact {
  const all = [...facts.problems, ...facts.obstacles];
  if (all[0]) return isFalse('Ready', all[0].code, problemMessage(all));
  if (facts.waiting) return isFalse('Ready', facts.waiting.code, facts.waiting.message);
  if (programmed.status === 'True') return isTrue('Ready', 'Programmed', 'The device runs as decided.');
  return { ...programmed, type: 'Ready' };
}

function acceptedFact(facts: GatewayFacts): ConditionFact {
  const problem = facts.problems[0];
  if (problem) return isFalse('Accepted', problem.code, problemMessage(facts.problems));
  return isTrue('Accepted', 'Accepted', 'The spec is valid.');
}

function keyFact(facts: GatewayFacts): ConditionFact {
  const conflict = facts.obstacles.find((problem) => problem.code === 'SecretConflict');
  if (conflict) return isFalse('KeyReady', conflict.code, conflict.message);
  if (facts.publicKey) return isTrue('KeyReady', 'Available', 'The key is in its Secret.');
  return isFalse('KeyReady', 'Progressing', 'The key is not made yet.');
}

const AWAITED = 'Waiting for the agent to report exactly this decision.';

function programmedFact(facts: GatewayFacts): ConditionFact {
  if (facts.waiting) return isFalse('Programmed', facts.waiting.code, facts.waiting.message);
  const ack = facts.acknowledgement;
  switch (ack.kind) {
    case 'Programmed':
      return isTrue('Programmed', 'Programmed', 'The agent read exactly this device back.');
    case 'Failed':
      return isFalse('Programmed', ack.problems[0]?.code ?? 'DeviceFailed', problemMessage(ack.problems));
    case 'Unknown':
      return isUnknown('Programmed', 'AgentUnavailable', "The node's agent does not renew its Lease.");
    case 'Pending':
      return isFalse('Programmed', 'Progressing', facts.decision ? AWAITED : 'Nothing is decided yet.');
  }
}
