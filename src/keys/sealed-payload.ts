import { parsePublicKey } from '../mesh/key.ts';
import type { PublicKey } from '../mesh/model.ts';
import type { Secret } from '../runtime/secret.ts';
import { parsePrivateKey } from './key-pair.ts';
import { parseSecret, revealAsBase64 } from './text.ts';

/** To whom and for what a key is sealed: the same words on both sides, compared one by one. */
export interface SealedFor {
  readonly node: { readonly name: string; readonly uid: string };
  readonly gateway: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly keyNumber: number;
  readonly publicKey: PublicKey;
}

/** What the operator hands to one node: a gateway's key, bound to that node and that gateway. */
export interface SealedPayload extends SealedFor {
  readonly version: 1;
  readonly privateKey: Secret;
  readonly presharedKeySeed: Secret;
}

/** THE KEYS IN CLEAR, as JSON: for the cipher alone. */
export function revealPayload(payload: SealedPayload): string {
  const { version, node, gateway, keyNumber, publicKey } = payload;
  return JSON.stringify({
    version,
    node: { name: node.name, uid: node.uid },
    gateway: { namespace: gateway.namespace, name: gateway.name, uid: gateway.uid },
    keyNumber,
    publicKey,
    privateKey: revealAsBase64(payload.privateKey),
    presharedKeySeed: revealAsBase64(payload.presharedKeySeed),
  });
}

/** Reads the JSON back. Gives the name of the first field that is wrong, because the text itself is secret. */
export function parsePayload(text: string): SealedPayload | { readonly wrong: string } {
  const root = recordOf(jsonOf(text));
  if (root['version'] !== 1) return { wrong: 'version' };
  const node = recordOf(root['node']);
  const gateway = recordOf(root['gateway']);
  const names = {
    'node.name': node['name'],
    'node.uid': node['uid'],
    'gateway.namespace': gateway['namespace'],
    'gateway.name': gateway['name'],
    'gateway.uid': gateway['uid'],
  };
  const unnamed = Object.entries(names).find(([, value]) => typeof value !== 'string' || value === '');
  if (unnamed !== undefined) return { wrong: unnamed[0] };
  const keys = parseKeys(root);
  if ('wrong' in keys) return keys;
  return {
    version: 1,
    node: { name: String(node['name']), uid: String(node['uid']) },
    gateway: {
      namespace: String(gateway['namespace']),
      name: String(gateway['name']),
      uid: String(gateway['uid']),
    },
    ...keys,
  };
}

type Keys = Pick<SealedPayload, 'keyNumber' | 'publicKey' | 'privateKey' | 'presharedKeySeed'>;

function parseKeys(root: Readonly<Record<string, unknown>>): Keys | { readonly wrong: string } {
  const { keyNumber, publicKey: text } = root;
  if (typeof keyNumber !== 'number' || !Number.isSafeInteger(keyNumber) || keyNumber < 1) return { wrong: 'keyNumber' };
  const publicKey = typeof text === 'string' ? parsePublicKey(text) : undefined;
  if (publicKey === undefined) return { wrong: 'publicKey' };
  const privateKey = parsePrivateKey(root['privateKey']);
  if (privateKey === undefined) return { wrong: 'privateKey' };
  const presharedKeySeed = parseSecret(root['presharedKeySeed']);
  if (presharedKeySeed === undefined) return { wrong: 'presharedKeySeed' };
  return { keyNumber, publicKey, privateKey, presharedKeySeed };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The message of a SyntaxError repeats the text.
    return undefined;
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
