import { Decrypter, Encrypter, generateHybridIdentity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { Secret } from '../runtime/secret.ts';
import { generateGatewayKey } from './gateway-key.ts';
import { generateIdentity, recipientOf, revealIdentity } from './identity.ts';
import { open, seal } from './seal.ts';
import { revealPayload, type SealedPayload } from './sealed-payload.ts';

const key = generateGatewayKey();
const other = generateGatewayKey();
let identity: Secret;
let recipient: string;

beforeAll(async () => {
  identity = await generateIdentity();
  recipient = await recipientOf(identity);
});

function payload(overrides: Partial<SealedPayload> = {}): SealedPayload {
  return {
    version: 1,
    node: { name: 'n1', uid: 'node-uid' },
    gateway: { namespace: 'net', name: 'edge', uid: 'gateway-uid' },
    keyNumber: 1,
    publicKey: key.publicKey,
    privateKey: key.privateKey,
    presharedKeySeed: key.seed,
    ...overrides,
  };
}

/** Seals any text, as somebody with the recipient but without our code could. */
async function sealText(text: string): Promise<string> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return Buffer.from(await encrypter.encrypt(text)).toString('base64');
}

async function problemsOf(sealed: string, expected = payload()) {
  const opened = await open(sealed, identity, expected);
  return opened.ok ? [] : opened.problems;
}

test('a sealed key opens at the node and for the gateway it was sealed to', async () => {
  const opened = await open(await seal(payload(), recipient), identity, payload());
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  expect(opened.value.privateKey.reveal()).toEqual(key.privateKey.reveal());
  expect(opened.value.seed.reveal()).toEqual(key.seed.reveal());
});

test('a sealed key has exactly one recipient and fits the field of the API with the longest names', async () => {
  const long = payload({
    node: { name: 'n'.repeat(253), uid: 'u'.repeat(64) },
    gateway: { namespace: 's'.repeat(63), name: 'g'.repeat(52), uid: 'u'.repeat(64) },
    keyNumber: Number.MAX_SAFE_INTEGER,
  });
  const sealed = await seal(long, recipient);
  expect(sealed.length).toBeLessThanOrEqual(4096);
  const header = Buffer.from(sealed, 'base64').toString('latin1').split('\n---')[0] ?? '';
  expect(header.match(/^-> /gm)).toHaveLength(1);
  expect(await open(sealed, identity, long)).toMatchObject({ ok: true });
});

test('no other identity opens a sealed key', async () => {
  const sealed = await seal(payload(), recipient);
  expect(await open(sealed, await generateIdentity(), payload())).toMatchObject({
    ok: false,
    problems: [{ code: 'KeyUnreadable', path: 'sealedKey' }],
  });
});

test.each<[string, Partial<SealedPayload>]>([
  ['node.name', { node: { name: 'n2', uid: 'node-uid' } }],
  ['node.uid', { node: { name: 'n1', uid: 'reborn' } }],
  ['gateway.namespace', { gateway: { namespace: 'tenant', name: 'edge', uid: 'gateway-uid' } }],
  ['gateway.name', { gateway: { namespace: 'net', name: 'core', uid: 'gateway-uid' } }],
  ['gateway.uid', { gateway: { namespace: 'net', name: 'edge', uid: 'reborn' } }],
  ['keyNumber', { keyNumber: 2 }],
  ['publicKey', { publicKey: other.publicKey, privateKey: other.privateKey }],
])('a sealed key with another %s is refused and the field is named', async (field, overrides) => {
  const problems = await problemsOf(await seal(payload(overrides), recipient));
  expect(problems).toMatchObject([{ code: 'KeyUnreadable', path: field }]);
  expect(problems[0]?.message).toContain(`${field} in the sealed key is not the one expected`);
});

test('a private key under the public key of another pair is refused', async () => {
  const sealed = await sealText(revealPayload(payload({ privateKey: other.privateKey })));
  expect(await problemsOf(sealed)).toMatchObject([{ code: 'KeyUnreadable', path: 'privateKey' }]);
});

test.each<[string, (root: Record<string, unknown>) => unknown, string]>([
  ['another version', (root) => ({ ...root, version: 2 }), 'version'],
  ['no object', () => 'text', 'version'],
  ['null', () => null, 'version'],
  ['no node', (root) => ({ ...root, node: null }), 'node.name'],
  ['an empty uid', (root) => ({ ...root, node: { name: 'n1', uid: '' } }), 'node.uid'],
  ['a number as name', (root) => ({ ...root, gateway: { namespace: 'net', name: 7, uid: 'u' } }), 'gateway.name'],
  ['key number 0', (root) => ({ ...root, keyNumber: 0 }), 'keyNumber'],
  ['an object as public key', (root) => ({ ...root, publicKey: { toString: 1, valueOf: 1 } }), 'publicKey'],
  ['a broken private key', (root) => ({ ...root, privateKey: 'AAAA' }), 'privateKey'],
  ['no seed', (root) => ({ ...root, presharedKeySeed: undefined }), 'presharedKeySeed'],
])('content with %s is refused and the field is named', async (_, change, field) => {
  const root = JSON.parse(revealPayload(payload())) as Record<string, unknown>;
  const problems = await problemsOf(await sealText(JSON.stringify(change(root))));
  expect(problems).toMatchObject([{ code: 'KeyUnreadable', path: field }]);
  expect(problems[0]?.message).toContain(`${field} in the sealed key is not valid`);
});

test('content that is no JSON is refused', async () => {
  expect(await problemsOf(await sealText('{"privateKey": canary'))).toMatchObject([{ path: 'version' }]);
});

test.each(['', ' ', '!!!!', 'AAAA', Buffer.from('age-encryption.org/v1\n').toString('base64')])(
  'the malformed text %j is a problem',
  async (sealed) => {
    expect(await problemsOf(sealed)).toMatchObject([{ code: 'KeyUnreadable', path: 'sealedKey' }]);
  },
);

test('one changed byte anywhere makes a sealed key unreadable', async () => {
  const sealed = Buffer.from(await seal(payload(), recipient), 'base64');
  await fc.assert(
    fc.asyncProperty(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ flip;
      expect(await problemsOf(changed.toString('base64'))).toHaveLength(1);
    }),
    { numRuns: 60 },
  );
});

test.each([
  ['nothing', ''],
  ['a wrong checksum', `age1${'q'.repeat(58)}`],
  ['an SSH key', 'ssh-ed25519 AAAA'],
])('%s is refused as recipient', async (_, bad) => {
  await expect(seal(payload(), bad)).rejects.toMatchObject({ code: 'SealRefused', retry: 'never' });
});

test('a recipient of another kind is refused, though age could encrypt to it', async () => {
  const hybrid = await identityToRecipient(await generateHybridIdentity());
  await expect(seal(payload(), hybrid)).rejects.toMatchObject({ code: 'SealRefused' });
});

test('two recipients in one text are refused', async () => {
  await expect(seal(payload(), `${recipient}\n${recipient}`)).rejects.toMatchObject({ code: 'SealRefused' });
});

test('a key pair that does not fit together is not sealed', async () => {
  await expect(seal(payload({ publicKey: other.publicKey }), recipient)).rejects.toMatchObject({ code: 'SealRefused' });
});

test('a sealed key is an age file that other programs open', async () => {
  const decrypter = new Decrypter();
  decrypter.addIdentity(revealIdentity(identity));
  const text = await decrypter.decrypt(Buffer.from(await seal(payload(), recipient), 'base64'), 'text');
  expect(JSON.parse(text)).toMatchObject({ version: 1, keyNumber: 1, publicKey: key.publicKey });
});
