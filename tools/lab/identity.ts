import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PeerwrightError } from '../../src/runtime/error.ts';
import type { ControlPlane } from './control-plane.ts';
import { writePrivateFile } from './files.ts';

export interface NodeOptions {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** One, or one of each family. */
  readonly internalIP: string | readonly string[];
  readonly externalIP?: string | readonly string[];
  readonly podCIDRs?: readonly string[];
}

/** A service account's token that dies with its Pod, and a kubeconfig that reads it. */
export interface PodCredentials {
  readonly kubeconfig: string;
  readonly tokenFile: string;
  readonly podUid: string;
}

interface PodIdentity {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly podName: string;
  readonly nodeName?: string;
}

const REPOSITORY = join(import.meta.dirname, '..', '..');
const DEPLOY = ['namespaces.yaml', 'rbac.yaml', 'policies.yaml'];
const SERVED_MS = 30_000;

/** Applies the CRDs, namespaces, rights and policies that are shipped; resolves when the CRDs are served. */
export async function install(controlPlane: ControlPlane): Promise<void> {
  const crds = join(REPOSITORY, 'crds');
  const deploy = DEPLOY.flatMap((file) => ['-f', join(REPOSITORY, 'deploy', file)]);
  await must(controlPlane, ['apply', '--server-side', '-f', crds, ...deploy]);
  await must(controlPlane, ['wait', '--for=condition=Established', '--timeout=30s', '-f', crds]);
  // Established comes first: for a moment after it the paths answer 404, then 429.
  const names = readdirSync(crds).flatMap((file) => /^([^_]+)_([^.]+)\.yaml$/.exec(file)?.slice(1) ?? []);
  const end = performance.now() + SERVED_MS;
  for (let index = 0; index < names.length; index += 2) {
    const path = `/apis/${names[index]}/v1alpha1/${names[index + 1]}?limit=1`;
    while ((await controlPlane.kubectl(['get', '--raw', path])).code !== 0) {
      if (performance.now() > end) throw failed(`The API server does not serve ${path}`);
      await sleep(20);
    }
  }
}

/** Makes a Ready Node object, without the taint that admission gives to new ones; resolves to its uid. */
export async function createNode(controlPlane: ControlPlane, options: NodeOptions): Promise<string> {
  const { name, labels = {}, podCIDRs = [] } = options;
  const spec = podCIDRs.length === 0 ? {} : { podCIDR: podCIDRs[0], podCIDRs };
  const object = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec };
  const uid = await create(controlPlane, object);
  const addresses = [
    ...[options.internalIP].flat().map((address) => ({ type: 'InternalIP', address })),
    ...[options.externalIP ?? []].flat().map((address) => ({ type: 'ExternalIP', address })),
    { type: 'Hostname', address: name },
  ];
  const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' }];
  await patch(controlPlane, ['node', name, '--subresource=status'], { status: { addresses, conditions } });
  await patch(controlPlane, ['node', name], { spec: { taints: null } });
  return uid;
}

/** The agent's identity on a node: its token names the node and the node's uid. */
export function agentCredentials(controlPlane: ControlPlane, nodeName: string): Promise<PodCredentials> {
  return podCredentials(controlPlane, {
    namespace: 'peerwright-agents',
    serviceAccount: 'peerwright-agent',
    podName: `peerwright-agent-${nodeName}`,
    nodeName,
  });
}

/** An operator's identity; `podName` tells several apart. */
export function operatorCredentials(
  controlPlane: ControlPlane,
  podName: string = 'peerwright-operator-0',
): Promise<PodCredentials> {
  return podCredentials(controlPlane, {
    namespace: 'peerwright-system',
    serviceAccount: 'peerwright-operator',
    podName,
  });
}

async function podCredentials(controlPlane: ControlPlane, identity: PodIdentity): Promise<PodCredentials> {
  const { namespace, serviceAccount, podName } = identity;
  const podUid = await create(controlPlane, podOf(identity));
  const bound = ['--bound-object-kind=Pod', `--bound-object-name=${podName}`, `--bound-object-uid=${podUid}`];
  const argv = ['create', 'token', serviceAccount, '-n', namespace, '--duration=24h', ...bound];
  const token = await must(controlPlane, argv);
  const tokenFile = join(controlPlane.folder, `${podName}.token`);
  await writePrivateFile(tokenFile, token.trim());
  return { kubeconfig: await controlPlane.kubeconfig(podName, { tokenFile }), tokenFile, podUid };
}

/** Nothing runs it; it passes the restricted Pod Security Standard, which the operator's namespace enforces. */
function podOf({ namespace, serviceAccount, podName, nodeName }: PodIdentity): object {
  const securityContext = {
    runAsNonRoot: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: podName, namespace },
    spec: {
      serviceAccountName: serviceAccount,
      automountServiceAccountToken: false,
      priority: 0,
      containers: [{ name: 'main', image: 'peerwright', securityContext }],
      ...(nodeName === undefined ? {} : { nodeName }),
    },
  };
}

function create(controlPlane: ControlPlane, object: object): Promise<string> {
  return must(controlPlane, ['create', '-f', '-', '-o', 'jsonpath={.metadata.uid}'], JSON.stringify(object));
}

async function patch(controlPlane: ControlPlane, what: readonly string[], change: object): Promise<void> {
  await must(controlPlane, ['patch', ...what, '--type=merge', '-p', JSON.stringify(change)]);
}

async function must(controlPlane: ControlPlane, argv: readonly string[], stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await controlPlane.kubectl(argv, stdin === undefined ? {} : { stdin });
  if (code === 0) return stdout;
  throw failed(`kubectl ${argv.slice(0, 3).join(' ')}: ${stderr.trim()}`);
}

function failed(message: string): PeerwrightError {
  return new PeerwrightError('LabFailed', message);
}
