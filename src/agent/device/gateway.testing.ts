import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import { recipientOf } from '../../keys/identity.ts';
import { generateKeyPair } from '../../keys/key-pair.ts';
import { seal } from '../../keys/seal.ts';
import { deviceName } from '../../mesh/device.ts';
import type { PublicKey } from '../../mesh/model.ts';
import { Secret } from '../../runtime/secret.ts';
import type { PeerView } from '../world/views.ts';

export const node = { name: 'n1', uid: 'node-uid' };
export const EDGE = deviceName('11111111-0000');
export const CORE = deviceName('22222222-0000');
const KEYS = Array.from({ length: 4 }, () => generateKeyPair().publicKey);
export const [A = '' as PublicKey, B = '' as PublicKey] = KEYS;

interface GatewayOptions {
  readonly uid: string;
  /** The pool is 10.<octet>.0.0/24. */
  readonly octet: number;
  readonly identity: Secret;
}

/** A configured gateway whose key is sealed to `identity`. */
export async function gatewayOf(name: string, { uid, octet, identity }: GatewayOptions): Promise<ConfiguredGateway> {
  const gateway = { namespace: 'net', name, uid };
  const { publicKey, privateKey } = generateKeyPair();
  const presharedKeySeed = new Secret(Buffer.alloc(32, 1));
  const payload = { version: 1 as const, node, gateway, keyNumber: 1, publicKey, privateKey, presharedKeySeed };
  const sealedKey = await seal(payload, await recipientOf(identity));
  const networks = { addresses: [`10.${octet}.0.1`], pools: [`10.${octet}.0.0/24`] };
  const allowedPeerRoutes = ['192.168.0.0/16', 'fd00:7::/32'];
  const numbers = { generation: 1, keyNumber: 1, listenPort: 51_800 + octet };
  return { gateway, ...numbers, publicKey, sealedKey, ...networks, allowedPeerRoutes };
}

/** An accepted peer of the gateway with pool 10.90.0.0/24. */
export function peerOf(uid: string, publicKey: PublicKey, rest: Partial<PeerView> = {}): PeerView {
  const address = `10.90.0.${10 + KEYS.indexOf(publicKey)}`;
  const granted = { publicKey, addresses: [address], routes: rest.routes ?? [], presharedKey: 'None' } as const;
  const named = { namespace: 'net', name: uid, uid, resourceVersion: '5', generation: 1, creationTimestamp: '2026' };
  const spec = { publicKey, routes: [], persistentKeepaliveSeconds: 0 };
  return { ...named, state: 'Enabled', ...spec, granted, decided: true, ...rest };
}

/** The same with a preshared key. */
export function derivedPeerOf(uid: string, publicKey: PublicKey, rest: Partial<PeerView> = {}): PeerView {
  const peer = peerOf(uid, publicKey, rest);
  return peer.granted === undefined ? peer : { ...peer, granted: { ...peer.granted, presharedKey: 'Derived' } };
}
