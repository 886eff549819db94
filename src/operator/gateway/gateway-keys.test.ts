import { describe, expect, it } from 'vitest';
import { encodeGatewayKey, GATEWAY_KEY_TYPE, generateGatewayKey } from '../../keys/gateway-key.ts';
import { KubeError, KubeErrorCode } from '../../kube/errors.ts';
import { keyOf, type KubeObject } from '../../kube/object.ts';
import type { KubeSecret } from '../../kube/resources.ts';
import { GatewayKeys } from './gateway-keys.ts';

const { signal } = new AbortController();
const owner = { namespace: 'net', name: 'edge', uid: 'uid-edge', published: undefined };
const NAME = 'net/edge-key-1';
const labels = { 'app.kubernetes.io/managed-by': 'peerwright', 'peerwright.dev/gateway': 'edge' };

function refusal(code: KubeErrorCode): KubeError {
  return new KubeError({ code, message: code, status: 400, reason: '' });
}

/** Secrets in memory. */
function scene() {
  const stored = new Map<string, KubeSecret>();
  const time = { ms: 0, reads: 0 };
  const client = {
    get: async <T extends KubeObject>(
      _: unknown,
      ref: { namespace?: string | undefined; name: string },
    ): Promise<T> => {
      time.reads += 1;
      const found = stored.get(keyOf(ref));
      if (!found) throw refusal(KubeErrorCode.notFound);
      return found as unknown as T;
    },
    create: async <T extends KubeObject>(_: unknown, object: T): Promise<T> => {
      if (stored.has(keyOf(object.metadata))) throw refusal(KubeErrorCode.alreadyExists);
      stored.set(keyOf(object.metadata), object);
      return object;
    },
  };
  return { stored, time, client, keys: new GatewayKeys(client, () => time.ms) };
}

function secretWith(key: ReturnType<typeof generateGatewayKey>, rest: Partial<KubeSecret> = {}): KubeSecret {
  const metadata = { namespace: 'net', name: 'edge-key-1', labels };
  return { metadata, type: GATEWAY_KEY_TYPE, data: encodeGatewayKey(key), ...rest };
}

const publicKeyOf = (result: Awaited<ReturnType<GatewayKeys['ensure']>>) =>
  result.ok ? result.value.publicKey : result.problems.map((problem) => `${problem.code} ${problem.message}`).join();

describe('the key of a gateway', () => {
  it('is made once, in an immutable Secret without owner, and is the same from then on', async () => {
    const { keys, stored, time } = scene();
    const first = publicKeyOf(await keys.ensure(owner, signal));
    expect(stored.get(NAME)).toMatchObject({ immutable: true, type: GATEWAY_KEY_TYPE, metadata: { labels } });
    expect(stored.get(NAME)?.metadata.ownerReferences).toBeUndefined();
    expect(publicKeyOf(await keys.ensure({ ...owner, published: first }, signal))).toBe(first);
    expect(time.reads).toBe(1);
  });

  it('is adopted from a Secret of ours, also by a gateway made anew', async () => {
    const { keys, stored, client } = scene();
    const key = generateGatewayKey();
    stored.set(NAME, secretWith(key));
    expect(publicKeyOf(await keys.ensure(owner, signal))).toBe(key.publicKey);
    const later = new GatewayKeys(client, () => 0);
    expect(publicKeyOf(await later.ensure({ ...owner, uid: 'another' }, signal))).toBe(key.publicKey);
  });

  it('is the one of whoever was faster in making it', async () => {
    const { keys, stored, client } = scene();
    const key = generateGatewayKey();
    const { create } = client;
    client.create = async <T extends KubeObject>(resource: unknown, object: T): Promise<T> => {
      stored.set(NAME, secretWith(key));
      return create(resource, object);
    };
    expect(publicKeyOf(await keys.ensure(owner, signal))).toBe(key.publicKey);
  });

  it.each([
    ['without our labels', { metadata: { namespace: 'net', name: 'edge-key-1' } }, 'exists and is not labelled'],
    ['of another type', { type: 'Opaque' }, 'is not of type'],
    ['without content', { data: {} }, 'data.privateKey is missing'],
  ])('is no Secret %s, which is left alone', async (...[, rest, message]) => {
    const { keys, stored } = scene();
    const foreign = secretWith(generateGatewayKey(), rest);
    stored.set(NAME, foreign);
    expect(publicKeyOf(await keys.ensure(owner, signal))).toMatch(new RegExp(`^SecretConflict .*${message}`));
    expect(stored.get(NAME)).toBe(foreign);
  });

  it('is never replaced silently once published: neither by another nor by a new one', async () => {
    const { keys, stored } = scene();
    const published = generateGatewayKey().publicKey;
    expect(publicKeyOf(await keys.ensure({ ...owner, published }, signal))).toMatch(
      /^SecretConflict .* is gone; restore it/,
    );
    expect(stored.size).toBe(0);
    stored.set(NAME, secretWith(generateGatewayKey()));
    expect(publicKeyOf(await keys.ensure({ ...owner, published }, signal))).toMatch(
      /^SecretConflict .* holds another key/,
    );
  });

  it('is written again from memory when its Secret was deleted, within a minute', async () => {
    const { keys, stored, time } = scene();
    const published = publicKeyOf(await keys.ensure(owner, signal));
    const before = stored.get(NAME);
    stored.delete(NAME);
    time.ms = 59_999;
    await keys.ensure({ ...owner, published }, signal);
    expect(stored.size).toBe(0);
    time.ms = 60_000;
    expect(publicKeyOf(await keys.ensure({ ...owner, published }, signal))).toBe(published);
    expect(stored.get(NAME)).toEqual(before);
  });

  it('is not known any more when it was forgotten', async () => {
    const { keys, stored } = scene();
    const published = publicKeyOf(await keys.ensure(owner, signal));
    stored.delete(NAME);
    keys.forget(owner.uid);
    expect(publicKeyOf(await keys.ensure({ ...owner, published }, signal))).toContain('is gone');
  });

  it('is looked for again after any other failure', async () => {
    const { keys, client } = scene();
    client.get = () => Promise.reject(refusal(KubeErrorCode.serverError));
    await expect(keys.ensure(owner, signal)).rejects.toMatchObject({ code: KubeErrorCode.serverError });
  });
});
