import { expect, it } from 'vitest';
import type { GatewayStatus } from '../../api/v1alpha1/gateway.ts';
import { encodeGatewayKey, GATEWAY_KEY_TYPE, generateGatewayKey } from '../../keys/gateway-key.ts';
import type { KubeObject } from '../../kube/object.ts';
import { AddressBook } from '../../mesh/address-book.ts';
import { KeyDeliveryGate } from '../key-delivery.ts';
import { gatewayView, nodeView, operatorWorld, PLACED, reportView, type OperatorWorld } from '../operator.testing.ts';
import * as kinds from '../world/kinds.ts';
import * as project from '../world/projections.ts';
import { GatewayKeys, GATEWAY_LABEL, MANAGED_BY_LABEL } from './gateway-keys.ts';
import { reconcileGateway } from './reconcile.ts';

const { signal } = new AbortController();
const key = generateGatewayKey();

const OURS = { [MANAGED_BY_LABEL]: 'peerwright', [GATEWAY_LABEL]: 'edge' };

interface Scene {
  readonly labels?: Record<string, string>;
  readonly prepare?: (world: OperatorWorld) => void;
}

/** Reconciles net/edge in a world without nodes, unless prepared otherwise; the status that was written. */
async function statusAfter(
  edge: ReturnType<typeof gatewayView>,
  { labels = OURS, prepare = () => undefined }: Scene = {},
) {
  const world = operatorWorld();
  prepare(world);
  world.caches.gateways.apply(edge);
  const metadata = { namespace: 'net', name: 'edge-key-1', labels };
  const secret = { metadata, type: GATEWAY_KEY_TYPE, data: encodeGatewayKey(key) };
  const secrets = {
    get: async <T extends KubeObject>() => secret as unknown as T,
    create: async <T extends KubeObject>(_: unknown, object: T) => object,
  };
  let written: GatewayStatus | undefined;
  const client = {
    mergePatch: async <T extends KubeObject>(_: unknown, __: unknown, options: { patch: object }) => {
      written = { ...edge.status, ...(options.patch as { status: GatewayStatus }).status };
      const about = { apiVersion: 'peerwright.dev/v1alpha1', kind: 'WireGuardGateway', metadata: edge };
      return { ...about, spec: edge.spec, status: written } as unknown as T;
    },
  };
  const delivery = new KeyDeliveryGate({
    clock: world.clock,
    settleMs: 0,
    check: () => [],
    onChange: () => undefined,
  });
  await delivery.recheck(signal);
  const { gateways: store } = world.caches;
  await reconcileGateway(
    'net/edge',
    {
      ...world,
      configNamespace: 'peerwright-system',
      book: new AddressBook(),
      keys: new GatewayKeys(secrets, () => world.clock.monotonic()),
      delivery,
      target: {
        client,
        resource: kinds.gateways,
        store,
        project: (object: kinds.GatewayObject) => project.gateway(object),
      },
      portRange: { first: 51840, last: 51939 },
      counted: new Map(),
    },
    signal,
  );
  return written;
}

const inForce = { ...PLACED, publicKey: key.publicKey };
const stalledReason = (status: GatewayStatus | undefined) =>
  status?.conditions?.find(({ type }) => type === 'Stalled')?.reason;

it.each([
  ['NoEligibleNode', OURS],
  ['SecretConflict', {}],
])('keeps the decision in force whole, its pools too, while %s is in the way of new pools', async (reason, labels) => {
  const spec = { pools: [{ cidr: '10.91.0.0/24' }] };
  const edge = gatewayView(inForce, { spec, generation: 2 });
  const status = await statusAfter(edge, { labels });
  expect(stalledReason(status)).toBe(reason);
  const pools = (status?.pools ?? []).map(({ cidr }) => cidr);
  expect([status?.addresses, pools]).toEqual([['10.90.1.1'], ['10.90.1.0/24']]);
});

it('closes networks at once, also while no node is eligible', async () => {
  const spec = { pools: [{ cidr: '10.90.1.0/24' }], allowedPeerRoutes: ['192.168.7.0/24'] };
  const open = {
    ...inForce,
    routes: ['10.0.0.0/16'],
    allowedPeerRoutes: ['192.168.0.0/16'],
    peerTraffic: 'Open' as const,
  };
  const status = await statusAfter(gatewayView(open, { spec, generation: 2 }));
  expect(stalledReason(status)).toBe('NoEligibleNode');
  expect(status).toMatchObject({ allowedPeerRoutes: ['192.168.7.0/24'], peerTraffic: 'Isolated' });
  expect(status?.routes ?? null).toBeNull();
});

it('leaves what is allowed as it was while the spec cannot be accepted', async () => {
  const spec = { pools: [{ cidr: '127.0.0.0/24' }] };
  const status = await statusAfter(gatewayView({ ...inForce, allowedPeerRoutes: ['192.168.0.0/16'] }, { spec }));
  expect(stalledReason(status)).toBe('ClusterOverlap');
  expect(status?.allowedPeerRoutes).toEqual(['192.168.0.0/16']);
});

it.each([
  ['ListenPortConflict', { listenPort: 51840 }, 'Stalled'],
  ['ListenPortConflict', {}, 'Reconciling'],
  ['ForwardingDisabled', {}, 'Stalled'],
  ['RouteConflict', {}, 'Stalled'],
  ['DeviceFailed', {}, 'Reconciling'],
] as const)('passes on %s of a device with %j as %s', async (code, asked, type) => {
  const spec = { pools: [{ cidr: '10.90.1.0/24' }], ...asked };
  const about = { namespace: 'peerwright-system', resourceVersion: '1', generation: 1, creationTimestamp: '' };
  const identity = { nodeUID: 'uid-n1', recipient: 'age-n1' };
  const device = { gateway: { namespace: 'net', name: 'edge', uid: 'uid-edge' }, generation: 1, device: 'pw-1' };
  const status = await statusAfter(gatewayView(inForce, { spec }), {
    prepare: ({ caches, reports }) => {
      caches.nodes.apply(nodeView('n1'));
      caches.nodeConfigs.apply({ ...about, name: 'n1', uid: 'config', spec: { identity, gateways: [] } });
      reports.apply(reportView('n1', 0, { devices: [{ ...device, problems: [{ code, message: 'why.' }] }] }));
    },
  });
  const shown = (status?.conditions ?? []).filter((one) => ['Stalled', 'Reconciling'].includes(one.type));
  expect(shown.map((one) => `${one.type} ${one.reason} ${one.message}`)).toEqual([`${type} ${code} why.`]);
});
