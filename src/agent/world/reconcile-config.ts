import type { ConfiguredGateway } from '../../api/v1alpha1/node-config.ts';
import type { Dataplane } from '../../dataplane/port.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import type { Store } from '../../kube/store.ts';
import type { Again } from '../../kube/worker.ts';
import { deviceName } from '../../mesh/device.ts';
import type { DeviceName } from '../../mesh/model.ts';
import type { Log } from '../../runtime/log.ts';
import { rulesOfFound } from '../device/device-rules.ts';
import type { NodeFirewall } from '../device/firewall.ts';
import { nodeConfigs } from './kinds.ts';
import type { NodeWorld } from './node-world.ts';
import type { ConfigView } from './views.ts';

export interface ConfigDeps {
  readonly client: Pick<KubeClient, 'get'>;
  readonly dataplane: Pick<Dataplane, 'list' | 'read'>;
  readonly firewall: Pick<NodeFirewall, 'admit' | 'knows'>;
  readonly configs: Store<ConfigView>;
  readonly log: Log;
  readonly world: NodeWorld;
  readonly namespace: string;
  readonly nodeName: string;
  /** The world is as the config wants it: a readable one, or none. */
  readonly onTaken: () => void;
}

const ASK_AGAIN_MS = 10_000;

interface Guarded {
  readonly gateways: readonly ConfiguredGateway[];
  readonly deps: ConfigDeps;
}

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
  const gateways = config?.gateways ?? [];
  for (const device of found) await guard(device, { gateways, deps }, signal);
  deps.world.configure(gateways, signal);
  for (const device of found) deps.world.orphan(device);
  deps.onTaken();
}

/** Its own pass gives it better rules later on. */
async function guard(name: DeviceName, { gateways, deps }: Guarded, signal: AbortSignal): Promise<void> {
  const { firewall, dataplane, log } = deps;
  if (firewall.knows(name)) return;
  const configured = gateways.find(({ gateway }) => deviceName(gateway.uid) === name);
  const read = await dataplane.read(name, signal).catch((error: unknown) => {
    if (signal.aborted) throw error;
    log.warn({ error, device: name }, 'device cannot be read yet');
    return undefined;
  });
  if (read?.state === 'foreign') return;
  firewall.admit(rulesOfFound({ name, configured, device: read?.state === 'ours' ? read.device : undefined }));
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
