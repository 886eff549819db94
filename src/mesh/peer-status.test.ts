import { describe, expect, it } from 'vitest';
import type { Acknowledgement, PeerDecision, PeerFacts } from './peer-status.ts';
import { peerStatus } from './peer-status.ts';
import type { Address, Prefix, PublicKey } from './model.ts';
import type { Problem } from './problem.ts';
import { kstatusOf } from './status.testing.ts';

const NOW = '2026-01-01T00:00:00Z';
const LATER = '2026-01-01T00:01:00Z';
const decision: PeerDecision = {
  addresses: ['10.90.1.7' as Address],
  publicKey: 'key' as PublicKey,
  routes: [],
  presharedKey: 'None',
};
const taken: Problem = { code: 'AddressInUse', message: 'taken.', path: 'spec.addresses[0]' };
const keyTaken: Problem = { code: 'PublicKeyInUse', message: 'key taken.' };
const inTheWay: Problem = { code: 'SecretConflict', message: 'a Secret is in the way.' };
const notReady: Problem = { code: 'GatewayNotReady', message: 'no gateway yet.' };
const refused: Acknowledgement = { kind: 'Refused', problem: { code: 'PeerRefused', message: 'beyond the pools.' } };

function statusOf(rest: Partial<PeerFacts>, previous?: ReturnType<typeof peerStatus>, now = NOW) {
  const facts = {
    generation: 3,
    state: 'Enabled',
    problems: [],
    acknowledgement: { kind: 'Pending' },
    ...rest,
  } as const;
  return peerStatus(previous, facts, now);
}

/** `type status reason` of each condition. */
function lines(status: ReturnType<typeof peerStatus>) {
  return (status.conditions ?? []).map(({ type, status: value, reason }) => `${type} ${value} ${reason}`);
}

const NEVER = 'Connected False Never';
const ACCEPTED = 'Accepted True Accepted';
const ALLOCATED = 'AddressAllocated True Allocated';
const WAITING = 'Programmed False Progressing';

const TABLE: readonly (readonly [string, Partial<PeerFacts>, string, string[]])[] = [
  [
    'not acceptable, nothing before',
    { problems: [keyTaken] },
    'Failed',
    [
      'Ready False PublicKeyInUse',
      'Accepted False PublicKeyInUse',
      'AddressAllocated False Progressing',
      WAITING,
      'Stalled True PublicKeyInUse',
      NEVER,
    ],
  ],
  [
    'a Secret in the way, nothing before',
    { problems: [inTheWay] },
    'Failed',
    [
      'Ready False SecretConflict',
      ACCEPTED,
      'AddressAllocated False Progressing',
      WAITING,
      'Stalled True SecretConflict',
      NEVER,
    ],
  ],
  [
    'a Secret in the way, the last accepted decision stays programmed',
    { problems: [inTheWay], decision, acknowledgement: { kind: 'Programmed' } },
    'Failed',
    [
      'Ready False SecretConflict',
      ACCEPTED,
      ALLOCATED,
      'Programmed True Programmed',
      'Stalled True SecretConflict',
      NEVER,
    ],
  ],
  [
    'not acceptable, the last accepted decision stays programmed',
    { problems: [keyTaken], decision, acknowledgement: { kind: 'Programmed' } },
    'Failed',
    [
      'Ready False PublicKeyInUse',
      'Accepted False PublicKeyInUse',
      ALLOCATED,
      'Programmed True Programmed',
      'Stalled True PublicKeyInUse',
      NEVER,
    ],
  ],
  [
    'an address that cannot be had says nothing against the rest of the spec',
    { problems: [taken] },
    'Failed',
    [
      'Ready False AddressInUse',
      ACCEPTED,
      'AddressAllocated False AddressInUse',
      WAITING,
      'Stalled True AddressInUse',
      NEVER,
    ],
  ],
  [
    'cannot decide yet',
    { waiting: notReady },
    'InProgress',
    [
      'Ready False GatewayNotReady',
      'Accepted Unknown GatewayNotReady',
      'AddressAllocated False Progressing',
      WAITING,
      'Reconciling True GatewayNotReady',
      NEVER,
    ],
  ],
  [
    'decided and exactly on the device',
    { decision, acknowledgement: { kind: 'Programmed' } },
    'Current',
    ['Ready True Programmed', 'Programmed True Programmed', ACCEPTED, ALLOCATED, NEVER],
  ],
  [
    'decided and not acknowledged',
    { decision },
    'InProgress',
    ['Ready False Progressing', WAITING, 'Reconciling True Progressing', ACCEPTED, ALLOCATED, NEVER],
  ],
  [
    'decided and known not to be on the device',
    { decision, acknowledgement: { kind: 'Gone' } },
    'InProgress',
    ['Ready False Progressing', WAITING, 'Reconciling True Progressing', ACCEPTED, ALLOCATED, NEVER],
  ],
  [
    'decided and refused by the agent',
    { decision, acknowledgement: refused },
    'InProgress',
    [
      'Ready False PeerRefused',
      'Programmed False PeerRefused',
      'Reconciling True PeerRefused',
      ACCEPTED,
      ALLOCATED,
      NEVER,
    ],
  ],
  [
    'disabled and gone',
    { decision, state: 'Disabled', acknowledgement: { kind: 'Gone' } },
    'Current',
    ['Ready True Disabled', 'Programmed False Disabled', ACCEPTED, ALLOCATED, 'Connected False Disabled'],
  ],
  [
    'disabled and still on the device',
    { decision, state: 'Disabled', acknowledgement: { kind: 'Programmed' } },
    'InProgress',
    [
      'Ready False Progressing',
      'Programmed True Progressing',
      'Reconciling True Progressing',
      ACCEPTED,
      ALLOCATED,
      'Connected False Disabled',
    ],
  ],
  [
    'disabled and not acknowledged',
    { decision, state: 'Disabled' },
    'InProgress',
    [
      'Ready False Progressing',
      WAITING,
      'Reconciling True Progressing',
      ACCEPTED,
      ALLOCATED,
      'Connected False Disabled',
    ],
  ],
];

describe('the status of a peer', () => {
  it.each(TABLE)('%s', (...[, facts, computed, expected]) => {
    const status = statusOf(facts);
    expect(lines(status)).toEqual(expected);
    expect(kstatusOf(3, status)).toBe(computed);
    expect(kstatusOf(4, status)).toBe('InProgress');
  });

  it.each([
    ['Connected', 'True Connected'],
    ['Idle', 'True Idle'],
    ['Disconnected', 'False Disconnected'],
    ['Never', 'False Never'],
    ['Unknown', 'Unknown AgentUnavailable'],
  ] as const)('a connection that is %s makes Connected %s', (state, expected) => {
    const status = statusOf({ decision, connection: { state } });
    expect(lines(status)).toContain(`Connected ${expected}`);
    expect(status.connection).toEqual({ state });
  });

  it('names what was granted, and nothing when nothing was', () => {
    const plain = { observedGeneration: 3, addresses: ['10.90.1.7'], publicKey: 'key', presharedKey: 'None' };
    expect(statusOf({ decision })).toEqual({ ...plain, conditions: expect.any(Array) as unknown });
    const routes = ['192.168.7.0/24' as Prefix];
    const whole = statusOf({ decision: { ...decision, routes, presharedKey: 'Derived', configSecret: 's' } });
    expect(whole).toMatchObject({ ...plain, routes, presharedKey: 'Derived', configSecret: { name: 's' } });
    expect(Object.keys(statusOf({}))).toEqual(['observedGeneration', 'conditions']);
  });

  it('gives each problem with its path', () => {
    const { conditions = [] } = statusOf({ problems: [taken, { ...keyTaken, path: 'key' }] });
    expect(conditions[0]?.message).toBe('spec.addresses[0]: taken. key taken.');
  });

  it('dates a condition anew only when its status changes', () => {
    const before = statusOf({ decision });
    const same = statusOf({ decision, acknowledgement: refused }, before, LATER);
    const other = statusOf({ decision, acknowledgement: { kind: 'Programmed' } }, same, LATER);
    const dates = (status: ReturnType<typeof peerStatus>) => {
      const ready = status.conditions?.find((condition) => condition.type === 'Ready');
      return ready?.lastTransitionTime;
    };
    expect([before, same, other].map(dates)).toEqual([NOW, NOW, LATER]);
  });
});
