import { createHash } from 'node:crypto';

/** A short name for `text`: the first 22 characters (132 bits) of its SHA-256 in base64url. Not for secrets. */
export function digest(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64url').slice(0, 22);
}
