import { expect, test } from 'vitest';
import type { BlockObject } from './kinds.ts';
import { block, peer, report } from './projections.ts';

const head = (kind: string, name: string) => ({
  apiVersion: 'peerwright.dev/v1alpha1' as const,
  kind,
  metadata: {
    name,
    namespace: 'net',
    uid: 'u',
    resourceVersion: '1',
    generation: 2,
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
});

function blockOf(name: string, spec: object): BlockObject {
  return { ...head('WireGuardAddressBlock', name), spec } as BlockObject;
}

test.each([
  ['v4-0a5a0100', { cidr: '10.90.1.0/24', allocations: [] }, undefined],
  ['v4-0a5a0100', { cidr: '10.91.1.0/24', allocations: [] }, 'spec.cidr of WireGuardAddressBlock v4-0a5a0100 is 10.91'],
  ['mine', { cidr: '10.90.1.0/24', allocations: [] }, 'metadata.name of WireGuardAddressBlock mine is not the name'],
])('a block %s with %j is invalid because of %s', (name, spec, why) => {
  const view = block(blockOf(name, spec));
  expect(view.invalid?.message.slice(0, why?.length)).toBe(why);
  expect(view.spec === undefined).toBe(why !== undefined);
});

test('a block that does not fit its schema is invalid', () => {
  expect(block(blockOf('v4-0a5a0100', { cidr: '10.90.1.0/24' })).invalid?.code).toBe('InvalidObject');
});

test('an object that cannot be read is kept with its gateway and its status', () => {
  const odd = {
    ...head('WireGuardPeer', 'p'),
    spec: { gatewayRef: { name: 'edge' }, publicKey: 'odd' },
    status: { addresses: ['10.90.1.7'] },
  };
  expect(peer(odd as never)).toMatchObject({
    gatewayKey: 'net/edge',
    invalid: { code: 'InvalidObject' },
    status: odd.status,
  });
});

test('a report belongs to the node of its name, whatever dots and digits that has', () => {
  const spec = { nodeName: 's000.a', nodeUID: 'u', observedTime: '2026-01-01T00:00:00Z' };
  expect(report({ ...head('WireGuardNodeReport', 's012.s000.a'), spec } as never)).toMatchObject({
    nodeName: 's000.a',
    shard: 12,
  });
});
