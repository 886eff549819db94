import { afterAll, beforeAll, expect, test } from 'vitest';
import { WireGuardPeer } from '../../../src/api/v1alpha1/index.ts';
import { generateKeyPair } from '../../../src/keys/key-pair.ts';
import { revealAsBase64 } from '../../../src/keys/text.ts';
import { secrets } from '../../../src/kube/resources.ts';
import { condition, newKey, type OperatorLab, type OperatorProcess, type Ref, until } from './lab.ts';
import { CONFIG_TYPE, linesOf, PeerKeysScene, secretRef, text } from './peer-keys-scene.ts';

let scene: PeerKeysScene;
let lab: OperatorLab;
let operator: OperatorProcess;
let namespace: string;

beforeAll(async () => {
  scene = await PeerKeysScene.start([]);
  ({ lab, operator, namespace } = scene);
}, 90_000);
afterAll(() => scene?.[Symbol.asyncDispose]());

test('a peer without a key gets a pair and a file that is complete before its status points to it', async () => {
  const ref = await scene.made('laptop');
  const first = await until('its status points to a Secret', async () => (await scene.peer(ref)).status?.configSecret);
  expect([first.name, await scene.isComplete(ref)]).toEqual(['laptop-wireguard', true]);
  const { metadata, status } = await scene.ready(ref);
  const secret = await scene.secretOf(ref);
  expect([status?.presharedKey, secret?.type]).toEqual(['Derived', CONFIG_TYPE]);
  expect(Object.keys(secret?.data ?? {}).toSorted()).toEqual(['privateKey', 'publicKey', 'wg.conf']);
  expect(secret?.metadata.ownerReferences).toMatchObject([
    { kind: 'WireGuardPeer', name: 'laptop', uid: metadata.uid },
  ]);
  expect(secret?.metadata.labels).toEqual({
    'app.kubernetes.io/managed-by': 'peerwright',
    'peerwright.dev/peer': 'laptop',
  });
  expect(linesOf(secret)).toContain(`PresharedKey = ${await scene.presharedKeyAtAgent(status?.publicKey)}`);
});

test('a peer with a key of its own gets a Secret when there is something to hand over, and only then', async () => {
  const publicKey = newKey();
  const ref = await scene.made('own', { publicKey });
  const plain = await scene.ready(ref);
  expect([plain.status?.presharedKey, plain.status?.configSecret]).toEqual(['None', undefined]);
  expect(await scene.secretOf(ref)).toBeUndefined();

  await lab.patch(WireGuardPeer, ref, { spec: { presharedKey: { type: 'Derived' } } });
  const derived = await scene.ready(ref);
  expect(derived.status).toMatchObject({ presharedKey: 'Derived', configSecret: { name: 'own-wireguard' }, publicKey });
  const secret = await scene.secretOf(ref);
  expect(Object.keys(secret?.data ?? {}).toSorted()).toEqual(['presharedKey', 'wg.conf']);
  expect(text(secret, 'presharedKey')).toBe(await scene.presharedKeyAtAgent(publicKey));
  expect(linesOf(secret)).toContain(`PresharedKey = ${text(secret, 'presharedKey')}`);
  expect(linesOf(secret)).toContain(`# Add here: PrivateKey = the private key of ${publicKey}`);

  await lab.patch(WireGuardPeer, ref, { spec: { presharedKey: null } });
  expect((await scene.ready(ref)).status?.configSecret).toBeUndefined();
  expect(await scene.secretOf(ref)).toBeUndefined();

  await lab.patch(WireGuardPeer, ref, { spec: { publicKey: null } });
  expect((await scene.ready(ref)).status?.publicKey).not.toBe(publicKey);
  expect(await scene.isComplete(ref)).toBe(true);
});

test('an operator killed between Secret and status takes up what it has made, and no key is lost', async () => {
  const mine = async () =>
    (await lab.list(secrets, namespace)).filter(({ metadata }) => metadata.name.startsWith('killed-'));
  const restore = await withoutStatusOfPeers();
  const refs = await Promise.all(Array.from({ length: 40 }, (_, index) => scene.made(`killed-${index}`)));
  await until('every Secret is made', async () => (await mine()).length === refs.length);
  await operator.role.stop('SIGKILL');
  const before = await mine();
  const pointed = await Promise.all(refs.map(async (ref) => (await scene.peer(ref)).status?.configSecret));
  await restore();
  expect(new Set(pointed)).toEqual(new Set([undefined]));
  await operator.role.start();
  for (const ref of refs) await scene.ready(ref);
  expect(await mine()).toEqual(before);
  for (const ref of refs) expect([ref.name, await scene.isComplete(ref)]).toEqual([ref.name, true]);
});

/** Takes the right from the operator that it needs after the Secret; the result gives it back. */
async function withoutStatusOfPeers(): Promise<() => Promise<unknown>> {
  const role = ['clusterrole', 'peerwright-operator'];
  const { rules } = JSON.parse((await lab.plane.kubectl(['get', ...role, '-o', 'json'])).stdout) as { rules: Rule[] };
  const patched = (next: Rule[]) =>
    lab.plane.kubectl(['patch', ...role, '--type=merge', '-p', JSON.stringify({ rules: next })]);
  const less = rules.map((rule) => ({
    ...rule,
    resources: rule.resources.filter((name) => name !== 'wireguardpeers/status'),
  }));
  await patched(less);
  await until('the right is gone', async () => {
    const account = 'system:serviceaccount:peerwright-system:peerwright-operator';
    const argv = ['auth', 'can-i', 'patch', 'wireguardpeers.peerwright.dev', '--subresource=status', '--as', account];
    return (await lab.plane.kubectl(argv)).stdout.startsWith('no');
  });
  return () => patched(rules);
}

interface Rule {
  readonly resources: readonly string[];
}

test('a Secret that was made before its peer had a status is adopted, and one of an earlier peer is made anew', async () => {
  const template = await scene.secretOf(
    await scene.made('template').then(async (ref) => (await scene.ready(ref), ref)),
  );
  await operator.role.stop('SIGTERM');
  const [adopted, renewed] = [await scene.made('adopted'), await scene.made('renewed')];
  const leave = async (ref: Ref, uid: string) => {
    const { privateKey, publicKey } = generateKeyPair();
    const encoded = (value: string) => Buffer.from(value).toString('base64');
    const owner = { apiVersion: 'peerwright.dev/v1alpha1', kind: 'WireGuardPeer', name: ref.name, uid };
    await lab.create(secrets, {
      metadata: {
        ...secretRef(ref),
        labels: { ...template?.metadata.labels, 'peerwright.dev/peer': ref.name },
        ownerReferences: [owner],
      },
      type: CONFIG_TYPE,
      data: {
        privateKey: encoded(revealAsBase64(privateKey)),
        publicKey: encoded(publicKey),
        'wg.conf': encoded('[Interface]\n'),
      },
    });
    return publicKey;
  };
  const kept = await leave(adopted, (await scene.peer(adopted)).metadata.uid ?? '');
  const lost = await leave(renewed, '00000000-0000-4000-8000-000000000000');
  await operator.role.start();
  expect((await scene.ready(adopted)).status?.publicKey).toBe(kept);
  expect((await scene.ready(renewed)).status?.publicKey).not.toBe(lost);
  expect([await scene.isComplete(adopted), await scene.isComplete(renewed)]).toEqual([true, true]);
  expect((await scene.secretOf(renewed))?.metadata.ownerReferences?.[0]?.uid).toBe(
    (await scene.peer(renewed)).metadata.uid,
  );
});

test('a Secret of somebody else is a SecretConflict and stays as it is, until it is out of the way', async () => {
  const ref = { namespace, name: 'blocked' };
  const foreign = await lab.create(secrets, { metadata: secretRef(ref), type: 'Opaque', data: { mine: 'eA==' } });
  await scene.made('blocked');
  const stalled = await until('it is Stalled', async () => {
    const found = await scene.peer(ref);
    return condition(found, 'Stalled') && found;
  });
  expect(condition(stalled, 'Stalled')).toMatchObject({
    reason: 'SecretConflict',
    message: expect.stringContaining('blocked-wireguard') as string,
  });
  expect([condition(stalled, 'Accepted')?.status, stalled.status?.configSecret]).toEqual(['True', undefined]);
  expect(await scene.secretOf(ref)).toEqual(foreign);
  await lab.delete(secrets, secretRef(ref));
  await scene.ready(ref);
  expect(await scene.isComplete(ref)).toBe(true);
});

test('the Secret goes with its peer, and another peer of that name gets another pair', async () => {
  const ref = await scene.made('gone');
  const { status } = await scene.ready(ref);
  await lab.delete(WireGuardPeer, ref);
  await until('its Secret is gone', async () => (await scene.secretOf(ref)) === undefined);
  await scene.made('gone');
  expect((await scene.ready(ref)).status?.publicKey).not.toBe(status?.publicKey);
  await lab.delete(WireGuardPeer, ref);
  await scene.made('gone');
  const again = await scene.ready(ref);
  await until('the Secret is that of the last one', async () => {
    const secret = await scene.secretOf(ref);
    return secret?.metadata.ownerReferences?.[0]?.uid === again.metadata.uid && text(secret, 'publicKey') !== '';
  });
  expect(text(await scene.secretOf(ref), 'publicKey')).toBe((await scene.peer(ref)).status?.publicKey);
});
