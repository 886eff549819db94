import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import type { PublicKey } from '../../mesh/model.ts';

/** UAPI writes keys as lower-case hexadecimal, `wg` and we as base64. */
export function hexOf(key: PublicKey): string {
  return Buffer.from(key, 'base64').toString('hex');
}

export function keyOfHex(hex: string): PublicKey {
  return Buffer.from(hex, 'hex').toString('base64') as PublicKey;
}

/** The public half of 32 private bytes (RFC 7748; clamped as WireGuard does). */
export function publicKeyOf(privateKey: Uint8Array): PublicKey {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, privateKey]), format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return Buffer.from(x ?? '', 'base64url').toString('base64') as PublicKey;
}

/** A public key that nobody has the private half of. */
export function throwAwayKey(): PublicKey {
  const bytes = randomBytes(32);
  bytes[31] = (bytes[31] ?? 0) & 0x7f;
  return bytes.toString('base64') as PublicKey;
}

/** DER in front of the 32 bytes of an X25519 private key (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
