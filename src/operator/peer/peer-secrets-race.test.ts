import { expect, test } from 'vitest';
import { generateKeyPair } from '../../keys/key-pair.ts';
import type { SecretAnswer } from './peer-secrets.ts';
import { decidedStatus, filesWorld, requestOf, somePeer, valueOf, type SomePeer } from './secrets.testing.ts';

/** Several processes at once, as when the election is switched off: Secrets have no other judge than the API server. */

const { signal } = new AbortController();
const NAME = 'net/p-wireguard';
const OWN = generateKeyPair().publicKey;

type World = ReturnType<typeof filesWorld>;

async function ensure(world: World, given: SomePeer = {}): Promise<string> {
  const peer = somePeer(given);
  world.caches.peers.apply(peer);
  return keyOf(await world.secrets.ensure(requestOf(peer), signal));
}

function keyOf(answer: SecretAnswer): string {
  if (answer.kind !== 'Ready') throw new Error(`not ready: ${JSON.stringify(answer)}`);
  return answer.publicKey;
}

test('a pair that another process has made and published is found, whatever this one has seen before', async () => {
  const world = filesWorld();
  const first = await ensure(world);
  world.client.stored.delete(NAME);
  const other = world.restart();
  const second = keyOf(await other.secrets.ensure(requestOf(somePeer()), signal));
  expect(second).not.toBe(first);
  expect(await ensure(world, { status: decidedStatus(second) })).toBe(second);
  expect(await ensure(world, { status: decidedStatus(second), generation: 2 })).toBe(second);
  // and from then on it is known
  const calls = world.client.calls.length;
  expect(await ensure(world, { status: decidedStatus(second), generation: 2 })).toBe(second);
  expect(world.client.calls.length).toBe(calls);
});

test.each(['None', 'Derived'] as const)(
  'a pair is not taken out of its Secret by a process that lags behind the spec, with a preshared key %s',
  async (presharedKey) => {
    const world = filesWorld();
    const made = await ensure(world, { generation: 3 });
    const lagging = world.restart();
    const earlier = somePeer({ spec: { publicKey: OWN }, status: decidedStatus(OWN), generation: 2 });
    const answer = lagging.secrets.ensure(requestOf(earlier, presharedKey), signal);
    await expect(answer).rejects.toMatchObject({ code: 'CacheBehind' });
    expect(valueOf(world.client.stored.get(NAME), 'publicKey')).toBe(made);
  },
);
