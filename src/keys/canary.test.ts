import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import type { ClientConfig } from '../mesh/client-config.ts';
import { createLog } from '../runtime/log.ts';
import { Secret } from '../runtime/secret.ts';
import { decodeGatewayKey, encodeGatewayKey, GATEWAY_KEY_TYPE, generateGatewayKey } from './gateway-key.ts';
import { generateIdentity, recipientOf, revealIdentity } from './identity.ts';
import { generateKeyPair, parsePrivateKey, publicKeyOf } from './key-pair.ts';
import { decodePeerPair, encodePeerSecret, PEER_CONFIG_TYPE } from './peer-secret.ts';
import { derivePresharedKey } from './preshared-key.ts';
import { open, seal } from './seal.ts';
import type { SealedPayload } from './sealed-payload.ts';
import { parseSecret, revealAsBase64 } from './text.ts';

/** Every way in which a value becomes text somewhere in this program. */
function texts(value: unknown): string[] {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', format: 'json', destination: { write: (line) => lines.push(line) } });
  log.info({ value, error: value }, 'canary');
  const error = value instanceof Error ? [value.message, value.stack ?? '', inspect(value.cause)] : [];
  const shown = inspect(value, { depth: Infinity, showHidden: true, showProxy: true, getters: true });
  return [...lines, ...error, shown, String(value), `${value as string}`, JSON.stringify(value) ?? ''];
}

function expectNoTrace(values: readonly unknown[], secrets: readonly Secret[]): void {
  const text = values.flatMap(texts).join('\n');
  for (const secret of secrets) {
    const bytes = Buffer.from(secret.reveal());
    const whole = [bytes.toString('latin1'), bytes.toString('utf8'), bytes.toString('base64'), bytes.toString('hex')];
    // A piece is as bad: this is how a library's message once gave an identity away.
    const pieces = [bytes.toString('base64').slice(4, 20), bytes.toString('latin1').slice(20, 36)];
    for (const form of [...whole, bytes.toString('base64url'), ...pieces]) expect(text).not.toContain(form);
    expect(text).not.toContain([...bytes].join(','));
    expect(text).not.toContain([...bytes.subarray(0, 4)].join(', '));
  }
}

async function failure(run: () => unknown): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error('should have failed');
}

test('keys, pairs, payloads and what comes out of opening one leave no trace in any text', async () => {
  const key = generateGatewayKey();
  const pair = generateKeyPair();
  const identity = await generateIdentity();
  const payload = payloadOf(key);
  const sealed = await seal(payload, await recipientOf(identity));
  const opened = await open(sealed, identity, payload);
  const decoded = decodeGatewayKey({ name: 's', type: GATEWAY_KEY_TYPE, data: encodeGatewayKey(key) });
  expect([opened.ok, decoded.ok]).toEqual([true, true]);
  const parsed = [parsePrivateKey(revealAsBase64(pair.privateKey)), parseSecret(revealAsBase64(key.seed))];
  const presharedKey = derivePresharedKey(key.seed, key.publicKey, pair.publicKey);
  const file = { name: 's', type: PEER_CONFIG_TYPE, data: encodePeerSecret(CONFIG, { pair, presharedKey }) };
  const read = decodePeerPair(file);
  expect(read.ok).toBe(true);
  expectNoTrace(
    [key, pair, identity, payload, sealed, opened, decoded, parsed, presharedKey, read],
    [key.privateKey, key.seed, pair.privateKey, identity, presharedKey],
  );
});

test('problems and errors leave no trace of the keys they are about', async () => {
  const key = generateGatewayKey();
  const other = generateGatewayKey();
  const identity = await generateIdentity();
  const recipient = await recipientOf(identity);
  const broken = mistyped(identity);
  const sealed = await seal(payloadOf(key), recipient);
  const data = encodeGatewayKey(key);
  const pair = generateKeyPair();
  const file = encodePeerSecret(CONFIG, { pair, presharedKey: key.seed });
  const outcomes: unknown[] = [
    await failure(() => recipientOf(broken)),
    await failure(() => recipientOf(key.seed)),
    await failure(() => publicKeyOf(new Secret(Buffer.concat([key.privateKey.reveal(), key.seed.reveal()])))),
    await failure(() => seal(payloadOf({ ...key, publicKey: other.publicKey }), recipient)),
    await failure(() => seal(payloadOf(key), revealIdentity(identity))),
    await open(sealed, broken, payloadOf(key)),
    await open(sealed, identity, payloadOf(other)),
    await open(revealAsBase64(key.privateKey), identity, payloadOf(key)),
    decodeGatewayKey({ name: 's', type: GATEWAY_KEY_TYPE, data: { ...data, publicKey: data['privateKey'] ?? '' } }),
    decodeGatewayKey({ name: 's', type: GATEWAY_KEY_TYPE, data: { ...data, presharedKeySeed: 'AAAA' } }),
    decodeGatewayKey({ name: 's', type: 'Opaque', data }),
    decodePeerPair({ name: 's', type: PEER_CONFIG_TYPE, data: { ...file, publicKey: file['privateKey'] ?? '' } }),
    decodePeerPair({ name: 's', type: PEER_CONFIG_TYPE, data: { ...file, privateKey: file['wg.conf'] ?? '' } }),
    decodePeerPair({ name: 's', type: 'Opaque', data: file }),
    await failure(() => encodePeerSecret({ ...CONFIG, endpoint: 'a\nb' }, { pair, presharedKey: key.seed })),
  ];
  expect(outcomes).toHaveLength(15);
  expectNoTrace(outcomes, [key.privateKey, key.seed, identity, broken, pair.privateKey]);
});

test('an identity that is none is refused without its cause', async () => {
  const error = await failure(() => recipientOf(new Secret(Buffer.from('AGE-SECRET-KEY-1XYZ'))));
  expect(error).toMatchObject({ code: 'IdentityUnreadable', retry: 'never' });
  expect(error).not.toHaveProperty('cause');
});

const CONFIG: ClientConfig = {
  namespace: 'net',
  peer: 'laptop',
  gateway: 'edge',
  publicKey: generateKeyPair().publicKey,
  addresses: ['10.90.1.7/32'],
  dns: [],
  gatewayPublicKey: generateKeyPair().publicKey,
  allowedIPs: ['10.90.0.0/16'],
  persistentKeepaliveSeconds: 25,
};

/** With a wrong checksum: the library's message for this one repeats nearly all of it. */
function mistyped(identity: Secret): Secret {
  const text = revealIdentity(identity);
  return new Secret(Buffer.from(text.slice(0, -1) + (text.endsWith('Q') ? 'P' : 'Q')));
}

function payloadOf(key: ReturnType<typeof generateGatewayKey>): SealedPayload {
  return {
    version: 1,
    node: { name: 'n1', uid: 'u1' },
    gateway: { namespace: 'net', name: 'edge', uid: 'u2' },
    keyNumber: 1,
    publicKey: key.publicKey,
    privateKey: key.privateKey,
    presharedKeySeed: key.seed,
  };
}
