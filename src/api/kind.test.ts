import { describe, expect, test } from 'vitest';
import { WireGuardGateway, WireGuardPeer } from './v1alpha1/index.ts';

const KEY = 'HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=';
const metadata = {
  name: 'laptop',
  namespace: 'net',
  uid: 'uid-1',
  resourceVersion: '7',
  generation: 1,
  creationTimestamp: '2026-01-01T00:00:00Z',
};
const stored = (spec: object = {}) => ({
  apiVersion: 'peerwright.dev/v1alpha1',
  kind: 'WireGuardPeer',
  metadata,
  spec: { gatewayRef: { name: 'edge' }, publicKey: KEY, ...spec },
});

describe('reading an object', () => {
  test('drops what this release does not know, and fills in defaults', () => {
    const foreign = {
      ...stored({ future: 1 }),
      metadata: { ...metadata, managedFields: [{ manager: 'x' }] },
      other: true,
    };
    expect(WireGuardPeer.parse(foreign)).toEqual({ ok: true, value: stored({ state: 'Enabled' }) });
  });

  test('keeps the status', () => {
    const status = { observedGeneration: -1, conditions: [], addresses: ['10.90.1.7'] };
    expect(WireGuardPeer.parse({ ...stored(), status })).toMatchObject({ ok: true, value: { status } });
  });

  test('says everything that does not fit, with its path, as problems', () => {
    const broken = stored({ publicKey: 'secret', addresses: ['10.90.1.7', 'x'], gatewayRef: undefined, state: 'Off' });
    expect(WireGuardPeer.parse(broken)).toEqual({
      ok: false,
      problems: [
        { code: 'InvalidObject', path: 'spec.gatewayRef', message: 'is required' },
        expect.objectContaining({ path: 'spec.publicKey' }),
        expect.objectContaining({ path: 'spec.addresses[1]' }),
        expect.objectContaining({ path: 'spec.state', message: expect.stringContaining('not "Off"') }),
      ],
    });
  });

  test.each([
    undefined,
    null,
    'text',
    [],
    {},
    { ...stored(), kind: 'Secret' },
    { ...stored(), metadata: { name: 'x' } },
  ])('gives problems for %j', (object) => {
    expect(WireGuardPeer.parse(object)).toMatchObject({ ok: false });
  });

  test('gives problems for a name that the API server would not have taken', () => {
    const long = { ...stored(), metadata: { ...metadata, name: 'p'.repeat(53) } };
    expect(WireGuardPeer.parse(long)).toMatchObject({ ok: false, problems: [{ code: 'InvalidObject' }] });
  });
});

describe('checking an object before it is written', () => {
  test('needs nothing that only a stored object has', () => {
    expect(WireGuardPeer.check({ metadata: { name: 'laptop' }, spec: stored().spec })).toEqual([]);
    expect(WireGuardGateway.check({ metadata: { name: 'edge' }, spec: { pools: [{ cidr: '10.90.0.0/16' }] } })).toEqual(
      [],
    );
  });

  test('compares with the object it replaces', () => {
    expect(WireGuardPeer.check(stored({ gatewayRef: { name: 'other' } }), stored())).toEqual([
      {
        code: 'InvalidObject',
        path: 'spec.gatewayRef.name',
        message: 'edge cannot become other; delete the peer and create it anew for the other gateway',
      },
    ]);
  });
});
