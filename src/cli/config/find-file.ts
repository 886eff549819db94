import type { WireGuardPeer } from '../../api/v1alpha1/peer.ts';
import { clientConfigOf, renderClientConfig } from '../../mesh/client-config.ts';
import type { KubeSecret } from '../../kube/resources.ts';
import { secrets } from '../../kube/resources.ts';
import { type Cluster, notThere } from '../cluster.ts';
import { CliError } from '../failure.ts';
import { gateways, peers } from '../resources.ts';
import { isClientFile } from './client-file.ts';

/** `type` of the Secrets with clients' files; the API server never lets a type change. */
export const PEER_CONFIG_TYPE = 'peerwright.dev/peer-config';

export interface FoundFile {
  readonly peer: WireGuardPeer;
  /** As stored, or as it would be: without a line for the private key when that is not known to Peerwright. */
  readonly text: string;
}

/** The file of a peer. Errors say what is missing, and what to wait for or to do. */
export async function findClientFile(cluster: Cluster, name: string): Promise<FoundFile> {
  const ref = { namespace: cluster.namespace, name };
  const peer = await cluster.find(peers, ref);
  if (peer === undefined) throw notThere('peer', ref, 'status lists those of a namespace; choose it with -n');
  const secretName = peer.status?.configSecret?.name;
  const text = secretName === undefined ? await rendered(cluster, peer) : await stored(cluster, secretName);
  return { peer, text };
}

async function stored(cluster: Cluster, name: string): Promise<string> {
  const ref = { namespace: cluster.namespace, name };
  const secret = await cluster.find(secrets, ref);
  if (secret === undefined)
    throw notThere('Secret', ref, 'the operator makes it anew within ten minutes while it runs');
  const text = Buffer.from(secret.data?.['wg.conf'] ?? '', 'base64').toString('utf8');
  if (!isOurs(secret) || !isClientFile(text)) {
    throw new CliError(`Secret ${name} does not hold a configuration that Peerwright wrote`, {
      hint: 'find out who changed it; the operator makes it anew when it is deleted',
    });
  }
  return text;
}

function isOurs({ type }: KubeSecret): boolean {
  return type === PEER_CONFIG_TYPE;
}

/** There is no Secret when there is nothing secret to hand over: the peer has its own key. */
async function rendered(cluster: Cluster, peer: WireGuardPeer): Promise<string> {
  const { metadata, spec, status } = peer;
  const { addresses = [], publicKey } = status ?? {};
  if (spec.publicKey === undefined || publicKey === undefined || addresses.length === 0) throw undecided(peer);
  const gateway = await cluster.get(gateways, { namespace: cluster.namespace, name: spec.gatewayRef.name });
  const config = clientConfigOf({
    peer: { namespace: cluster.namespace, name: metadata.name, clientRoutes: spec.clientRoutes, addresses, publicKey },
    gateway: { name: gateway.metadata.name, client: gateway.spec.client, status: gateway.status ?? {} },
  });
  if (config === undefined) throw undecided(peer);
  try {
    return renderClientConfig(config, {});
  } catch (error) {
    throw new CliError(error instanceof Error ? error.message : String(error), {
      hint: `see the statuses with kubectl get wgg,wgp -n ${cluster.namespace} -o yaml`,
    });
  }
}

function undecided({ metadata: { name }, status }: WireGuardPeer): CliError {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const why = ready === undefined ? 'Pending' : `${ready.reason}: ${ready.message}`;
  return new CliError(`peer ${name} has no configuration yet (${why.replace(/\.$/, '')})`, {
    hint: `explain ${ready?.reason ?? 'Pending'} says more`,
  });
}
