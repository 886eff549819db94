import { expect, test } from 'vitest';
import { missingConditions } from './missing.ts';
import { clientConfig, parseList } from './observe.ts';
import { needsRoot } from './root.ts';

const key = `${'A'.repeat(42)}E=`;
const metadata = (name: string) => ({
  name,
  namespace: 'demo',
  uid: name,
  resourceVersion: '1',
  generation: 2,
  creationTimestamp: '2026-01-01T00:00:00Z',
});
const condition = (type: string, status: string, reason: string) => ({
  type,
  status,
  reason,
  message: `It is ${reason}.`,
  observedGeneration: 2,
  lastTransitionTime: '2026-01-01T00:00:00.000Z',
});
const object = (kind: string, name: string, rest: object) => ({
  apiVersion: 'peerwright.dev/v1alpha1',
  kind,
  metadata: metadata(name),
  ...rest,
});
const edge = object('WireGuardGateway', 'edge', {
  spec: { pools: [{ cidr: '10.90.0.0/16' }, { cidr: 'fd00:90::/64' }] },
  status: {
    observedGeneration: 2,
    conditions: [condition('Ready', 'True', 'Programmed')],
    publicKey: key,
    endpoint: '198.18.1.11:51840',
    pools: ['10.90.0.0/16', 'fd00:90::/64'].map((cidr) => ({ cidr, capacity: 9, allocated: 1, quarantined: 0 })),
  },
});
const peer = (name: string, observedGeneration: number) =>
  object('WireGuardPeer', name, {
    spec: { gatewayRef: { name: 'edge' }, publicKey: key },
    status: {
      observedGeneration,
      conditions: [condition('Ready', 'False', 'AddressInUse'), condition('Connected', 'False', 'Never')],
      addresses: ['10.90.0.7', 'fd00:90::7'],
    },
  });
const observed = parseList(JSON.stringify({ items: [edge, peer('late', 1), peer('loser', 2)] }));

test('a failure names each object that is not there yet, how it is, and why', () => {
  expect(missingConditions(observed, 'Ready')).toEqual([
    'peer late has no condition Ready yet',
    'peer loser is Ready=False, AddressInUse: It is AddressInUse.',
  ]);
  expect(missingConditions(observed, 'Connected')[1]).toBe('peer loser is Connected=False, Never: It is Never.');
});

test('a client is configured from the statuses of its peer and gateway', () => {
  const [gateway, loser] = [observed.gateways[0], observed.peers[1]];
  if (gateway === undefined || loser === undefined) throw new Error('both were given');
  expect(clientConfig(loser, gateway)).toEqual({
    addresses: ['10.90.0.7/32', 'fd00:90::7/128'],
    peer: {
      publicKey: key,
      endpoint: '198.18.1.11:51840',
      allowedIPs: ['10.90.0.0/16', 'fd00:90::/64'],
      persistentKeepaliveSeconds: 25,
    },
  });
});

test('anybody but root is told so in one line', () => {
  expect(needsRoot(0)).toBeUndefined();
  expect(needsRoot(1000)).toMatch(/^[^\n]*root[^\n]*$/);
  expect(needsRoot(undefined)).toBeDefined();
});
