import type { KubeClient } from '../kube/client.ts';
import type { KubeObject, Resource } from '../kube/object.ts';
import type { Store } from '../kube/store.ts';
import { mergePatch } from '../mesh/merge-patch.ts';
import type { Meta } from './world/views.ts';

type Viewed = Meta & { readonly status: object };

export interface StatusTarget<T extends KubeObject, View extends Viewed> {
  readonly client: Pick<KubeClient, 'mergePatch'>;
  readonly resource: Resource<T>;
  readonly store: Pick<Store<View>, 'written'>;
  readonly project: (object: T) => View;
}

/**
 * Writes what differs, as a compare-and-swap on the version that was decided on: Conflict when the object has changed
 * meanwhile. Writes nothing when nothing differs. The response goes into the cache, so the next look sees it.
 */
export async function writeStatus<T extends KubeObject, View extends Viewed>(
  view: View,
  status: View['status'],
  { target, signal }: { target: StatusTarget<T, View>; signal: AbortSignal },
): Promise<View> {
  const changes = mergePatch(view.status, status);
  if (!changes) return view;
  const { client, resource, store, project } = target;
  const patch = { metadata: { resourceVersion: view.resourceVersion }, status: changes };
  const written = await client.mergePatch(resource, view, { patch, subresource: 'status', signal });
  const next = project(written);
  store.written(next);
  return next;
}
