/** What kstatus concludes about an object; https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus. */
export type ComputedStatus = 'Current' | 'InProgress' | 'Failed' | 'Terminating';

/** The part of an object that the algorithm looks at. */
export interface Observable {
  readonly metadata: { readonly generation?: number; readonly deletionTimestamp?: string };
  readonly status?: {
    readonly observedGeneration?: number | undefined;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[] | undefined;
  };
}

/**
 * The generic algorithm of kstatus (`checkGenericProperties`) and, as for all kinds it does not know, Ready: deletion
 * first, then generation against observedGeneration, then Reconciling, Stalled and Ready.
 */
export function kstatus({ metadata, status }: Observable): ComputedStatus {
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  const observed = status?.observedGeneration;
  if (observed !== undefined && observed !== (metadata.generation ?? 0)) return 'InProgress';
  const is = (type: string) => status?.conditions?.find((condition) => condition.type === type)?.status;
  if (is('Reconciling') === 'True') return 'InProgress';
  if (is('Stalled') === 'True') return 'Failed';
  const ready = is('Ready');
  return ready === 'False' || ready === 'Unknown' ? 'InProgress' : 'Current';
}
