import { z } from 'zod';

/** The part of `metav1.ObjectMeta` that Peerwright uses, of an object that may not have been stored yet. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  /** RFC 3339, seconds. */
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

type Always = 'namespace' | 'uid' | 'resourceVersion' | 'generation' | 'creationTimestamp';

/** What every stored object of a namespaced custom resource has. */
export type StoredMeta = ObjectMeta & Required<Pick<ObjectMeta, Always>>;

const text = z.string();
const labels = z.record(text, text);

const always = {
  namespace: text,
  uid: text,
  resourceVersion: text,
  generation: z.int(),
  creationTimestamp: text,
};

const written = z.object({
  name: text,
  ...always,
  deletionTimestamp: text,
  labels,
  annotations: labels,
  ownerReferences: z.array(
    z.object({
      apiVersion: text,
      kind: text,
      name: text,
      uid: text,
      controller: z.boolean().optional(),
      blockOwnerDeletion: z.boolean().optional(),
    }),
  ),
});

/** Metadata as people and processes write it. */
export const writtenMeta = written.partial().required({ name: true });

/** Metadata as the API server returns it. */
export const storedMeta = writtenMeta.extend(always);
