import type { Dataplane } from '../../dataplane/port.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import type { Store } from '../../kube/store.ts';
import type { Again } from '../../kube/worker.ts';
import type { NodeFirewall } from '../device/firewall.ts';
import { nodeConfigs } from './kinds.ts';
import type { NodeWorld } from './node-world.ts';
import type { ConfigView } from './views.ts';

export interface ConfigDeps {
  readonly client: Pick<KubeClient, 'get'>;
  readonly dataplane: Pick<Dataplane, 'list'>;
  readonly firewall: Pick<NodeFirewall, 'admit'>;
  readonly configs: Store<ConfigView>;
  readonly world: NodeWorld;
  readonly namespace: string;
  readonly nodeName: string;
}

const ASK_AGAIN_MS = 10_000;

/**
 * Takes the config of this node as the cache has it, and finds devices that no config wants. That there is none is
 * believed only when the API server says so of this very object: a list may lag, and an unreadable one is not in it.
 */
export async function reconcileConfig(deps: ConfigDeps, signal: AbortSignal): Promise<Again | void> {
  const { configs, namespace, nodeName } = deps;
  if (!configs.synced) return;
  const config = configs.get(`${namespace}/${nodeName}`);
  if (!config && (await exists(deps, signal))) return { againAfterMs: ASK_AGAIN_MS };
  // What is up already must not be without rules while the first device gets its own.
  const found = await deps.dataplane.list(signal);
  for (const device of found) deps.firewall.admit(device);
  deps.world.configure(config?.gateways ?? [], signal);
  for (const device of found) deps.world.orphan(device);
}

async function exists({ client, namespace, nodeName }: ConfigDeps, signal: AbortSignal): Promise<boolean> {
  try {
    await client.get(nodeConfigs, { namespace, name: nodeName }, { signal });
    return true;
  } catch (error) {
    // Without its CRD the path is not found either; the body then is no Status that names the object.
    if (isNotFound(error) && error.reason === 'NotFound') return false;
    throw error;
  }
}
