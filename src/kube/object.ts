/** What every Kubernetes object carries; only the fields that Peerwright reads or writes. Times are RFC 3339. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  /** Opaque to clients before Kubernetes 1.35, an integer in decimal since (compare with `compareVersions`). */
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
}

/** Where a kind lives in the API. `T` is the object's type and exists only for the compiler. */
export interface Resource<T extends KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly objectType?: T;
}

export interface ObjectRef {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** Declares a kind: `resource<Lease>({ group: 'coordination.k8s.io', version: 'v1', … })`. */
export function resource<T extends KubeObject>(where: Omit<Resource<T>, 'objectType'>): Resource<T> {
  return where;
}

export function apiVersionOf(where: Resource<KubeObject>): string {
  return where.group === '' ? where.version : `${where.group}/${where.version}`;
}

/** `namespace/name`, or just `name` for a cluster-scoped object. */
export function keyOf(ref: ObjectRef): string {
  return ref.namespace === undefined || ref.namespace === '' ? ref.name : `${ref.namespace}/${ref.name}`;
}

/** The inverse of `keyOf`. */
export function refOf(key: string): ObjectRef {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Negative, zero or positive as resourceVersion `a` is older than, equal to or newer than `b`. Absent or malformed is oldest. */
export function compareVersions(a: string | undefined, b: string | undefined): number {
  const [left, right] = [versionNumber(a), versionNumber(b)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function versionNumber(version: string | undefined): bigint {
  return version !== undefined && /^\d+$/.test(version) ? BigInt(version) : -1n;
}
