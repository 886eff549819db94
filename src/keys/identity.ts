import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { PeerwrightError } from '../runtime/error.ts';
import { Secret } from '../runtime/secret.ts';

/** An age recipient of the X25519 kind: 32 bytes in bech32. */
const RECIPIENT_PATTERN = /^age1[02-9ac-hj-np-z]{58}$/;

/** A new age X25519 identity, to which keys of gateways are sealed; the bytes are its text `AGE-SECRET-KEY-1…`. */
export async function generateIdentity(): Promise<Secret> {
  return new Secret(Buffer.from(await generateX25519Identity()));
}

/** The public half `age1…` of an identity. Throws `IdentityUnreadable` when it is none. */
export async function recipientOf(identity: Secret): Promise<string> {
  try {
    return await identityToRecipient(revealIdentity(identity));
  } catch {
    // Without the cause: age-encryption repeats the identity in its message.
    throw new PeerwrightError('IdentityUnreadable', 'The sealing identity is not an age X25519 identity');
  }
}

/** Whether a text has the form of a recipient that `seal` takes. */
export function isRecipient(text: string): boolean {
  return RECIPIENT_PATTERN.test(text);
}

/** THE IDENTITY IN CLEAR: for age-encryption alone. */
export function revealIdentity(identity: Secret): string {
  return Buffer.from(identity.reveal()).toString('latin1').trim();
}
