import type { ClientConfig } from '../mesh/client-config.ts';
import { renderClientConfig } from '../mesh/client-config.ts';
import { parsePublicKey } from '../mesh/key.ts';
import type { Result } from '../mesh/model.ts';
import type { Secret } from '../runtime/secret.ts';
import type { KeySecret } from './gateway-key.ts';
import type { KeyPair } from './key-pair.ts';
import { parsePrivateKey, publicKeyOf } from './key-pair.ts';
import { parseBase64, revealAsBase64 } from './text.ts';

/** `type` of the Secrets with clients' files; the API server never lets a type change. */
export const PEER_CONFIG_TYPE = 'peerwright.dev/peer-config';

/** What a peer's file holds besides its `ClientConfig`. At least one of the two. */
export interface PeerKeys {
  /** Present when the operator made it: then the Secret is the only place where the private key is. */
  readonly pair?: KeyPair;
  /** 32 bytes; absent for `None`. */
  readonly presharedKey?: Secret;
}

/** The name of the Secret with the file of a peer. */
export function peerSecretName(peer: string): string {
  return `${peer}-wireguard`;
}

/**
 * THE KEYS IN CLEAR, as `Secret.data`: for nothing but the Secret object. `wg.conf`, and `privateKey` and `publicKey` of
 * a pair that the operator made, otherwise `presharedKey`.
 */
export function encodePeerSecret(config: ClientConfig, { pair, presharedKey }: PeerKeys): Record<string, string> {
  const psk = presharedKey && { presharedKey: revealAsBase64(presharedKey) };
  const own = pair && { privateKey: revealAsBase64(pair.privateKey) };
  const wgConf = renderClientConfig(config, { ...own, ...psk });
  const texts = { 'wg.conf': wgConf, ...(pair ? { ...own, publicKey: pair.publicKey } : psk) };
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString('base64')]));
}

/**
 * Reads the pair back that the operator made; undefined from a Secret that was never to hold one. Every way of being
 * wrong is one `SecretConflict` that names the field, never its content.
 */
export function decodePeerPair(secret: KeySecret): Result<KeyPair | undefined> {
  if (secret.type !== PEER_CONFIG_TYPE) return conflict(secret, `is not of type ${PEER_CONFIG_TYPE}`, 'type');
  if (isWithoutPair(secret)) return { ok: true, value: undefined };
  const privateKey = parsePrivateKey(textOf(secret, 'privateKey'));
  if (privateKey === undefined) return damaged(secret, 'privateKey', 'is not a private key');
  const publicKey = parsePublicKey(textOf(secret, 'publicKey') ?? '');
  if (publicKey === undefined) return damaged(secret, 'publicKey', 'is not a public key');
  if (publicKeyOf(privateKey) !== publicKey) return damaged(secret, 'publicKey', 'does not belong to data.privateKey');
  return { ok: true, value: { publicKey, privateKey } };
}

/** Emptied by hand it still was one with a pair: only a preshared key in its place says that there is none to lose. */
function isWithoutPair({ data }: KeySecret): boolean {
  return (
    data?.['privateKey'] === undefined && data?.['publicKey'] === undefined && data?.['presharedKey'] !== undefined
  );
}

function textOf({ data }: KeySecret, field: string): string | undefined {
  return parseBase64(data?.[field])?.toString('latin1');
}

function damaged(secret: KeySecret, field: string, what: string): Result<never> {
  const state = secret.data?.[field] === undefined ? 'is missing' : what;
  return conflict(secret, `is damaged: data.${field} ${state}`, `data.${field}`);
}

function conflict({ name }: KeySecret, what: string, path: string): Result<never> {
  const message = `Secret ${name} ${what}; restore it, or delete it to get a new key pair.`;
  return { ok: false, problems: [{ code: 'SecretConflict', message, path }] };
}
