import { describe, expect, it, test } from 'vitest';
import type { PublicKey } from '../../mesh/model.ts';
import { parseAddress } from '../../mesh/ip/address.ts';
import { AddressBook } from '../../mesh/address-book.ts';
import { deviceFacts } from '../../mesh/digest.ts';
import { digest } from '../../runtime/digest.ts';
import { gatewayView, KEY_B, nodeView, operatorWorld, PLACED, reportView } from '../operator.testing.ts';
import type { GatewayView } from '../world/views.ts';
import { gatewayAcknowledgement, problemOf } from './acknowledgement.ts';
import { clusterNetworks } from '../world/cluster-networks.ts';
import { decideGateway } from './decide.ts';
import { endpointOf } from './endpoint.ts';
import { grantedDecision, grantedSpaces, spacesInForce } from './granted.ts';
import { choosePort } from './listen-port.ts';
import { ownAddressProblems } from './own-addresses.ts';
import { place } from './placement.ts';

describe('the endpoint of a gateway', () => {
  const both = nodeView('n1', {
    addresses: [
      { type: 'Hostname', address: 'n1' },
      { type: 'ExternalIP', address: 'not-an-address' },
      { type: 'InternalIP', address: '192.0.2.1' },
      { type: 'ExternalIP', address: '2001:db8::1' },
    ],
  });
  const internal = nodeView('n2', { addresses: [{ type: 'InternalIP', address: '192.0.2.2' }] });
  test.each([
    ['vpn.example.com:443', { host: 'vpn.example.com', port: 443 }, both],
    ['[2001:db8::5]:443', { host: '2001:db8::5', port: 443 }, both],
    ['[2001:db8::1]:51840', undefined, both],
    ['192.0.2.2:51840', undefined, internal],
    [undefined, undefined, nodeView('n3')],
    [undefined, undefined, undefined],
  ])('is %s', (expected, asked, node) => {
    expect(endpointOf(asked, node, 51840)).toBe(expected);
  });
});

const RANGE = { first: 51840, last: 51939 };

describe('the listen port', () => {
  const range = { first: 10, last: 12 };
  test.each([
    ['the fixed one, taken or not', { fixed: 99, current: 10 }, [99], 99],
    ['the one it has', { fixed: undefined, current: 11 }, [10], 11],
    ['another when that is taken where it goes', { fixed: undefined, current: 11 }, [11], 10],
    ['one of the range when the old one is not', { fixed: undefined, current: 99 }, [10], 11],
    ['none when all are taken', { fixed: undefined, current: undefined }, [10, 11, 12], undefined],
  ])('is %s', (...[, wish, taken, expected]) => {
    const ports = new Set(taken);
    expect(choosePort({ ...wish, range }, { forCurrent: ports, forNew: ports })).toBe(expected);
  });
});

test('the networks of the cluster are those of services, nodes, pods, the API server and the administrator, each once', () => {
  const nodes = [
    nodeView('n1', {
      podCIDRs: ['10.244.0.0/24', 'nonsense'],
      addresses: [
        { type: 'InternalIP', address: '192.0.2.1' },
        { type: 'Hostname', address: 'n1' },
      ],
    }),
  ];
  const services = { namespace: '', name: 's', uid: 's', resourceVersion: '1', generation: 1, creationTimestamp: '' };
  const serviceCIDRs = [{ ...services, cidrs: ['10.96.0.0/12', 'fd00:96::/112'] }];
  const found = clusterNetworks({
    nodes,
    serviceCIDRs,
    apiServer: ['192.0.2.1', 'api.example'],
    forbidden: ['172.16.0.0/12'],
  });
  expect(found.map(({ prefix, what }) => `${prefix} ${what}`)).toEqual([
    '10.96.0.0/12 the service network',
    'fd00:96::/112 the service network',
    '192.0.2.1/32 the API server',
    '172.16.0.0/12 a network that the administrator excluded',
    '10.244.0.0/24 the pod network of node n1',
  ]);
});

describe('what the agent says about a gateway', () => {
  const gateway = gatewayView(PLACED);
  const decision = grantedDecision(PLACED);
  const right = digest(
    deviceFacts({
      gatewayUID: gateway.uid,
      publicKey: PLACED.publicKey ?? '',
      listenPort: 51840,
      addresses: ['10.90.1.1/32'],
      routes: ['10.90.1.0/24'],
      forward: { routes: [], masquerade: 'Enabled', peerTraffic: 'Isolated' },
    }),
  );
  const device = { gateway: { namespace: 'net', name: 'edge', uid: gateway.uid }, generation: 1, device: 'pw-1' };
  const problems = [{ code: 'InterfaceConflict', message: 'm' }];
  const ask = (reported?: object, aged = 0) => {
    const world = operatorWorld();
    if (reported) world.reports.apply(reportView('n1', 0, { devices: [{ ...device, ...reported }] }));
    world.clock.advance(aged);
    return gatewayAcknowledgement(gateway, decision, world);
  };

  test.each([
    ['Programmed', { digest: right }, 0],
    ['Pending', { digest: 'other' }, 0],
    ['Pending', {}, 0],
    ['Pending', undefined, 0],
    ['Pending', { digest: right, generation: 0 }, 0],
    ['Failed', { digest: right, problems }, 0],
    ['Pending', { problems, generation: 0 }, 0],
    ['Unknown', { digest: right }, 40_001],
  ] as const)('is %s for %j after %i ms', (kind, reported, aged) => {
    expect(ask(reported, aged).kind).toBe(kind);
  });

  it('is pending while the device has not the routes of the pools decided since for the same generation', () => {
    const world = operatorWorld();
    world.reports.apply(reportView('n1', 0, { devices: [{ ...device, digest: right }] }));
    const pools = [{ cidr: '10.90.0.0/16', capacity: 0, allocated: 0, quarantined: 0 }];
    const grown = grantedDecision({ ...PLACED, pools });
    expect(gatewayAcknowledgement(gateway, grown, world).kind).toBe('Pending');
  });

  it('is pending while nothing is decided, and a reason of another release is passed on', () => {
    expect(gatewayAcknowledgement(gateway, undefined, operatorWorld())).toEqual({ kind: 'Pending' });
    expect(problemOf({ code: 'Odd', message: 'x' })).toEqual({ code: 'DeviceFailed', message: 'Odd: x' });
  });
});

describe('the pools of a gateway', () => {
  const spec = (...cidrs: string[]): Partial<GatewayView> => ({ spec: { pools: cidrs.map((cidr) => ({ cidr })) } });
  const cidrs = (spaces: ReturnType<typeof grantedSpaces>) => spaces?.map((space) => space.cidr);

  it('are those of its spec that are granted', () => {
    const gateway = gatewayView(PLACED, spec('10.90.1.0/24', '10.91.0.0/24'));
    expect(cidrs(grantedSpaces(gateway))).toEqual(['10.90.1.0/24']);
    expect(grantedSpaces(gatewayView({}))).toBeUndefined();
  });

  it('stay in force for who is in them while nothing of the spec is granted', () => {
    const gateway = gatewayView(PLACED, spec('10.91.0.0/24'));
    expect(grantedSpaces(gateway)).toBeUndefined();
    expect(spacesInForce(gateway)).toEqual([
      { cidr: '10.90.1.0/24', gatewayAddress: parseAddress('10.90.1.1'), reserved: [] },
    ]);
    expect(spacesInForce(gatewayView({}))).toBeUndefined();
  });
});

describe('the place of a gateway', () => {
  const INSIDE = { namespace: 'peerwright-system', resourceVersion: '1', generation: 1, creationTimestamp: '' };
  function world(...names: string[]) {
    const made = operatorWorld();
    for (const name of names) {
      made.caches.nodes.apply(nodeView(name));
      made.liveness.observe(name, 'first');
      made.liveness.observe(name, 'second');
      const identity = { nodeUID: `uid-${name}`, recipient: `age-${name}` };
      made.caches.nodeConfigs.apply({ ...INSIDE, name, uid: `config-${name}`, spec: { identity, gateways: [] } });
    }
    return { ...made, configNamespace: 'peerwright-system' };
  }

  it('is not a node whose agent shows another identity than the pinned one, or reports that it cannot', () => {
    const deps = world('n1', 'n2');
    deps.reports.apply(reportView('n1', 0, { recipient: 'age-other' }));
    expect(place(gatewayView(), deps)).toEqual({ ok: true, value: 'n2' });
    deps.reports.apply(reportView('n2', 0, { problems: [{ code: 'WireGuardUnavailable', message: 'm' }] }));
    const why = '1 reports NodeIdentityChanged, 1 reports WireGuardUnavailable';
    expect(place(gatewayView(), deps)).toMatchObject({
      ok: false,
      problems: [{ code: 'NoEligibleNode', message: expect.stringContaining(why) }],
    });
  });

  it('stays where only the agent is gone and nowhere else is better', () => {
    const deps = world('n1');
    deps.clock.advance(41_000);
    expect(place(gatewayView(PLACED), deps)).toEqual({ ok: true, value: 'n1' });
    expect(place(gatewayView(), deps).ok).toBe(false);
  });

  it('changes when the port that its spec asks for now is another gateway’s there', () => {
    const deps = world('n1', 'n2');
    deps.caches.gateways.apply({ ...gatewayView({ ...PLACED, listenPort: 4000 }), name: 'other', uid: 'other' });
    const pools = [{ cidr: '10.90.1.0/24' }];
    const asking = gatewayView(PLACED, { spec: { pools, listenPort: 4000 } });
    expect(place(asking, deps)).toEqual({ ok: true, value: 'n2' });
    expect(place({ ...asking, status: { ...PLACED, listenPort: 4000 } }, deps)).toEqual({ ok: true, value: 'n1' });
  });

  it('is no node that runs as many gateways as its config holds, unless the gateway is one of them', () => {
    const deps = world('n1');
    for (let index = 0; index < 64; index++)
      deps.caches.gateways.apply({ ...gatewayView(PLACED), name: `g${index}`, uid: `g${index}` });
    expect(place(gatewayView(), deps)).toMatchObject({
      problems: [{ code: 'NoEligibleNode', message: expect.stringContaining('runs 64 gateways') }],
    });
    expect(place(gatewayView(PLACED), deps)).toEqual({ ok: true, value: 'n1' });
  });

  it('stays the same while its key cannot be sealed to another node', () => {
    const deps = {
      ...world('n1', 'n2'),
      book: new AddressBook(),
      portRange: RANGE,
    };
    deps.caches.nodes.remove(nodeView('n1'));
    const gateway = gatewayView(PLACED);
    const asked = { gateway, spec: gateway.spec ?? { pools: [] }, publicKey: KEY_B as PublicKey };
    const problem = { code: 'KeyDeliveryUnsafe', message: 'm' } as const;
    expect(decideGateway(asked, { kind: 'Unsafe', problems: [problem] }, deps)).toEqual({ problem });
    expect(decideGateway(asked, { kind: 'Settling' }, deps)).toMatchObject({ waiting: { code: 'Progressing' } });
    expect(decideGateway(asked, { kind: 'InForce' }, deps)).toMatchObject({ decision: { nodeName: 'n2' } });
  });

  it.each([
    ['older gateway, which keeps it', '2026-02-01T00:00:00Z', 'n1', undefined, 51840],
    ['younger gateway, which takes another', '2025-12-01T00:00:00Z', 'n1', undefined, 51841],
    ['gateway that has to have it', '2026-02-01T00:00:00Z', 'n1', 51840, 51841],
    ['gateway that comes from elsewhere', '2026-02-01T00:00:00Z', 'n2', undefined, 51841],
  ] as const)('has its port, given to two by operators that lag behind, for the %s', (...given) => {
    const [, othersTime, from, fixed, expected] = given;
    const deps = { ...world('n1'), book: new AddressBook(), portRange: RANGE };
    const pools = [{ cidr: '10.91.1.0/24' }];
    const spec = { pools, ...(fixed !== undefined && { listenPort: fixed }) };
    const other = gatewayView(PLACED, { name: 'other', uid: 'other', creationTimestamp: othersTime, spec });
    deps.caches.gateways.apply(other);
    const gateway = gatewayView({ ...PLACED, nodeName: from });
    const asked = { gateway, spec: gateway.spec ?? { pools: [] }, publicKey: KEY_B as PublicKey };
    const verdict = decideGateway(asked, { kind: 'InForce' }, deps);
    expect(verdict).toMatchObject({ decision: { nodeName: 'n1', listenPort: expected } });
  });

  it('is waited for, not refused, while this process has not watched the agents for long', () => {
    const deps = { ...world('n1'), book: new AddressBook(), portRange: RANGE };
    deps.caches.nodes.apply(nodeView('fresh', { labels: { site: 'new' } }));
    const spec = (site: string) => ({ pools: [], placement: { nodeSelector: { site } } });
    const ask = (site: string) => {
      const gateway = gatewayView({}, { spec: spec(site) });
      return decideGateway({ gateway, spec: spec(site), publicKey: KEY_B as PublicKey }, { kind: 'InForce' }, deps);
    };
    expect(ask('new')).toMatchObject({ waiting: { code: 'Progressing' } });
    expect(ask('nowhere')).toMatchObject({ problem: { code: 'NoEligibleNode' } });
  });
});

test('a gateway cannot take an address that a peer holds, but keeps its own', () => {
  const book = new AddressBook();
  const peer = { namespace: 'net', name: 'laptop', uid: 'uid-laptop' };
  book.setBlock('v4-0a5a0100', [{ offset: 7, gateway: { namespace: 'net', name: 'edge' }, peer }]);
  const asking = (gatewayAddress: string, status = {}) =>
    ownAddressProblems(gatewayView(status, { spec: { pools: [{ cidr: '10.90.1.0/24', gatewayAddress }] } }), book);
  expect(asking('10.90.1.7')).toEqual([
    {
      code: 'AddressInUse',
      path: 'spec.pools[0].gatewayAddress',
      message: expect.stringContaining('10.90.1.7 belongs to peer laptop'),
    },
  ]);
  expect(asking('10.90.1.8')).toEqual([]);
  expect(asking('10.90.1.7', { addresses: ['10.90.1.7'] })).toEqual([]);
});
