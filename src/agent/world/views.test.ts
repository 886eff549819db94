import { describe, expect, it } from 'vitest';
import type { PeerObject } from './kinds.ts';
import { configView, peerView } from './views.ts';

const KEY = 'AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';
const metadata = {
  namespace: 'net',
  name: 'laptop',
  uid: 'u1',
  resourceVersion: '7',
  generation: 3,
  creationTimestamp: '2026-01-01T00:00:00Z',
};

function peer(spec: object = {}, status?: PeerObject['status']): PeerObject {
  const complete = { gatewayRef: { name: 'edge' }, publicKey: KEY, ...spec };
  return {
    apiVersion: 'peerwright.dev/v1alpha1',
    kind: 'WireGuardPeer',
    metadata,
    spec: complete,
    ...(status && { status }),
  };
}

const stalled = {
  type: 'Stalled',
  status: 'True' as const,
  observedGeneration: 3,
  lastTransitionTime: '2026-01-01T00:00:00Z',
  reason: 'PublicKeyInUse',
  message: '',
};

describe('peerView', () => {
  it('takes the decision from the status', () => {
    const status = { observedGeneration: 3, publicKey: KEY, addresses: ['10.90.0.7'] };
    expect(peerView(peer({}, status))).toMatchObject({
      uid: 'u1',
      generation: 3,
      state: 'Enabled',
      decided: true,
      granted: { publicKey: KEY, addresses: ['10.90.0.7'], routes: [], presharedKey: 'None' },
    });
    const more = { ...status, routes: ['192.168.7.0/24'], presharedKey: 'Derived' as const };
    expect(peerView(peer({}, more)).granted).toMatchObject({ routes: ['192.168.7.0/24'], presharedKey: 'Derived' });
  });

  it('takes from the spec what the agent goes by itself', () => {
    const endpoint = { host: 'branch7.example.net', port: 51_820 };
    const spec = { routes: ['192.168.7.0/24'], endpoint, persistentKeepaliveSeconds: 25 };
    expect(peerView(peer(spec))).toMatchObject({ publicKey: KEY, ...spec });
    expect(peerView(peer())).toMatchObject({ routes: [], persistentKeepaliveSeconds: 0 });
    expect(peerView(peer())).not.toHaveProperty('endpoint');
    expect(peerView(peer({ publicKey: undefined }))).not.toHaveProperty('publicKey');
  });

  it('keeps the decision about a peer whose spec cannot be read', () => {
    const status = { observedGeneration: 3, publicKey: KEY, addresses: ['10.90.0.7'], routes: ['192.168.7.0/24'] };
    const view = peerView(peer({ routes: 'all' }, status));
    expect(view).toMatchObject({
      decided: false,
      invalid: { code: 'InvalidObject' },
      granted: { publicKey: KEY, addresses: ['10.90.0.7'], routes: ['192.168.7.0/24'] },
    });
    expect(view).not.toHaveProperty('persistentKeepaliveSeconds');
  });

  it('keeps the decision of an operator who says more than this agent can read', () => {
    const granted = { publicKey: KEY, addresses: ['10.90.0.7'], routes: ['192.168.7.0/24'] };
    const status = { observedGeneration: 3, ...granted, connection: { state: 'Roaming' }, presharedKey: 'Secret' };
    expect(peerView(peer({}, status as unknown as PeerObject['status']))).toMatchObject({
      decided: false,
      invalid: { code: 'InvalidObject' },
      granted,
    });
  });

  it.each([
    ['was made for an earlier spec', { observedGeneration: 2 }],
    ['is of the last spec that was accepted', { observedGeneration: 3, conditions: [stalled] }],
    ['was never made', undefined],
  ])('does not take a decision for one about this spec that %s', (_, status) => {
    expect(peerView(peer({}, status)).decided).toBe(false);
  });

  it('takes a peer that is being deleted for Disabled, whatever keeps its object', () => {
    const alive = peer();
    const deletionTimestamp = '2026-01-02T00:00:00Z';
    expect(peerView({ ...alive, metadata: { ...metadata, deletionTimestamp } }).state).toBe('Disabled');
  });

  it('sees that a peer is Disabled even when the rest of it cannot be read', () => {
    const broken = peer({ state: 'Disabled', addresses: 'none' });
    expect(peerView(broken)).toMatchObject({ state: 'Disabled', invalid: { code: 'InvalidObject' } });
  });
});

describe('configView', () => {
  it('refuses a config that cannot be read, naming the field', () => {
    const config = { apiVersion: 'peerwright.dev/v1alpha1' as const, kind: 'WireGuardNodeConfig' as const, metadata };
    const spec = { identity: { nodeUID: '', recipient: 'age1' }, gateways: [] };
    expect(() => configView({ ...config, spec })).toThrow(/spec.identity.nodeUID/);
  });
});
