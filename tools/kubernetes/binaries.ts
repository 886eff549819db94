import { join } from 'node:path';

/** File names as envtest's archives have them; `KUBEBUILDER_ASSETS` points at a folder with these. */
export const BINARIES = ['etcd', 'kube-apiserver', 'kubectl'] as const;

export interface Binaries {
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly kubectl: string;
}

/** The paths of the three programs in a folder. */
export function binariesIn(folder: string): Binaries {
  return {
    etcd: join(folder, 'etcd'),
    kubeApiserver: join(folder, 'kube-apiserver'),
    kubectl: join(folder, 'kubectl'),
  };
}

/** Names of those that are not there. */
export function missingIn(folder: string, exists: (file: string) => boolean): readonly string[] {
  return BINARIES.filter((name) => !exists(join(folder, name)));
}
