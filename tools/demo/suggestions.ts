import { dirname, join, resolve } from 'node:path';
import type { Lab } from '../lab/lab.ts';
import { NAMESPACE } from './manifests.ts';
import { LAB_PREFIX } from './steps.ts';

const BIN = resolve(import.meta.dirname, '../../bin');

/** What to type in another terminal. */
export function suggestions({ controlPlane, folder }: Lab): string {
  const kubectl = dirname(controlPlane.kubernetes.kubectl);
  const state = (value: string): string =>
    `kubectl -n ${NAMESPACE} patch wgp laptop --type=merge -p '{"spec":{"state":"${value}"}}'`;
  return `
Try it in another terminal, as root; Ctrl-C here removes everything:

    export PATH=${BIN}:${kubectl}:$PATH
    export KUBECONFIG=${controlPlane.adminKubeconfig} KUBECACHEDIR=${join(controlPlane.folder, 'kubectl-cache')}

    peerwright -n ${NAMESPACE} status --watch
    peerwright -n ${NAMESPACE} graph
    peerwright -n ${NAMESPACE} config laptop --qr
    kubectl -n ${NAMESPACE} describe wgg edge
    ${state('Disabled')}
    ${state('Enabled')}
    ip netns exec ${LAB_PREFIX}-laptop ping 10.20.0.11
    ip netns exec ${LAB_PREFIX}-node-a nft list table inet peerwright

    find ${folder} -name '*.log'`;
}
