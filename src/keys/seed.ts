import { randomBytes } from 'node:crypto';
import { Secret } from '../runtime/secret.ts';
import { KEY_BYTES } from './text.ts';

/** A new seed of a gateway, 32 random bytes, from which preshared keys of its peers are derived. */
export function generateSeed(): Secret {
  return new Secret(randomBytes(KEY_BYTES));
}
