import { parsePublicKey } from '../mesh/key.ts';
import type { PublicKey, Result } from '../mesh/model.ts';
import type { Secret } from '../runtime/secret.ts';
import { generateKeyPair, parsePrivateKey, publicKeyOf } from './key-pair.ts';
import { generateSeed } from './seed.ts';
import { parseBase64, parseSecret, revealAsBase64 } from './text.ts';

/** `type` of the Secrets that hold gateway keys; the API server never lets a type change. */
export const GATEWAY_KEY_TYPE = 'peerwright.dev/gateway-key';

/** What makes a gateway itself: whoever has this can be it. */
export interface GatewayKey {
  readonly publicKey: PublicKey;
  readonly privateKey: Secret;
  /** 32 bytes from which the preshared keys of its peers are derived. */
  readonly seed: Secret;
}

/** The part of a Secret object that matters here. */
export interface KeySecret {
  readonly name: string;
  readonly type?: string | undefined;
  /** Base64 of each value, as in `Secret.data`. */
  readonly data?: Readonly<Record<string, string>> | undefined;
}

export function generateGatewayKey(): GatewayKey {
  return { ...generateKeyPair(), seed: generateSeed() };
}

/** The name of the Secret with the `keyNumber`th key, counted from 1. */
export function gatewayKeySecretName(gateway: string, keyNumber: number): string {
  return `${gateway}-key-${keyNumber}`;
}

/** THE KEY IN CLEAR, as `Secret.data`: for nothing but the Secret object. */
export function encodeGatewayKey(key: GatewayKey): Record<string, string> {
  const texts = {
    privateKey: revealAsBase64(key.privateKey),
    publicKey: key.publicKey,
    presharedKeySeed: revealAsBase64(key.seed),
  };
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString('base64')]));
}

/** Reads a gateway key back. Every way of being wrong is one `SecretConflict` that names the field, never its content. */
export function decodeGatewayKey(secret: KeySecret): Result<GatewayKey> {
  if (secret.type !== GATEWAY_KEY_TYPE) return conflict(secret, `is not of type ${GATEWAY_KEY_TYPE}`, 'type');
  const privateKey = parsePrivateKey(textOf(secret, 'privateKey'));
  if (privateKey === undefined) return damaged(secret, 'privateKey', 'is not a private key');
  const publicKey = parsePublicKey(textOf(secret, 'publicKey') ?? '');
  if (publicKey === undefined) return damaged(secret, 'publicKey', 'is not a public key');
  const seed = parseSecret(textOf(secret, 'presharedKeySeed'));
  if (seed === undefined) return damaged(secret, 'presharedKeySeed', 'is not 32 bytes');
  if (publicKeyOf(privateKey) !== publicKey) return damaged(secret, 'publicKey', 'does not belong to data.privateKey');
  return { ok: true, value: { publicKey, privateKey, seed } };
}

function textOf({ data }: KeySecret, field: string): string | undefined {
  return parseBase64(data?.[field])?.toString('latin1');
}

function damaged(secret: KeySecret, field: string, what: string): Result<never> {
  const state = secret.data?.[field] === undefined ? 'is missing' : what;
  return conflict(secret, `is damaged: data.${field} ${state}`, `data.${field}`);
}

function conflict({ name }: KeySecret, what: string, path: string): Result<never> {
  const message = `Secret ${name} ${what}; restore it, or rename or delete it to get a new key.`;
  return { ok: false, problems: [{ code: 'SecretConflict', message, path }] };
}
