import { afterAll, beforeAll, expect, test } from 'vitest';
import { WireGuardGateway, WireGuardPeer } from '../../../src/api/v1alpha1/index.ts';
import type { KubeObject, Resource } from '../../../src/kube/object.ts';
import {
  secrets,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
} from '../../../src/kube/resources.ts';
import type { SimulatedAgent } from '../../support/simulated-agent.ts';
import { condition, isReady, newKey, OperatorLab, type Ref, until } from './lab.ts';

/** What the issue allows from the change to the answer. */
const BOUND_S = 2;

let lab: OperatorLab;
let agent: SimulatedAgent;
let witness: Ref;

beforeAll(async () => {
  lab = await OperatorLab.start();
  await lab.operator(['--quarantine-seconds', '1']);
  agent = await lab.node('n1', { zone: 'a' });
  const namespace = await lab.namespace();
  await lab.gateway({ namespace, name: 'edge' }, { pools: [{ cidr: '10.99.0.0/24' }] });
  witness = { namespace, name: 'witness' };
  await lab.peer(witness);
  await until('the witness is ready', async () => isReady(await lab.get(WireGuardPeer, witness)));
}, 90_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

async function stalled(resource: Resource<KubeObject>, ref: Ref, reason: string) {
  const object = await until(
    `${ref.name} is Stalled with ${reason}`,
    async () => {
      const found = await lab.get(resource, ref);
      return condition(found, 'Stalled')?.reason === reason && found;
    },
    BOUND_S,
  );
  expect(condition(object, 'Ready')).toMatchObject({ status: 'False', reason });
  return condition(object, 'Stalled')?.message ?? '';
}

/** Ready, and nobody else has been disturbed on the way. */
async function cleared(resource: Resource<KubeObject>, ref: Ref) {
  const object = await until(`${ref.name} is ready`, async () => {
    const found = await lab.get(resource, ref);
    return isReady(found) && found;
  });
  expect(condition(object, 'Stalled')).toBeUndefined();
}

/** Runs a test of one namespace in which the witness elsewhere stays as it is, to the last byte. */
async function undisturbed(run: (namespace: string) => Promise<void>) {
  const before = await lab.get(WireGuardPeer, witness);
  await run(await lab.namespace());
  expect(await lab.get(WireGuardPeer, witness)).toEqual(before);
}

test('AddressInUse names the holder, and goes when the holder is elsewhere', () =>
  undisturbed(async (namespace) => {
    await lab.gateway({ namespace, name: 'edge' }, { pools: [{ cidr: '10.1.0.0/24' }] });
    const holder = { namespace, name: 'holder' };
    const late = { namespace, name: 'late' };
    await lab.peer(holder, { addresses: ['10.1.0.9'] });
    await cleared(WireGuardPeer, holder);
    await lab.peer(late, { addresses: ['10.1.0.9'] });
    expect(await stalled(WireGuardPeer, late, 'AddressInUse')).toMatch(
      /^spec\.addresses\[0\] 10\.1\.0\.9 belongs to peer holder; request another/,
    );
    await lab.patch(WireGuardPeer, late, { spec: { addresses: ['10.1.0.10'] } });
    await cleared(WireGuardPeer, late);
    await lab.patch(WireGuardPeer, late, { spec: { addresses: ['10.1.0.9'] } });
    await stalled(WireGuardPeer, late, 'AddressInUse');
    await lab.patch(WireGuardPeer, holder, { spec: { addresses: ['10.1.0.11'] } });
    await cleared(WireGuardPeer, late);
  }));

test('AddressOutOfPool names the pools', () =>
  undisturbed(async (namespace) => {
    await lab.gateway({ namespace, name: 'edge' }, { pools: [{ cidr: '10.2.0.0/24' }] });
    const peer = { namespace, name: 'p' };
    await lab.peer(peer, { addresses: ['10.3.0.9'] });
    expect(await stalled(WireGuardPeer, peer, 'AddressOutOfPool')).toMatch(
      /^spec\.addresses\[0\] 10\.3\.0\.9 lies outside .*10\.2\.0\.0\/24/,
    );
    await lab.patch(WireGuardPeer, peer, { spec: { addresses: null } });
    await cleared(WireGuardPeer, peer);
  }));

test('PoolExhausted fails only the newcomer, and goes when an address is free again', () =>
  undisturbed(async (namespace) => {
    await lab.gateway({ namespace, name: 'edge' }, { pools: [{ cidr: '10.4.0.0/30' }] });
    const first = { namespace, name: 'first' };
    const second = { namespace, name: 'second' };
    await lab.peer(first);
    await cleared(WireGuardPeer, first);
    await lab.peer(second);
    expect(await stalled(WireGuardPeer, second, 'PoolExhausted')).toMatch(
      /10\.4\.0\.0\/30 of gateway edge; add a pool/,
    );
    expect(isReady(await lab.get(WireGuardPeer, first))).toBe(true);
    await lab.delete(WireGuardPeer, first);
    await cleared(WireGuardPeer, second);
  }));

test('PublicKeyInUse names who has the key, be it a peer or the gateway', () =>
  undisturbed(async (namespace) => {
    const gateway = { namespace, name: 'edge' };
    await lab.gateway(gateway, { pools: [{ cidr: '10.5.0.0/24' }] });
    const publicKey = newKey();
    const holder = { namespace, name: 'holder' };
    const late = { namespace, name: 'late' };
    await lab.peer(holder, { publicKey });
    await cleared(WireGuardPeer, holder);
    await lab.peer(late, { publicKey });
    expect(await stalled(WireGuardPeer, late, 'PublicKeyInUse')).toBe(
      `spec.publicKey ${publicKey} is the key of peer holder; give this peer a key pair of its own.`,
    );
    await lab.patch(WireGuardPeer, holder, { spec: { publicKey: newKey() } });
    await cleared(WireGuardPeer, late);
    const own = (await lab.get(WireGuardGateway, gateway)).status?.publicKey ?? '';
    await lab.patch(WireGuardPeer, late, { spec: { publicKey: own } });
    expect(await stalled(WireGuardPeer, late, 'PublicKeyInUse')).toContain('is the key of gateway edge');
  }));

test('EndpointNotAllowed names what the address is, and goes with another', () =>
  undisturbed(async (namespace) => {
    await lab.gateway({ namespace, name: 'edge' }, { pools: [{ cidr: '10.19.0.0/24' }] });
    const peer = { namespace, name: 'p' };
    await lab.peer(peer, { endpoint: { host: '127.0.0.1', port: 51820 } });
    expect(await stalled(WireGuardPeer, peer, 'EndpointNotAllowed')).toMatch(
      /^spec\.endpoint\.host 127\.0\.0\.1 lies in 127\.0\.0\.0\/8, loopback; give/,
    );
    await lab.patch(WireGuardPeer, peer, { spec: { endpoint: { host: '203.0.113.9', port: 51820 } } });
    await cleared(WireGuardPeer, peer);
    await lab.patch(WireGuardPeer, peer, { spec: { endpoint: { host: '10.19.0.7' } } });
    expect(await stalled(WireGuardPeer, peer, 'EndpointNotAllowed')).toContain('a pool of the gateway');
    await lab.patch(WireGuardPeer, peer, { spec: { endpoint: { host: 'branch.example.net' } } });
    await cleared(WireGuardPeer, peer);
  }));

test('GatewayNotFound goes when the gateway is created', () =>
  undisturbed(async (namespace) => {
    const peer = { namespace, name: 'p' };
    await lab.peer(peer, { gatewayRef: { name: 'later' } });
    expect(await stalled(WireGuardPeer, peer, 'GatewayNotFound')).toMatch(
      /^spec\.gatewayRef\.name later names no gateway/,
    );
    await lab.gateway({ namespace, name: 'later' }, { pools: [{ cidr: '10.6.0.0/24' }] });
    await cleared(WireGuardPeer, peer);
  }));

test('PoolOverlap and ClusterOverlap name the networks; peers of a gateway whose pools turn invalid stay ready', () =>
  undisturbed(async (namespace) => {
    const gateway = { namespace, name: 'edge' };
    await lab.gateway(gateway, { pools: [{ cidr: '10.7.0.0/24' }] });
    await lab.peer({ namespace, name: 'p' });
    await cleared(WireGuardPeer, { namespace, name: 'p' });
    for (const [cidr, reason, message] of [
      ['10.99.0.0/16', 'PoolOverlap', 'spec.pools[0].cidr 10.99.0.0/16 overlaps a pool of a gateway elsewhere; choose'],
      [
        '192.0.2.0/24',
        'ClusterOverlap',
        'spec.pools[0].cidr 192.0.2.0/24 overlaps 192.0.2.10/32, an address of node n1',
      ],
    ] as const) {
      await lab.patch(WireGuardGateway, gateway, { spec: { pools: [{ cidr }] } });
      expect(await stalled(WireGuardGateway, gateway, reason)).toContain(message);
      expect(condition(await lab.get(WireGuardPeer, { namespace, name: 'p' }), 'Ready')?.status).toBe('True');
    }
    await lab.patch(WireGuardGateway, gateway, { spec: { pools: [{ cidr: '10.7.0.0/24' }] } });
    await cleared(WireGuardGateway, gateway);
  }));

test('NoEligibleNode counts the nodes by what is missing', () =>
  undisturbed(async (namespace) => {
    const gateway = { namespace, name: 'edge' };
    const placement = { nodeSelector: { zone: 'b' } };
    await lab.gateway(gateway, { pools: [{ cidr: '10.8.0.0/24' }], placement });
    expect(await stalled(WireGuardGateway, gateway, 'NoEligibleNode')).toMatch(
      /1 does not match the selector; check spec\.placement\.nodeSelector/,
    );
    await lab.patch(WireGuardGateway, gateway, { spec: { placement: { nodeSelector: { zone: 'a' } } } });
    await cleared(WireGuardGateway, gateway);
  }));

test('SecretConflict leaves the Secret alone, and goes when the Secret is gone', () =>
  undisturbed(async (namespace) => {
    const gateway = { namespace, name: 'edge' };
    const foreign = { namespace, name: 'edge-key-1' };
    const made = await lab.create(secrets, { metadata: foreign, data: { mine: 'bWluZQ==' } });
    await lab.gateway(gateway, { pools: [{ cidr: '10.10.0.0/24' }] });
    expect(await stalled(WireGuardGateway, gateway, 'SecretConflict')).toMatch(/^Secret edge-key-1 exists and is not/);
    expect(await lab.get(secrets, foreign)).toEqual(made);
    await lab.delete(secrets, foreign);
    await cleared(WireGuardGateway, gateway);
  }));

test('a Secret of ours with wrong content is a SecretConflict of its gateway alone, and goes with it', () =>
  undisturbed(async (namespace) => {
    const gateway = { namespace, name: 'edge' };
    const ref = { namespace, name: 'edge-key-1' };
    const labels = { 'app.kubernetes.io/managed-by': 'peerwright', 'peerwright.dev/gateway': 'edge' };
    const type = 'peerwright.dev/gateway-key';
    await lab.create(secrets, { metadata: { ...ref, labels }, type, data: { privateKey: 'bm9wZQ==' } });
    await lab.gateway(gateway, { pools: [{ cidr: '10.11.0.0/24' }] });
    expect(await stalled(WireGuardGateway, gateway, 'SecretConflict')).toContain('data.privateKey');
    await lab.delete(secrets, ref);
    await cleared(WireGuardGateway, gateway);
  }));

test.each([
  ['InterfaceConflict', '10.12.0.0/24'],
  ['WireGuardUnavailable', '10.13.0.0/24'],
  ['ForwardingDisabled', '10.16.0.0/24'],
  ['RouteConflict', '10.17.0.0/24'],
  ['FirewallUnavailable', '10.18.0.0/24'],
])('%s of the agent is the gateway’s', (code, cidr) =>
  undisturbed(async (namespace) => {
    const gateway = { namespace, name: 'own' };
    const message = `${code}: remove what is in the way on n1.`;
    agent.deviceProblems.set('own', [{ code, message }]);
    await lab.gateway(gateway, { pools: [{ cidr }] });
    expect(await stalled(WireGuardGateway, gateway, code)).toBe(message);
    agent.deviceProblems.delete('own');
    await agent.report();
    await cleared(WireGuardGateway, gateway);
  }),
);

test.each(['weakened', 'deleted'])('KeyDeliveryUnsafe while a policy is %s: nothing is sealed', (how) =>
  undisturbed(async (namespace) => {
    const gateway = { namespace, name: 'edge' };
    const name = 'peerwright-node-reports';
    const resource = how === 'deleted' ? validatingAdmissionPolicyBindings : validatingAdmissionPolicies;
    const { metadata: _, ...shipped } = await lab.get(resource as Resource<KubeObject>, { name });
    if (how === 'deleted') await lab.delete(resource, { name });
    else await lab.patch(resource as Resource<KubeObject>, { name }, { spec: { failurePolicy: 'Ignore' } });
    await lab.gateway(gateway, { pools: [{ cidr: how === 'deleted' ? '10.14.0.0/24' : '10.15.0.0/24' }] });
    const message = await stalled(WireGuardGateway, gateway, 'KeyDeliveryUnsafe');
    expect(message).toContain(name);
    const sealedTo = async () =>
      (await lab.config('n1'))?.spec.gateways.filter((one) => one.gateway.namespace === namespace);
    expect(await sealedTo()).toEqual([]);
    if (how === 'deleted') await lab.create(resource as Resource<KubeObject>, { ...shipped, metadata: { name } });
    else await lab.patch(resource as Resource<KubeObject>, { name }, { spec: { failurePolicy: 'Fail' } });
    await cleared(WireGuardGateway, gateway);
    const [sealed] = (await sealedTo()) ?? [];
    expect(sealed && (await agent.openKey(sealed))).toMatchObject({ ok: true });
  }),
);
