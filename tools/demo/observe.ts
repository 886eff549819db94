import { WireGuardGateway, WireGuardPeer } from '../../src/api/v1alpha1/index.ts';
import type { ObjectOf } from '../../src/api/kind.ts';
import { PeerwrightError } from '../../src/runtime/error.ts';
import type { LabClient, ClientConfig } from '../lab/client.ts';
import type { ControlPlane } from '../lab/control-plane.ts';
import { NAMESPACE } from './manifests.ts';
import type { AddressRow, PeerRow } from './table.ts';

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

/** A row of the table for each peer; those with a client ping their gateway. */
export function peerRows(
  { gateways, peers }: Observed,
  clients: ReadonlyMap<string, LabClient>,
): Promise<readonly PeerRow[]> {
  return Promise.all(
    peers.map(async (peer) => {
      const gateway = gateways.find(({ metadata }) => metadata.name === peer.spec.gatewayRef.name);
      const connection = peer.status?.connection;
      return {
        name: peer.metadata.name,
        gateway: peer.spec.gatewayRef.name,
        ready: condition(peer, 'Ready'),
        connected: condition(peer, 'Connected'),
        handshakeMs: connection?.lastHandshakeTime === undefined ? undefined : Date.parse(connection.lastHandshakeTime),
        endpoint: connection?.endpoint,
        addresses: await pings(peer, gateway, clients.get(peer.metadata.name)),
      };
    }),
  );
}

function pings(peer: Peer, gateway: Gateway | undefined, client: LabClient | undefined): Promise<AddressRow[]> {
  return Promise.all(
    (peer.status?.addresses ?? []).map(async (address) => {
      const target = gateway?.status?.addresses?.find((candidate) => isV6(candidate) === isV6(address));
      if (target === undefined || client === undefined) return { address, pingMs: undefined };
      const { rttMs } = await client.ping(target, { count: 1 });
      return { address, pingMs: rttMs };
    }),
  );
}

const isV6 = (address: string): boolean => address.includes(':');
