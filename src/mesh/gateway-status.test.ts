import { describe, expect, it } from 'vitest';
import type { GatewayDecision, GatewayFacts } from './gateway-status.ts';
import { gatewayStatus } from './gateway-status.ts';
import type { Address, Prefix, PublicKey } from './model.ts';
import type { Problem } from './problem.ts';
import { kstatusOf } from './status.testing.ts';

const publicKey = 'key' as PublicKey;
const decision: GatewayDecision = {
  publicKey,
  nodeName: 'n1',
  listenPort: 51840,
  addresses: ['10.90.0.1' as Address],
  pools: ['10.90.0.0/16' as Prefix],
  routes: [],
  allowedPeerRoutes: [],
  masquerade: 'Enabled',
  peerTraffic: 'Isolated',
  endpoint: '203.0.113.7:51840',
};
const decided = { decision, publicKey };
const overlap: Problem = { code: 'PoolOverlap', message: 'overlaps.' };
const conflict: Problem = { code: 'SecretConflict', message: 'foreign.' };
const nowhere: Problem = { code: 'NoEligibleNode', message: 'no node.' };
const interfaceTaken: Problem = { code: 'InterfaceConflict', message: 'pw-1 is not ours.' };
const settling: Problem = { code: 'Progressing', message: 'settling.' };

function statusOf(rest: Partial<GatewayFacts>) {
  const nothing = { pools: [], peers: { total: 0, programmed: 0, connected: 0 }, problems: [], obstacles: [] };
  const facts: GatewayFacts = { generation: 3, acknowledgement: { kind: 'Pending' }, ...nothing, ...rest };
  return gatewayStatus(undefined, facts, '2026-01-01T00:00:00Z');
}

const ACCEPTED = 'Accepted True Accepted';
const KEY = 'KeyReady True Available';
const WAITING = 'Programmed False Progressing';
const RUNS = { kind: 'Programmed' } as const;

const TABLE: readonly (readonly [string, Partial<GatewayFacts>, string, string[]])[] = [
  [
    'runs as decided',
    { ...decided, acknowledgement: RUNS },
    'Current',
    ['Ready True Programmed', ACCEPTED, KEY, 'Programmed True Programmed'],
  ],
  [
    'not acknowledged',
    decided,
    'InProgress',
    ['Ready False Progressing', ACCEPTED, KEY, WAITING, 'Reconciling True Progressing'],
  ],
  [
    'agent away',
    { ...decided, acknowledgement: { kind: 'Unknown' } },
    'InProgress',
    [
      'Ready Unknown AgentUnavailable',
      ACCEPTED,
      KEY,
      'Programmed Unknown AgentUnavailable',
      'Reconciling True AgentUnavailable',
    ],
  ],
  [
    'a device that the agent tries again',
    { ...decided, acknowledgement: { kind: 'Failed', problems: [{ code: 'DeviceFailed', message: 'busy.' }] } },
    'InProgress',
    ['Ready False DeviceFailed', ACCEPTED, KEY, 'Programmed False DeviceFailed', 'Reconciling True DeviceFailed'],
  ],
  [
    'a device that only a person can mend',
    { ...decided, obstacles: [interfaceTaken], acknowledgement: { kind: 'Failed', problems: [interfaceTaken] } },
    'Failed',
    [
      'Ready False InterfaceConflict',
      ACCEPTED,
      KEY,
      'Programmed False InterfaceConflict',
      'Stalled True InterfaceConflict',
    ],
  ],
  [
    'spec not acceptable, the device stays',
    { ...decided, problems: [overlap], acknowledgement: RUNS },
    'Failed',
    [
      'Ready False PoolOverlap',
      'Accepted False PoolOverlap',
      KEY,
      'Programmed True Programmed',
      'Stalled True PoolOverlap',
    ],
  ],
  [
    'no key',
    { obstacles: [conflict] },
    'Failed',
    ['Ready False SecretConflict', ACCEPTED, 'KeyReady False SecretConflict', WAITING, 'Stalled True SecretConflict'],
  ],
  [
    'no node',
    { publicKey, obstacles: [nowhere] },
    'Failed',
    ['Ready False NoEligibleNode', ACCEPTED, KEY, WAITING, 'Stalled True NoEligibleNode'],
  ],
  [
    'waiting for the policies',
    { publicKey, waiting: settling },
    'InProgress',
    ['Ready False Progressing', ACCEPTED, KEY, WAITING, 'Reconciling True Progressing'],
  ],
  [
    'key not made yet',
    {},
    'InProgress',
    ['Ready False Progressing', ACCEPTED, 'KeyReady False Progressing', WAITING, 'Reconciling True Progressing'],
  ],
];

describe('the status of a gateway', () => {
  it.each(TABLE)('%s', (...[, facts, computed, expected]) => {
    const status = statusOf(facts);
    expect((status.conditions ?? []).map(({ type, status: value, reason }) => `${type} ${value} ${reason}`)).toEqual(
      expected,
    );
    expect(kstatusOf(3, status)).toBe(computed);
    expect(kstatusOf(4, status)).toBe('InProgress');
  });

  it('shows the decision and the numbers', () => {
    const pools = [{ cidr: '10.90.0.0/16', capacity: 9, allocated: 2, quarantined: 1 }];
    const peers = { total: 2, programmed: 1, connected: 0 };
    expect(statusOf({ ...decided, pools, peers })).toMatchObject({
      publicKey: 'key',
      addresses: ['10.90.0.1'],
      nodeName: 'n1',
      listenPort: 51840,
      endpoint: '203.0.113.7:51840',
      pools,
      peers,
    });
    expect(statusOf({})).not.toHaveProperty('nodeName');
  });

  it('shows what the gateway offers and allows, and no lists with nothing in them', () => {
    const offer = {
      mtu: 1400,
      routes: ['10.0.0.0/16' as Prefix],
      allowedPeerRoutes: ['192.168.0.0/16' as Prefix],
      masquerade: 'Disabled' as const,
      peerTraffic: 'Open' as const,
    };
    expect(statusOf({ ...decided, decision: { ...decision, ...offer } })).toMatchObject(offer);
    const plain = statusOf(decided);
    expect(plain).toMatchObject({ masquerade: 'Enabled', peerTraffic: 'Isolated' });
    for (const absent of ['mtu', 'routes', 'allowedPeerRoutes']) expect(plain).not.toHaveProperty(absent);
  });
});
