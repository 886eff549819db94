import { describe, expect, it } from 'vitest';
import { generateKeyPair, parsePrivateKey, publicKeyOf } from '../../keys/key-pair.ts';
import { derivePresharedKey } from '../../keys/preshared-key.ts';
import { revealAsBase64 } from '../../keys/text.ts';
import type { KubeSecret } from '../../kube/resources.ts';
import type { PublicKey } from '../../mesh/model.ts';
import type { SecretAnswer, SecretRequest } from './peer-secrets.ts';
import {
  decidedStatus,
  filesWorld,
  GATEWAY_KEY,
  requestOf,
  somePeer,
  valueOf,
  type SomePeer,
} from './secrets.testing.ts';

const { signal } = new AbortController();
const NAME = 'net/p-wireguard';
const OWN = generateKeyPair().publicKey;
const labels = { 'app.kubernetes.io/managed-by': 'peerwright', 'peerwright.dev/peer': 'p' };

type World = ReturnType<typeof filesWorld>;

/** Asks for the Secret of a peer that is in the cache. */
function ensure(world: World, given: SomePeer = {}, presharedKey: SecretRequest['presharedKey'] = 'Derived') {
  const peer = somePeer(given);
  world.caches.peers.apply(peer);
  return world.secrets.ensure(requestOf(peer, presharedKey), signal);
}

function keyOf(answer: SecretAnswer): PublicKey {
  if (answer.kind !== 'Ready') throw new Error(`not ready: ${JSON.stringify(answer)}`);
  return answer.publicKey;
}

function presharedKeyOf(publicKey: PublicKey): string {
  return revealAsBase64(derivePresharedKey(GATEWAY_KEY.seed, GATEWAY_KEY.publicKey, publicKey));
}

function conflictIn(answer: SecretAnswer): string {
  return answer.kind === 'Refused' ? answer.problems.map(({ code, message }) => `${code} ${message}`).join() : '';
}

/** As a crashed operator left it, for the peer with this uid. */
async function left(world: World, uid = 'uid-p', rest: Partial<KubeSecret> = {}): Promise<PublicKey> {
  const other = filesWorld();
  const publicKey = keyOf(await ensure(other, { uid }));
  world.client.put({ ...(other.client.stored.get(NAME) as KubeSecret), ...rest });
  return publicKey;
}

describe('the Secret of a peer without a key of its own', () => {
  it('is made with a pair, a file that is complete, and an owner; once', async () => {
    const world = filesWorld();
    const answer = await ensure(world);
    const secret = world.client.stored.get(NAME);
    expect(answer).toEqual({ kind: 'Ready', publicKey: valueOf(secret, 'publicKey'), configSecret: 'p-wireguard' });
    expect(secret).toMatchObject({ type: 'peerwright.dev/peer-config', metadata: { labels } });
    const owner = { apiVersion: 'peerwright.dev/v1alpha1', kind: 'WireGuardPeer', name: 'p', uid: 'uid-p' };
    expect(secret?.metadata.ownerReferences).toEqual([owner]);
    const privateKey = parsePrivateKey(valueOf(secret, 'privateKey'));
    expect(privateKey && publicKeyOf(privateKey)).toBe(keyOf(answer));
    const file = valueOf(secret, 'wg.conf');
    expect(file).toContain(`\nPrivateKey = ${valueOf(secret, 'privateKey')}\n`);
    expect(file).toContain(`\nPresharedKey = ${presharedKeyOf(keyOf(answer))}\n`);
    expect(file).toContain('\nAddress = 10.90.1.7/32\n');
    expect(keyOf(await ensure(world))).toBe(keyOf(answer));
    expect(world.client.calls).toEqual(['create']);
  });

  it('has no preshared key when the peer wants none', async () => {
    const world = filesWorld();
    await ensure(world, {}, 'None');
    expect(valueOf(world.client.stored.get(NAME), 'wg.conf')).not.toContain('PresharedKey');
  });

  it('is adopted as it was left between Secret and status', async () => {
    const world = filesWorld();
    const publicKey = await left(world);
    const before = world.client.stored.get(NAME);
    expect(keyOf(await ensure(world))).toBe(publicKey);
    expect(world.client.stored.get(NAME)).toEqual(before);
  });

  it('is completed when it was left with what an earlier spec asked for', async () => {
    const world = filesWorld();
    const publicKey = await left(world);
    expect(keyOf(await ensure(world, {}, 'None'))).toBe(publicKey);
    expect(valueOf(world.client.stored.get(NAME), 'wg.conf')).not.toContain('PresharedKey');
  });

  it('is made anew when an earlier peer of the same name has left one', async () => {
    const world = filesWorld();
    const earlier = await left(world, 'uid-earlier');
    expect(keyOf(await ensure(world))).not.toBe(earlier);
    expect(world.client.stored.get(NAME)?.metadata.ownerReferences?.[0]?.uid).toBe('uid-p');
  });

  it('is left alone when it may be that of a later peer, which a lagging cache does not show', async () => {
    const world = filesWorld();
    await left(world, 'uid-later');
    const before = world.client.stored.get(NAME);
    const peer = somePeer();
    world.caches.peers.apply(somePeer({ uid: 'uid-later' }));
    await expect(world.secrets.ensure(requestOf(peer), signal)).rejects.toMatchObject({ code: 'CacheBehind' });
    expect(world.client.stored.get(NAME)).toBe(before);
  });

  it.each<[string, Partial<KubeSecret>, string]>([
    ['without our labels', { metadata: { namespace: 'net', name: 'p-wireguard' } }, 'is not one that was made for'],
    [
      'without an owner',
      { metadata: { namespace: 'net', name: 'p-wireguard', labels } },
      'is not one that was made for',
    ],
    ['of another type', { type: 'Opaque' }, 'is not one that was made for'],
    ['emptied', { data: {} }, 'data.privateKey is missing'],
    ['with half a pair', { data: { publicKey: Buffer.from(OWN).toString('base64') } }, 'data.privateKey is missing'],
  ])('is no Secret %s, which is never overwritten', async (_, rest, message) => {
    const world = filesWorld();
    await left(world, 'uid-p', rest);
    const before = world.client.stored.get(NAME);
    expect(conflictIn(await ensure(world))).toMatch(new RegExp(`^SecretConflict .*${message}`));
    expect(conflictIn(await ensure(world))).not.toBe('');
    expect(world.client.stored.get(NAME)).toBe(before);
  });

  it('is a conflict when it is immutable and out of date', async () => {
    const world = filesWorld();
    await left(world, 'uid-p', { immutable: true });
    expect(keyOf(await ensure(world))).toBeDefined();
    const later = filesWorld();
    await left(later, 'uid-p', { immutable: true });
    expect(conflictIn(await ensure(later, {}, 'None'))).toContain('is immutable and out of date');
  });

  it('is made anew, with another pair, once it is known to be gone', async () => {
    const world = filesWorld();
    const first = keyOf(await ensure(world));
    world.client.stored.delete(NAME);
    const peer = { status: decidedStatus(first) };
    expect(keyOf(await ensure(world, peer))).toBe(first);
    world.upkeep.writer.doubt(somePeer());
    expect(keyOf(await ensure(world, peer))).not.toBe(first);
    expect(world.client.stored.has(NAME)).toBe(true);
  });

  it('is not read when the status speaks of this very spec, and is when it does not', async () => {
    const world = filesWorld();
    const publicKey = await left(world);
    const other = generateKeyPair().publicKey;
    expect(keyOf(await ensure(world, { status: decidedStatus(other) }))).toBe(other);
    expect(world.client.calls).toEqual([]);
    expect(keyOf(await ensure(world, { status: decidedStatus(other), generation: 2 }))).toBe(publicKey);
  });

  it('waits while the key of the gateway cannot be read', async () => {
    const world = filesWorld();
    const peer = somePeer();
    const request = requestOf(peer);
    const gateway = { ...request.gateway, status: { ...request.gateway.status, publicKey: OWN } };
    const answer = await world.secrets.ensure({ ...request, gateway }, signal);
    expect(answer).toMatchObject({ kind: 'Waiting', problem: { code: 'GatewayNotReady' } });
    expect(world.client.stored.size).toBe(0);
  });

  it('is of whoever was faster in making it', async () => {
    const world = filesWorld();
    let publicKey: PublicKey | undefined;
    world.client.beforeCreate = async () => {
      publicKey ??= await left(world);
    };
    expect(keyOf(await ensure(world))).toBe(publicKey);
  });
});

describe('the Secret of a peer with a key of its own', () => {
  const own = { spec: { publicKey: OWN } };

  it('hands over the preshared key, and a file to complete', async () => {
    const world = filesWorld();
    expect(await ensure(world, own)).toEqual({ kind: 'Ready', publicKey: OWN, configSecret: 'p-wireguard' });
    const secret = world.client.stored.get(NAME);
    expect(Object.keys(secret?.data ?? {}).toSorted()).toEqual(['presharedKey', 'wg.conf']);
    expect(valueOf(secret, 'presharedKey')).toBe(presharedKeyOf(OWN));
    expect(valueOf(secret, 'wg.conf')).toMatch(/^\[Interface\]\n# Add here: PrivateKey = /m);
  });

  it('does not exist without a preshared key, and is not even looked for', async () => {
    const world = filesWorld();
    expect(await ensure(world, own, 'None')).toEqual({ kind: 'Ready', publicKey: OWN });
    expect([world.client.stored.size, world.client.calls]).toEqual([0, []]);
  });

  it('goes with the preshared key, if it is ours', async () => {
    const world = filesWorld();
    await ensure(world, own);
    await ensure(world, { ...own, status: decidedStatus(OWN), generation: 2 }, 'None');
    expect(world.client.stored.size).toBe(0);
  });

  it('goes when a spec was edited between Secret and status, too', async () => {
    const world = filesWorld();
    await left(world);
    await ensure(world, { ...own, status: { observedGeneration: 1 }, generation: 2 }, 'None');
    expect(world.client.stored.size).toBe(0);
  });

  it('stays when it is not ours', async () => {
    const world = filesWorld();
    world.client.put({ metadata: { namespace: 'net', name: 'p-wireguard' }, type: 'Opaque' });
    expect(await ensure(world, { ...own, status: decidedStatus(OWN) }, 'None')).toMatchObject({ kind: 'Ready' });
    expect(world.client.stored.size).toBe(1);
  });

  it('takes the place of one with a pair, and the other way round', async () => {
    const world = filesWorld();
    const made = keyOf(await ensure(world));
    expect(keyOf(await ensure(world, { ...own, status: decidedStatus(made), generation: 2 }))).toBe(OWN);
    expect(world.client.stored.get(NAME)?.data).not.toHaveProperty('privateKey');
    const again = keyOf(await ensure(world, { status: decidedStatus(OWN), generation: 3 }));
    expect(valueOf(world.client.stored.get(NAME), 'publicKey')).toBe(again);
    expect([made, OWN]).not.toContain(again);
    expect(world.writes).toEqual(['created', 'rewritten', 'rewritten']);
  });

  it('follows the key in the spec', async () => {
    const world = filesWorld();
    await ensure(world, own);
    const next = generateKeyPair().publicKey;
    await ensure(world, { spec: { publicKey: next }, status: decidedStatus(OWN), generation: 2 });
    expect(valueOf(world.client.stored.get(NAME), 'presharedKey')).toBe(presharedKeyOf(next));
  });
});

describe('what is left of a peer that is gone', () => {
  const ref = { namespace: 'net', name: 'p' };

  async function abandoned(rest: Partial<KubeSecret> = {}, isBack = false): Promise<boolean> {
    const world = filesWorld();
    const peer = somePeer();
    world.caches.peers.apply(peer);
    await left(world, 'uid-p', rest);
    world.caches.peers.remove({ ...peer, resourceVersion: '999999' });
    if (isBack) world.caches.peers.apply(somePeer({ uid: 'uid-new' }));
    world.upkeep.writer.doubt(peer);
    await world.secrets.abandon(ref, signal);
    return !world.client.stored.has(NAME);
  }

  it('is removed', async () => expect(await abandoned()).toBe(true));
  it('stays when it is not ours', async () => expect(await abandoned({ type: 'Opaque' })).toBe(false));
  it('is for the next peer of that name to remove', async () => expect(await abandoned({}, true)).toBe(false));

  it('goes too when the next peer of that name needs none', async () => {
    const world = filesWorld();
    const peer = somePeer();
    world.caches.peers.apply(peer);
    await left(world);
    world.upkeep.writer.doubt(peer);
    world.caches.peers.apply(somePeer({ uid: 'uid-new' }));
    await world.secrets.abandon(ref, signal);
    expect(await ensure(world, { uid: 'uid-new', spec: { publicKey: OWN } }, 'None')).toMatchObject({ kind: 'Ready' });
    expect(world.client.stored.size).toBe(0);
  });

  it('is not looked for where there never was a Secret', async () => {
    const world = filesWorld();
    await world.secrets.abandon(ref, signal);
    expect(world.client.calls).toEqual([]);
  });
});
