import type { CurrentPeer, DesiredPeer, KeyFingerprint, Prefix, PublicKey } from '../../mesh/model.ts';
import type { Secret } from '../../runtime/secret.ts';
import { throwAwayKey } from './codec.ts';
import { checkedEndpoint } from './endpoint.ts';
import { Holders } from './holders.ts';
import type { WireGuardBatch, WireGuardChange } from './wireguard.ts';

/** One `wg set`; the program finds the secrets, in order, at /dev/fd/3 and on. */
export interface Call {
  readonly args: readonly string[];
  readonly secrets: readonly Secret[];
}

/** Far below the 128 KiB that one process may get as a single argument list of ours, and the files it may open. */
const CHANGES_PER_CALL = 200;

export interface Calls extends WireGuardBatch {
  /**
   * What is on the device, when `wg` cannot add to a list: the new list of a live peer is then written as a superset of
   * what it has, which keeps session and endpoint.
   */
  readonly peers?: ReadonlyMap<PublicKey, CurrentPeer>;
}

/** The calls of `wg` that carry out the changes. */
export function callsOf({ device, changes, presharedKey, peers }: Calls): Call[] {
  const holders = peers === undefined ? undefined : new Holders(peers);
  const calls: Call[] = [];
  for (let at = 0; at < changes.length; at += CHANGES_PER_CALL) {
    const secrets: Secret[] = [];
    const fileOf: FileOf = (peer, fingerprint) => `/dev/fd/${2 + secrets.push(presharedKey(peer, fingerprint))}`;
    const part = changes.slice(at, at + CHANGES_PER_CALL);
    const args = part.flatMap((change) => {
      holders?.follow(change);
      return argsOf(change, { fileOf, holders });
    });
    if (args.length > 0) calls.push({ args: ['set', device, ...args], secrets });
  }
  return calls;
}

/** Where the program finds the preshared key of a peer. */
type FileOf = (peer: PublicKey, fingerprint: KeyFingerprint) => string;

interface Context {
  readonly fileOf: FileOf;
  readonly holders: Holders | undefined;
}

function argsOf(change: WireGuardChange, { fileOf, holders }: Context): string[] {
  switch (change.type) {
    case 'SetListenPort':
      return ['listen-port', String(change.listenPort)];
    case 'AddPeer':
      return ['peer', change.peer.publicKey, ...addedArgs(change.peer, fileOf)];
    case 'RemovePeer':
      return ['peer', change.publicKey, 'remove'];
    case 'SetPresharedKey':
      return ['peer', change.publicKey, 'preshared-key', keyFile(change, fileOf)];
    case 'SetEndpoint':
      return ['peer', change.publicKey, 'endpoint', checkedEndpoint(change.endpoint)];
    case 'SetKeepalive':
      return ['peer', change.publicKey, 'persistent-keepalive', String(change.persistentKeepaliveSeconds)];
    case 'AddAllowedIPs':
      return listArgs(change, holders);
    case 'RemoveAllowedIPs':
      return takeArgs(change.allowedIPs);
  }
}

function addedArgs({ publicKey, ...peer }: DesiredPeer, fileOf: FileOf): string[] {
  const keepalive = ['persistent-keepalive', String(peer.persistentKeepaliveSeconds)];
  return [
    ...(peer.presharedKey === undefined ? [] : ['preshared-key', fileOf(publicKey, peer.presharedKey)]),
    ...(peer.endpoint === undefined ? [] : ['endpoint', checkedEndpoint(peer.endpoint)]),
    ...(peer.persistentKeepaliveSeconds === 0 ? [] : keepalive),
    'allowed-ips',
    peer.allowedIPs.join(','),
  ];
}

type Of<Type extends WireGuardChange['type']> = Extract<WireGuardChange, { readonly type: Type }>;

/** An empty file takes the key away. */
function keyFile({ publicKey, presharedKey }: Of<'SetPresharedKey'>, fileOf: FileOf): string {
  return presharedKey === 'none' ? '/dev/null' : fileOf(publicKey, presharedKey);
}

function listArgs({ publicKey, allowedIPs }: Of<'AddAllowedIPs'>, holders: Holders | undefined): string[] {
  const list = holders === undefined ? allowedIPs.map((each) => `+${each}`) : holders.listOf(publicKey);
  return list === undefined ? [] : ['peer', publicKey, 'allowed-ips', list.join(',')];
}

function takeArgs(allowedIPs: readonly Prefix[]): string[] {
  const key = throwAwayKey();
  return ['peer', key, 'allowed-ips', allowedIPs.join(','), 'peer', key, 'remove'];
}
