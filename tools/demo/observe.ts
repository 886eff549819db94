import { WireGuardGateway, WireGuardPeer } from '../../src/api/v1alpha1/index.ts';
import type { ObjectOf } from '../../src/api/kind.ts';
import { PeerwrightError } from '../../src/runtime/error.ts';
import type { ClientConfig } from '../lab/client.ts';
import type { ControlPlane } from '../lab/control-plane.ts';
import { NAMESPACE } from './manifests.ts';

export type Gateway = ObjectOf<typeof WireGuardGateway>;
export type Peer = ObjectOf<typeof WireGuardPeer>;

/** All gateways and peers of the demo at one moment, sorted by name. */
export interface Observed {
  readonly gateways: readonly Gateway[];
  readonly peers: readonly Peer[];
}

/** Reads them with kubectl. Error: DemoFailed. */
export async function observe(controlPlane: ControlPlane, signal?: AbortSignal): Promise<Observed> {
  const { code, stdout, stderr } = await controlPlane.kubectl(['get', 'wgg,wgp', '-n', NAMESPACE, '-o', 'json'], {
    signal,
  });
  signal?.throwIfAborted();
  if (code !== 0) throw new PeerwrightError('DemoFailed', `kubectl get wgg,wgp: ${stderr.trim()}`);
  return parseList(stdout);
}

/** Reads the output of `kubectl get wgg,wgp -o json`; objects that do not fit are left out. */
export function parseList(json: string): Observed {
  const { items } = JSON.parse(json) as { readonly items: readonly unknown[] };
  return {
    gateways: items.flatMap((item) => valueOf(WireGuardGateway.parse(item))),
    peers: items.flatMap((item) => valueOf(WireGuardPeer.parse(item))),
  };
}

function valueOf<T>(parsed: { readonly ok: true; readonly value: T } | { readonly ok: false }): readonly T[] {
  return parsed.ok ? [parsed.value] : [];
}

/** The file for wg-quick in the Secret that the peer's status names. Error: DemoFailed. */
export async function wgConf(
  controlPlane: ControlPlane,
  peer: Peer | undefined,
  signal?: AbortSignal,
): Promise<string> {
  const name = peer?.status?.configSecret?.name ?? '';
  const argv = ['get', 'secret', '-n', NAMESPACE, name, '-o', String.raw`jsonpath={.data.wg\.conf}`];
  const { code, stdout, stderr } = await controlPlane.kubectl(argv, { signal });
  signal?.throwIfAborted();
  if (code !== 0 || stdout === '')
    throw new PeerwrightError('DemoFailed', `no wg.conf in Secret ${name}: ${stderr.trim()}`);
  return Buffer.from(stdout, 'base64').toString();
}

/** A condition that was decided for the object as it is now; one of an older generation does not count. */
export function condition(object: Gateway | Peer, type: string) {
  const { metadata, status } = object;
  if (status?.observedGeneration !== metadata.generation) return undefined;
  return status?.conditions?.find((found) => found.type === type);
}

/** What a person writes into a client's configuration, all of it read from the two statuses. */
export function clientConfig(peer: Peer, gateway: Gateway): ClientConfig {
  return {
    addresses: (peer.status?.addresses ?? []).map((address) => `${address}/${isV6(address) ? 128 : 32}`),
    peer: {
      publicKey: gateway.status?.publicKey ?? '',
      endpoint: gateway.status?.endpoint ?? '',
      allowedIPs: (gateway.status?.pools ?? []).map(({ cidr }) => cidr),
      persistentKeepaliveSeconds: 25,
    },
  };
}

const isV6 = (address: string): boolean => address.includes(':');
