import { Decrypter, Encrypter } from 'age-encryption';
import type { Result } from '../mesh/model.ts';
import { PeerwrightError } from '../runtime/error.ts';
import type { Secret } from '../runtime/secret.ts';
import { isRecipient, revealIdentity } from './identity.ts';
import { publicKeyOf } from './key-pair.ts';
import { parsePayload, revealPayload, type SealedFor, type SealedPayload } from './sealed-payload.ts';
import { parseBase64 } from './text.ts';

/** What a node gets out of a sealed key. */
export interface OpenedKey {
  readonly privateKey: Secret;
  readonly seed: Secret;
}

/**
 * Encrypts a gateway's key to one node: base64 of an age file with exactly one recipient. Throws `SealRefused` when
 * that is not possible or the key pair does not fit together.
 */
export async function seal(payload: SealedPayload, recipient: string): Promise<string> {
  if (!isRecipient(recipient)) throw refused('The recipient is not an age X25519 recipient');
  if (publicKeyOf(payload.privateKey) !== payload.publicKey) throw refused('The public key is not of the private key');
  const file = await encrypt(revealPayload(payload), recipient);
  // age-encryption encrypts to no recipient at all without an error.
  if (stanzas(file) !== 1) throw refused('The sealed key has not exactly one recipient');
  return Buffer.from(file).toString('base64');
}

/**
 * Decrypts a sealed key and refuses it unless it was meant for exactly this node, gateway, key number and public key.
 * Whatever is wrong is one `KeyUnreadable` that names the field; nothing of the content gets into a message.
 */
export async function open(sealed: string, identity: Secret, expected: SealedFor): Promise<Result<OpenedKey>> {
  const file = parseBase64(sealed);
  if (file === undefined || file.length === 0) return unreadable('The sealed key is not base64', 'sealedKey');
  const text = await decrypt(file, identity);
  if (text === undefined) {
    return unreadable('The sealed key is damaged or not sealed to the identity of this node', 'sealedKey');
  }
  const payload = parsePayload(text);
  if ('wrong' in payload) return unreadable(`${payload.wrong} in the sealed key is not valid`, payload.wrong);
  const other = differing(payload, expected);
  if (other !== undefined) return unreadable(`${other} in the sealed key is not the one expected here`, other);
  if (publicKeyOf(payload.privateKey) !== payload.publicKey) {
    return unreadable('privateKey in the sealed key does not belong to its publicKey', 'privateKey');
  }
  return { ok: true, value: { privateKey: payload.privateKey, seed: payload.presharedKeySeed } };
}

/** The first field in which a payload is not what was expected. */
function differing(payload: SealedFor, expected: SealedFor): string | undefined {
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['node.name', payload.node.name, expected.node.name],
    ['node.uid', payload.node.uid, expected.node.uid],
    ['gateway.namespace', payload.gateway.namespace, expected.gateway.namespace],
    ['gateway.name', payload.gateway.name, expected.gateway.name],
    ['gateway.uid', payload.gateway.uid, expected.gateway.uid],
    ['keyNumber', payload.keyNumber, expected.keyNumber],
    ['publicKey', payload.publicKey, expected.publicKey],
  ];
  return pairs.find(([, one, two]) => one !== two)?.[0];
}

async function encrypt(text: string, recipient: string): Promise<Uint8Array> {
  try {
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipient);
    return await encrypter.encrypt(text);
  } catch {
    throw refused('The recipient is not an age X25519 recipient');
  }
}

async function decrypt(file: Uint8Array, identity: Secret): Promise<string | undefined> {
  try {
    const decrypter = new Decrypter();
    decrypter.addIdentity(revealIdentity(identity));
    return await decrypter.decrypt(file, 'text');
  } catch {
    // Without the cause: age-encryption repeats a malformed identity in its message.
    return undefined;
  }
}

/** Recipients of an age file: lines `-> …` of its header, which ends with the line `--- …`. */
function stanzas(file: Uint8Array): number {
  const [header = ''] = Buffer.from(file).toString('latin1').split('\n---');
  return header.split('\n').filter((line) => line.startsWith('-> ')).length;
}

function refused(message: string): PeerwrightError {
  return new PeerwrightError('SealRefused', message);
}

function unreadable(what: string, path: string): Result<never> {
  const message = `${what}; the operator seals the key anew when the WireGuardNodeConfig of this node is deleted.`;
  return { ok: false, problems: [{ code: 'KeyUnreadable', message, path }] };
}
