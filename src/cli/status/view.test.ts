import { describe, expect, test } from 'vitest';
import type { WireGuardNodeReport } from '../../api/v1alpha1/node-report.ts';
import { reportedConnections } from './reported.ts';
import { gatewayView, meshView, peerView } from './view.ts';
import { at, gateway, gatewayObject, peer, peerObject, ready } from './view.testing.ts';

const seen = (seconds: number) => ({ state: 'Connected' as const, observedTime: at(seconds), nodeName: 'a' });

describe('the connection of a peer', () => {
  test('is that of the report when it is newer than the status', () => {
    const object = peerObject({ connection: { state: 'Never', observedTime: at(10) } });
    expect(peerView(object, seen(11)).connection).toEqual({ ...seen(11), source: 'Report' });
    expect(peerView(object, seen(10)).connection).toMatchObject({ state: 'Never', source: 'Status' });
    expect(peerView(object, undefined).connection).toMatchObject({ state: 'Never', source: 'Status' });
    expect(peerView(peerObject(), seen(1)).connection).toMatchObject({ state: 'Connected', source: 'Report' });
    expect(peerView(peerObject(), undefined).connection).toEqual({ state: 'Never', source: 'Status' });
  });

  test('stays Unknown while all reports are from before the agent fell silent', () => {
    const object = peerObject({ connection: { state: 'Unknown', sinceTime: at(100), observedTime: at(10) } });
    expect(peerView(object, seen(50)).connection).toMatchObject({
      state: 'Unknown',
      sinceTime: at(100),
      observedTime: at(50),
    });
    expect(peerView(object, seen(101)).connection).toMatchObject({ state: 'Connected' });
  });

  test('is Disabled when the peer is, whatever was seen before', () => {
    const object = peerObject({ connection: { state: 'Connected', observedTime: at(1) } }, { state: 'Disabled' });
    expect(peerView(object, seen(2)).connection).toMatchObject({ state: 'Disabled', source: 'Status' });
  });
});

test('peers are counted as they are shown, where all of them are known', () => {
  const [heard, away] = [peerObject(), peerObject()].map((object, index) => ({
    ...object,
    metadata: { ...object.metadata, uid: `u${index}` },
  }));
  const peers = [heard, away].filter((object) => object !== undefined);
  const edge = gatewayObject('edge', { peers: { total: 9, programmed: 9, connected: 9 } });
  const mesh = { gateways: [edge], peers, reported: new Map([['u0', seen(1)]]) };
  expect(meshView({ ...mesh, isComplete: true }).gateways[0]?.peers).toEqual({ total: 2, programmed: 0, connected: 1 });
  expect(meshView(mesh).gateways[0]?.peers).toEqual({ total: 9, programmed: 9, connected: 9 });
});

test('reports count by peer, the newest of several nodes, and only of peers on a device', () => {
  const report = (nodeName: string, observedTime: string, peers: object[]) =>
    ({ spec: { nodeName, nodeUID: 'n', observedTime, peers } }) as unknown as WireGuardNodeReport;
  const entry = (uid: string, state: string, digest?: string) => ({
    uid,
    generation: 1,
    digest,
    connection: { state },
  });
  const found = reportedConnections([
    report('a', at(20), [entry('u1', 'Connected', 'd'), entry('u2', 'Idle')]),
    report('b', at(10), [entry('u1', 'Disconnected', 'd'), { uid: 'u3', generation: 1, digest: 'd' }]),
  ]);
  expect([...found]).toEqual([['u1', { state: 'Connected', observedTime: at(20), nodeName: 'a' }]]);
});

test('a verdict about an older spec is none', () => {
  const old = peerObject({ observedGeneration: 1, conditions: [ready('True', 'Programmed')] });
  expect(peerView(old, undefined).ready).toMatchObject({ status: 'Unknown', reason: 'Pending' });
  const { status: _, ...unseen } = peerObject();
  expect(peerView(unseen, undefined).ready).toMatchObject({ status: 'Unknown', reason: 'Pending' });
  expect(peer('x').ready).toEqual({ status: 'True', reason: 'Programmed', message: 'Said.' });
});

test('a gateway is shown with everything that was decided, sorted among others', () => {
  const object = {
    apiVersion: 'peerwright.dev/v1alpha1',
    kind: 'WireGuardGateway',
    metadata: { namespace: 'net', name: 'edge', generation: 1 },
    spec: { pools: [{ cidr: '10.90.0.0/16' }] },
    status: { observedGeneration: 1, endpoint: 'a:1', routes: ['10.0.0.0/16'] },
  } as const;
  const given = {
    ...object,
    spec: { pools: [...object.spec.pools] },
    status: { ...object.status, routes: ['10.0.0.0/16'] },
  };
  expect(gatewayView(given)).toMatchObject({ endpoint: 'a:1', routes: ['10.0.0.0/16'], ready: { reason: 'Pending' } });
  const peers = ['b', 'a'].map((name) => ({ ...peerObject(), metadata: { ...peerObject().metadata, name } }));
  expect(meshView({ gateways: [], peers, reported: new Map() }).peers.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(gateway('x').ready.status).toBe('True');
});
