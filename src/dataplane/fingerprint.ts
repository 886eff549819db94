import { createHash } from 'node:crypto';
import type { KeyFingerprint } from '../mesh/model.ts';
import type { Secret } from '../runtime/secret.ts';

/**
 * Tells preshared keys apart without being one: the first 16 hexadecimal digits of
 * SHA-256("peerwright/fingerprint/v1" ‖ key). 64 bits of a hash of 256 random ones: may be logged and compared.
 */
export function fingerprintOf(key: Secret): KeyFingerprint {
  return fingerprintOfBytes(key.reveal());
}

/** Undefined for 32 zero bytes, with which WireGuard says that there is no preshared key. */
export function presharedKeyFingerprint(bytes: Uint8Array): KeyFingerprint | undefined {
  return bytes.every((byte) => byte === 0) ? undefined : fingerprintOfBytes(bytes);
}

function fingerprintOfBytes(bytes: Uint8Array): KeyFingerprint {
  return createHash('sha256').update(DOMAIN).update(bytes).digest('hex').slice(0, 16) as KeyFingerprint;
}

const DOMAIN = 'peerwright/fingerprint/v1';
