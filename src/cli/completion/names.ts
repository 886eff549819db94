import { contextsOf } from '../../kube/config.ts';
import { REASONS } from '../../api/reasons.ts';
import { namespaces } from '../../kube/resources.ts';
import type { GlobalOptions } from '../actions.ts';
import { type Cluster, connect, type ConnectDeps } from '../cluster.ts';
import { gateways, peers } from '../resources.ts';
import type { Given, NameKind } from './complete.ts';

/** Names from the cluster that the words typed so far point to; none when it does not answer until the signal aborts. */
export async function namesFor(kind: NameKind, given: Given, deps: ConnectDeps): Promise<readonly string[]> {
  if (kind === 'reasons') return Object.keys(REASONS);
  // a program that the kubeconfig names for credentials may wait for a person, whatever the signal says
  return await Promise.race([lookedUp(kind, given, deps), noneAfter(deps.signal)]);
}

function noneAfter(signal: AbortSignal): Promise<readonly string[]> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve([]);
    signal.addEventListener('abort', () => resolve([]), { once: true });
  });
}

async function lookedUp(
  kind: Exclude<NameKind, 'reasons'>,
  given: Given,
  deps: ConnectDeps,
): Promise<readonly string[]> {
  const globals = globalsOf(given);
  let cluster: Cluster | undefined;
  try {
    if (kind === 'contexts') return await contextsOf({ ...globals, env: deps.env });
    cluster = await connect(globals, deps);
    return await listed(kind, cluster);
  } catch {
    return [];
  } finally {
    await cluster?.close();
  }
}

async function listed(kind: Exclude<NameKind, 'reasons' | 'contexts'>, cluster: Cluster): Promise<readonly string[]> {
  const { namespace } = cluster;
  switch (kind) {
    case 'gateways':
      return namesOf(await cluster.list(gateways, { namespace }));
    case 'peers':
      return namesOf(await cluster.list(peers, { namespace }));
    case 'gateways and peers':
      return [...(await listed('gateways', cluster)), ...(await listed('peers', cluster))];
    case 'namespaces':
      return namesOf(await cluster.list(namespaces, {}));
  }
}

function namesOf(objects: readonly { readonly metadata: { readonly name: string } }[]): readonly string[] {
  return objects.map(({ metadata }) => metadata.name);
}

function globalsOf(given: Given): GlobalOptions {
  const named = ['kubeconfig', 'context', 'namespace'].flatMap((name) => {
    const value = given.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(named);
}
