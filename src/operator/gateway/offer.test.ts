import { describe, expect, it } from 'vitest';
import type { GatewaySpec } from '../../api/v1alpha1/gateway.ts';
import type { PublicKey } from '../../mesh/model.ts';
import { AddressBook } from '../../mesh/address-book.ts';
import { deviceFacts } from '../../mesh/digest.ts';
import { digest } from '../../runtime/digest.ts';
import { gatewayView, KEY_B, nodeView, operatorWorld, PLACED, reportView } from '../operator.testing.ts';
import type { GatewayView } from '../world/views.ts';
import { gatewayAcknowledgement } from './acknowledgement.ts';
import { decideGateway } from './decide.ts';
import { grantedDecision } from './granted.ts';
import { configuredOffer, offerIn, withOffer } from './offer.ts';

const OFFER = {
  mtu: 1400,
  routes: ['10.0.0.0/16'],
  allowedPeerRoutes: ['192.168.0.0/16'],
  masquerade: 'Disabled',
  peerTraffic: 'Open',
} as const;
const changeable = (): Pick<GatewaySpec, 'mtu' | 'routes' | 'allowedPeerRoutes' | 'masquerade' | 'peerTraffic'> => ({
  ...OFFER,
  routes: [...OFFER.routes],
  allowedPeerRoutes: [...OFFER.allowedPeerRoutes],
});

/** A node n1 that may run gateways; what is decided about a gateway there. */
function decide(gateway: GatewayView, prepare: (world: ReturnType<typeof operatorWorld>) => void = () => undefined) {
  const world = operatorWorld();
  world.caches.nodes.apply(nodeView('n1', { addresses: [{ type: 'InternalIP', address: '192.0.2.1' }] }));
  const about = { namespace: 'peerwright-system', resourceVersion: '1', generation: 1, creationTimestamp: '' };
  const identity = { nodeUID: 'uid-n1', recipient: 'age-n1' };
  world.caches.nodeConfigs.apply({ ...about, name: 'n1', uid: 'config', spec: { identity, gateways: [] } });
  prepare(world);
  const rest = { configNamespace: 'peerwright-system', book: new AddressBook(), portRange: { first: 10, last: 12 } };
  const asked = { gateway, spec: gateway.spec ?? { pools: [] }, publicKey: KEY_B as PublicKey };
  const verdict = decideGateway(asked, { kind: 'InForce' }, { ...world, ...rest });
  return 'decision' in verdict ? verdict.decision : verdict.problem;
}

const withSpec = (rest: Partial<GatewaySpec>, status = PLACED) =>
  gatewayView(status, { spec: { pools: [{ cidr: '10.90.1.0/24' }], ...rest } });

describe('what a gateway offers and allows', () => {
  it('is decided as asked, read back from the status, and written into the NodeConfig', () => {
    expect(decide(withSpec(changeable()))).toMatchObject(OFFER);
    const read = offerIn(changeable());
    expect(read).toEqual(OFFER);
    expect(grantedDecision({ ...PLACED, ...changeable() })).toMatchObject(OFFER);
    expect(configuredOffer(read)).toEqual(OFFER);
  });

  it('is nothing, masqueraded and isolated by default, which a NodeConfig does not mention', () => {
    const nothing = { routes: [], allowedPeerRoutes: [], masquerade: 'Enabled', peerTraffic: 'Isolated' };
    expect(offerIn({})).toEqual(nothing);
    expect(configuredOffer(offerIn({}))).toEqual({});
  });

  it('replaces that of a decision in force as a whole', () => {
    const before = grantedDecision({ ...PLACED, ...changeable() });
    expect(before && withOffer(before, offerIn({}))).toEqual(grantedDecision(PLACED));
  });

  it('is programmed when the agent has read back exactly this', () => {
    const facts = (rest: object) => ({
      gatewayUID: 'uid-edge',
      publicKey: KEY_B,
      listenPort: 51840,
      addresses: ['10.90.1.1/32'],
      routes: ['10.90.1.0/24'],
      mtu: 1400,
      forward: { routes: ['10.0.0.0/16'], masquerade: 'Disabled' as const, peerTraffic: 'Open' as const, ...rest },
    });
    const kindFor = (reported: Parameters<typeof deviceFacts>[0]) => {
      const world = operatorWorld();
      const gateway = { namespace: 'net', name: 'edge', uid: 'uid-edge' };
      const device = { gateway, generation: 1, device: 'pw-1', digest: digest(deviceFacts(reported)) };
      world.reports.apply(reportView('n1', 0, { devices: [device] }));
      const status = { ...PLACED, ...changeable() };
      return gatewayAcknowledgement(gatewayView(status), grantedDecision(status), world).kind;
    };
    expect(kindFor(facts({}))).toBe('Programmed');
    expect(kindFor(facts({ masquerade: 'Enabled' }))).toBe('Pending');
    expect(kindFor(facts({ routes: [] }))).toBe('Pending');
    const { mtu: _, ...found } = facts({});
    expect(kindFor(found)).toBe('Pending');
  });
});

describe('the port of a gateway that asks for none', () => {
  const edge = withSpec({}, { ...PLACED, listenPort: 10 });
  const reported = (lists: Readonly<Record<string, number[]>>) => (world: ReturnType<typeof operatorWorld>) => {
    const devices = Object.entries(lists).map(([uid, takenPorts]) => ({
      gateway: { namespace: 'net', name: uid, uid },
      generation: 1,
      device: `pw-${uid}`,
      takenPorts,
    }));
    world.reports.apply(reportView('n1', 0, { devices }));
  };

  it('is another one when its agent could not have the one decided', () => {
    expect(decide(edge, reported({ 'uid-edge': [10] }))).toMatchObject({ listenPort: 11 });
    expect(decide(withSpec({ listenPort: 10 }), reported({ 'uid-edge': [10] }))).toMatchObject({ listenPort: 10 });
  });

  it('is none that another device on the node could not have, unless it has it already', () => {
    expect(decide(withSpec({}), reported({ 'uid-other': [10] }))).toMatchObject({ listenPort: 11 });
    expect(decide(edge, reported({ 'uid-other': [10] }))).toMatchObject({ listenPort: 10 });
  });

  it('is none of another gateway’s there, and the range is named when nothing is left', () => {
    const other = { ...withSpec({}, { ...PLACED, listenPort: 12 }), name: 'other', uid: 'uid-other' };
    const problem = decide(edge, (world) => {
      world.caches.gateways.apply(other);
      reported({ 'uid-edge': [10, 11] })(world);
    });
    expect(problem).toMatchObject({
      code: 'NoEligibleNode',
      message: expect.stringContaining('every port from 10 to 12 is taken on its node'),
    });
  });
});
