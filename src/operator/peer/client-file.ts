import type { ClientConfig } from '../../mesh/client-config.ts';
import { clientConfigOf } from '../../mesh/client-config.ts';
import type { PeerDecision } from '../../mesh/peer-status.ts';
import { digest } from '../../runtime/digest.ts';
import type { GatewayView, PeerView } from '../world/views.ts';

/** What the file of a peer depends on, besides the secrets. */
export interface FileSources {
  readonly peer: PeerView;
  readonly gateway: GatewayView;
  readonly decision: Pick<PeerDecision, 'addresses' | 'publicKey' | 'presharedKey'>;
}

/** What the file of a peer has to say; undefined while the gateway has no key or no networks. */
export function clientFile({ peer, gateway, decision }: FileSources): ClientConfig | undefined {
  const { namespace, name, spec } = peer;
  const { addresses, publicKey } = decision;
  const config = clientConfigOf({
    peer: { namespace, name, clientRoutes: spec?.clientRoutes, addresses, publicKey },
    gateway: { name: gateway.name, client: gateway.spec?.client, status: gateway.status },
  });
  return config && config.allowedIPs.length > 0 ? config : undefined;
}

/** Differs when the file has to be written anew. Of nothing secret: preshared keys follow from the public keys. */
export function fileDigest(config: ClientConfig, presharedKey: PeerDecision['presharedKey']): string {
  return digest(JSON.stringify([config, presharedKey]));
}
