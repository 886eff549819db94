import type { Condition } from '../api/v1alpha1/common.ts';
import type { EventWriter } from '../kube/events.ts';
import type { Meta } from './world/views.ts';

type Stated = Meta & { readonly status: { readonly conditions?: readonly Condition[] | undefined } };

/** Emits an event when an object comes to a stop, for another reason, or goes on; nothing on the healthy path. */
export function announce(
  kind: string,
  { before, after }: { before: Stated; after: Stated },
  events: Pick<EventWriter, 'emit'>,
): void {
  const was = stalledIn(before);
  const is = stalledIn(after);
  if (was?.reason === is?.reason && was?.message === is?.message) return;
  const { namespace, name, uid } = after;
  const regarding = { apiVersion: 'peerwright.dev/v1alpha1', kind, namespace, name, uid };
  if (is) events.emit({ regarding, type: 'Warning', reason: is.reason, action: 'Reconcile', note: is.message });
  else if (was) {
    const note = `No longer ${was.reason}.`;
    events.emit({ regarding, type: 'Normal', reason: 'Accepted', action: 'Reconcile', note });
  }
}

function stalledIn({ status }: Stated): Condition | undefined {
  return status.conditions?.find((condition) => condition.type === 'Stalled');
}
