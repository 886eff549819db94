import { expect, it } from 'vitest';
import type { GatewayStatus } from '../../api/v1alpha1/gateway.ts';
import { encodeGatewayKey, GATEWAY_KEY_TYPE, generateGatewayKey } from '../../keys/gateway-key.ts';
import type { KubeObject } from '../../kube/object.ts';
import { AddressBook } from '../../mesh/address-book.ts';
import { KeyDeliveryGate } from '../key-delivery.ts';
import { gatewayView, operatorWorld, PLACED } from '../operator.testing.ts';
import * as kinds from '../world/kinds.ts';
import * as project from '../world/projections.ts';
import { GatewayKeys, GATEWAY_LABEL, MANAGED_BY_LABEL } from './gateway-keys.ts';
import { reconcileGateway } from './reconcile.ts';

const { signal } = new AbortController();
const key = generateGatewayKey();

/** Reconciles net/edge in a world without nodes; the status that was written. */
async function statusAfter(edge: ReturnType<typeof gatewayView>, labels: Record<string, string>) {
  const world = operatorWorld();
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
      apiServer: [],
      forbiddenNetworks: [],
      portRange: { first: 51840, last: 51939 },
      counted: new Map(),
    },
    signal,
  );
  return written;
}

const OURS = { [MANAGED_BY_LABEL]: 'peerwright', [GATEWAY_LABEL]: 'edge' };

it.each([
  ['NoEligibleNode', OURS],
  ['SecretConflict', {}],
])('keeps the decision in force whole, its pools too, while %s is in the way of new pools', async (reason, labels) => {
  const spec = { pools: [{ cidr: '10.91.0.0/24' }] };
  const edge = gatewayView({ ...PLACED, publicKey: key.publicKey }, { spec, generation: 2 });
  const status = await statusAfter(edge, labels);
  expect(status?.conditions?.find(({ type }) => type === 'Stalled')?.reason).toBe(reason);
  const pools = (status?.pools ?? []).map(({ cidr }) => cidr);
  expect([status?.addresses, pools]).toEqual([['10.90.1.1'], ['10.90.1.0/24']]);
});
