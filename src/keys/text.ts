import { Secret } from '../runtime/secret.ts';

/** Bytes of private keys, public keys and seeds alike. */
export const KEY_BYTES = 32;

/** THE BYTES IN CLEAR, as base64: only for what goes into a Secret object, a sealed payload or the kernel. */
export function revealAsBase64(secret: Secret): string {
  return Buffer.from(secret.reveal()).toString('base64');
}

/** 32 bytes from their one base64 form; undefined for anything else, because the text must not get into a message. */
export function parseSecret(text: unknown): Secret | undefined {
  const bytes = parseBase64(text);
  return bytes?.length === KEY_BYTES ? new Secret(bytes) : undefined;
}

/** Bytes from canonical base64: Node itself skips what it does not know, so that many texts give the same bytes. */
export function parseBase64(text: unknown): Buffer | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
