import { hkdfSync } from 'node:crypto';
import type { PublicKey } from '../mesh/model.ts';
import { Secret } from '../runtime/secret.ts';
import { KEY_BYTES } from './text.ts';

/**
 * The preshared key of a peer that has `Derived`, 32 bytes. Operator and agent compute it alike from the seed in the
 * gateway's key, so that nothing has to be stored for a peer but the client's file: HKDF-SHA256 (RFC 5869) without
 * salt, info = "peerwright/psk/v1" and the two public keys, 32 raw bytes each.
 */
export function derivePresharedKey(seed: Secret, gateway: PublicKey, peer: PublicKey): Secret {
  const info = Buffer.concat([Buffer.from('peerwright/psk/v1'), rawKey(gateway), rawKey(peer)]);
  return new Secret(new Uint8Array(hkdfSync('sha256', seed.reveal(), new Uint8Array(0), info, KEY_BYTES)));
}

function rawKey(publicKey: PublicKey): Buffer {
  return Buffer.from(publicKey, 'base64');
}
