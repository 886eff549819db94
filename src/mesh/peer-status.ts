import type { Reason } from '../api/reasons.ts';
import type { Connection, PeerStatus } from '../api/v1alpha1/peer.ts';
import type { ConditionFact } from './condition.ts';
import { datedConditions, isFalse, isTrue, isUnknown, problemMessage } from './condition.ts';
import type { Address, Prefix, PublicKey } from './model.ts';
import type { Problem } from './problem.ts';

/** What the node's agent has acknowledged about the decision in force. */
export type Acknowledgement =
  | { readonly kind: 'Programmed' }
  | { readonly kind: 'Gone' }
  | { readonly kind: 'Pending' }
  | { readonly kind: 'Refused'; readonly problem: Problem };

/** What the operator granted: agents program addresses, key, routes and preshared key of it. */
export interface PeerDecision {
  readonly addresses: readonly Address[];
  readonly publicKey: PublicKey;
  /** The networks behind the peer that were granted, sorted. */
  readonly routes: readonly Prefix[];
  readonly presharedKey: 'None' | 'Derived';
  /** Name of the Secret with the client's file; absent when there is nothing to hand over. */
  readonly configSecret?: string;
}

export interface PeerFacts {
  readonly generation: number;
  readonly state: 'Enabled' | 'Disabled';
  /** Of this spec, or the last accepted one while `problems` or `waiting` say that this one is not decided. */
  readonly decision?: PeerDecision;
  /** Why this spec cannot be accepted; a person has to change something. */
  readonly problems: readonly Problem[];
  /** Why it cannot be decided yet; it goes on by itself. */
  readonly waiting?: Problem;
  readonly acknowledgement: Acknowledgement;
  readonly connection?: Connection;
}

/** Reasons that speak of the address and not of the rest of the spec. */
const ADDRESS_REASONS: readonly Reason[] = ['AddressInUse', 'AddressOutOfPool', 'PoolExhausted', 'BlockCorrupt'];
/** Reasons that speak of something beside the object. */
const SECRET_REASONS: readonly Reason[] = ['SecretConflict'];

/**
 * The whole status of a peer.
 *
 * | spec                | on the device        | Ready              | besides            |
 * |---------------------|----------------------|--------------------|--------------------|
 * | not acceptable      | last accepted stays  | False, the reason  | Stalled            |
 * | cannot decide yet   | last accepted stays  | False, the reason  | Reconciling        |
 * | decided, Enabled    | exactly this         | True, Programmed   |                    |
 * | decided, Enabled    | anything else        | False, Progressing | Reconciling        |
 * | decided, Enabled    | refused by the agent | False, PeerRefused | Reconciling        |
 * | decided, Disabled   | gone                 | True, Disabled     |                    |
 * | decided, Disabled   | anything else        | False, Progressing | Reconciling        |
 */
export function peerStatus(previous: PeerStatus | undefined, facts: PeerFacts, now: string): PeerStatus {
  const conditions = [...verdict(facts), connectedFact(facts)];
  return {
    observedGeneration: facts.generation,
    conditions: datedConditions(previous?.conditions ?? [], conditions, { generation: facts.generation, now }),
    ...(facts.decision && decided(facts.decision)),
    ...(facts.connection && { connection: facts.connection }),
  };
}

function decided({ addresses, publicKey, routes, presharedKey, configSecret }: PeerDecision): PeerStatus {
  return {
    addresses: [...addresses],
    ...(routes.length > 0 && { routes: [...routes] }),
    publicKey,
    presharedKey,
    ...(configSecret !== undefined && { configSecret: { name: configSecret } }),
  };
}

function verdict(facts: PeerFacts): ConditionFact[] {
  if (facts.problems.length > 0) return refused(facts, facts.problems);
  if (facts.waiting) return undecided(facts, facts.waiting);
  return [
    ...readiness(facts),
    isTrue('Accepted', 'Accepted', 'The spec is valid.'),
    isTrue('AddressAllocated', 'Allocated', `Addresses: ${(facts.decision?.addresses ?? []).join(', ')}.`),
  ];
}

function refused(facts: PeerFacts, problems: readonly Problem[]): ConditionFact[] {
  const reason = problems[0]?.code ?? 'InvalidObject';
  const message = problemMessage(problems);
  const aboutAddress = ADDRESS_REASONS.includes(reason);
  const isAccepted = aboutAddress || SECRET_REASONS.includes(reason);
  return [
    isFalse('Ready', reason, message),
    isAccepted ? isTrue('Accepted', 'Accepted', 'The spec is valid.') : isFalse('Accepted', reason, message),
    aboutAddress ? isFalse('AddressAllocated', reason, message) : allocatedSoFar(facts),
    programmedFact(facts),
    isTrue('Stalled', reason, message),
  ];
}

function undecided(facts: PeerFacts, waiting: Problem): ConditionFact[] {
  return [
    isFalse('Ready', waiting.code, waiting.message),
    isUnknown('Accepted', waiting.code, waiting.message),
    allocatedSoFar(facts),
    programmedFact(facts),
    isTrue('Reconciling', waiting.code, waiting.message),
  ];
}

function readiness(facts: PeerFacts): ConditionFact[] {
  const programmed = programmedFact(facts);
  const disabled = facts.state === 'Disabled';
  if (disabled && facts.acknowledgement.kind === 'Gone') {
    return [isTrue('Ready', 'Disabled', 'The peer is disabled and off the device.'), programmed];
  }
  if (!disabled && facts.acknowledgement.kind === 'Programmed') {
    return [isTrue('Ready', 'Programmed', 'The device has exactly this peer.'), programmed];
  }
  return [
    isFalse('Ready', programmed.reason, programmed.message),
    programmed,
    isTrue('Reconciling', programmed.reason, programmed.message),
  ];
}

function programmedFact(facts: PeerFacts): ConditionFact {
  const ack = facts.acknowledgement;
  switch (ack.kind) {
    case 'Programmed':
      return facts.state === 'Disabled'
        ? isTrue('Programmed', 'Progressing', 'The peer is disabled, and still on the device.')
        : isTrue('Programmed', 'Programmed', 'The agent read exactly this peer back from the device.');
    case 'Refused':
      return isFalse('Programmed', ack.problem.code, ack.problem.message);
    case 'Gone':
      return facts.state === 'Disabled'
        ? isFalse('Programmed', 'Disabled', 'The peer is off the device.')
        : progressing();
    case 'Pending':
      return progressing();
  }
}

/** Known and not on the device is said as unknown is: the difference is not worth a write. */
function progressing(): ConditionFact {
  return isFalse('Programmed', 'Progressing', 'Waiting for the agent to report exactly this decision.');
}

function allocatedSoFar(facts: PeerFacts): ConditionFact {
  const addresses = facts.decision?.addresses ?? [];
  return addresses.length > 0
    ? isTrue('AddressAllocated', 'Allocated', `Addresses: ${addresses.join(', ')}.`)
    : isFalse('AddressAllocated', 'Progressing', 'No address is allocated yet.');
}

function connectedFact(facts: PeerFacts): ConditionFact {
  if (facts.state === 'Disabled') return isFalse('Connected', 'Disabled', 'The peer is disabled.');
  const state = facts.connection?.state ?? 'Never';
  switch (state) {
    case 'Connected':
      return isTrue('Connected', 'Connected', 'The last handshake is less than 180 seconds old.');
    case 'Idle':
      return isTrue('Connected', 'Idle', 'Nothing was sent since the last handshake.');
    case 'Disconnected':
      return isFalse(
        'Connected',
        'Disconnected',
        'A handshake is overdue by more than 300 seconds, or the peer is on no device.',
      );
    case 'Never':
      return isFalse('Connected', 'Never', 'The peer has never completed a handshake.');
    case 'Unknown':
      return isUnknown('Connected', 'AgentUnavailable', "The node's agent does not renew its Lease.");
  }
}
