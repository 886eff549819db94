import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { parsePublicKey } from '../mesh/key.ts';
import type { PublicKey } from '../mesh/model.ts';
import { PeerwrightError } from '../runtime/error.ts';
import { Secret } from '../runtime/secret.ts';
import { KEY_BYTES, parseSecret } from './text.ts';

export interface KeyPair {
  readonly publicKey: PublicKey;
  /** 32 raw bytes, clamped. */
  readonly privateKey: Secret;
}

/** A new WireGuard key pair (X25519, RFC 7748). */
export function generateKeyPair(): KeyPair {
  const { d } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
  const privateKey = new Secret(clamped(Buffer.from(d ?? '', 'base64url')));
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}

/** The public key of a private one. Throws when there are not 32 bytes. */
export function publicKeyOf(privateKey: Secret): PublicKey {
  const bytes = privateKey.reveal();
  if (bytes.length !== KEY_BYTES) throw new PeerwrightError('KeyInvalid', 'A private key has 32 bytes');
  const { x } = createPublicKey(keyObject(bytes)).export({ format: 'jwk' });
  const publicKey = parsePublicKey(Buffer.from(x ?? '', 'base64url').toString('base64'));
  // Clamping keeps every private key off the low-order points.
  if (publicKey === undefined) throw new PeerwrightError('KeyInvalid', 'The key pair protects nothing');
  return publicKey;
}

/** A private key from its base64 text: 32 clamped bytes, as `wg genkey` and we make them; undefined for others. */
export function parsePrivateKey(text: unknown): Secret | undefined {
  const secret = parseSecret(text);
  if (secret === undefined) return undefined;
  const bytes = secret.reveal();
  return Buffer.compare(bytes, clamped(bytes)) === 0 ? secret : undefined;
}

/** RFC 8410: a PKCS#8 wrapper without its last 32 bytes, the key. Node takes raw X25519 keys in no other form. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');

function keyObject(bytes: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, bytes]), format: 'der', type: 'pkcs8' });
}

/** RFC 7748, 5: bits 0 to 2 and 255 are zero, bit 254 is one. */
function clamped(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[0] = (copy[0] ?? 0) & 0xf8;
  copy[KEY_BYTES - 1] = ((copy[KEY_BYTES - 1] ?? 0) & 0x7f) | 0x40;
  return copy;
}
