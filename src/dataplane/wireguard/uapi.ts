import { join } from 'node:path';
import type { DesiredPeer, DeviceName, Prefix, PublicKey } from '../../mesh/model.ts';
import type { Secret } from '../../runtime/secret.ts';
import type { KeysOf } from '../port.ts';
import { hexOf, throwAwayKey } from './codec.ts';
import { checkedEndpoint } from './endpoint.ts';
import { movedInOneStep } from './moves.ts';
import { UapiReading } from './uapi-reading.ts';
import { uapi } from './uapi-socket.ts';
import type { WireGuard, WireGuardChange } from './wireguard.ts';

/** Where wireguard-go puts its sockets; belongs to the mount namespace, unlike the interface. */
export const UAPI_FOLDER = '/var/run/wireguard';

/** Userspace WireGuard: no process per call, 0.7 ms a change at 10,000 peers. */
export function uapiWireGuard(folder: string = UAPI_FOLDER): WireGuard {
  return {
    read: async (device, signal) => {
      const reading = new UapiReading();
      const request = { path: socketPath(folder, device), lines: ['get=1'], signal };
      await uapi(request, (key, value) => reading.line(key, value));
      return reading.state();
    },
    setKey: async (device, privateKey, signal) => {
      const lines = ['set=1', `private_key=${hexOfSecret(privateKey)}`];
      await uapi({ path: socketPath(folder, device), lines, signal }, () => {});
    },
    change: async ({ device, changes, presharedKey }, signal) => {
      const lines = movedInOneStep(changes).flatMap((change) => linesOf(change, presharedKey));
      if (lines.length === 0) return;
      await uapi({ path: socketPath(folder, device), lines: ['set=1', ...lines], signal }, () => {});
    },
  };
}

export function socketPath(folder: string, device: DeviceName): string {
  return join(folder, `${device}.sock`);
}

/** A message holds preshared keys as it holds the private one: it goes nowhere but into the socket. */
function linesOf(change: WireGuardChange, presharedKey: KeysOf['presharedKey']): string[] {
  switch (change.type) {
    case 'SetListenPort':
      return [`listen_port=${change.listenPort}`];
    case 'AddPeer':
      return [peerLine(change.peer.publicKey), ...addedLines(change.peer, presharedKey)];
    case 'RemovePeer':
      return [peerLine(change.publicKey), 'remove=true'];
    case 'SetPresharedKey':
      return [...live(change), `preshared_key=${keyText(change, presharedKey)}`];
    case 'SetEndpoint':
      return [...live(change), `endpoint=${checkedEndpoint(change.endpoint)}`];
    case 'SetKeepalive':
      return [...live(change), `persistent_keepalive_interval=${change.persistentKeepaliveSeconds}`];
    case 'AddAllowedIPs':
      return [...live(change), ...change.allowedIPs.map(allowed)];
    case 'RemoveAllowedIPs': {
      const key = peerLine(throwAwayKey());
      return [key, ...change.allowedIPs.map(allowed), key, 'remove=true'];
    }
  }
}

function addedLines({ publicKey, ...peer }: DesiredPeer, presharedKey: KeysOf['presharedKey']): string[] {
  const { presharedKey: fingerprint, endpoint, persistentKeepaliveSeconds: seconds } = peer;
  return [
    ...(fingerprint === undefined ? [] : [`preshared_key=${hexOfSecret(presharedKey(publicKey, fingerprint))}`]),
    ...(endpoint === undefined ? [] : [`endpoint=${checkedEndpoint(endpoint)}`]),
    ...(seconds === 0 ? [] : [`persistent_keepalive_interval=${seconds}`]),
    ...peer.allowedIPs.map(allowed),
  ];
}

function keyText(
  { publicKey, presharedKey: wanted }: Extract<WireGuardChange, { readonly type: 'SetPresharedKey' }>,
  presharedKey: KeysOf['presharedKey'],
): string {
  return wanted === 'none' ? NO_KEY : hexOfSecret(presharedKey(publicKey, wanted));
}

const NO_KEY = '0'.repeat(64);

function hexOfSecret(secret: Secret): string {
  return Buffer.from(secret.reveal()).toString('hex');
}

function peerLine(publicKey: PublicKey): string {
  return `public_key=${hexOf(publicKey)}`;
}

/** The peer if it is there: nothing else of it is named, so it must not come to be. */
function live({ publicKey }: { readonly publicKey: PublicKey }): string[] {
  return [peerLine(publicKey), 'update_only=true'];
}

function allowed(prefix: Prefix): string {
  return `allowed_ip=${prefix}`;
}
