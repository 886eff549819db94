import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { GatewaySpec, GatewayStatus } from '../../src/api/v1alpha1/gateway.ts';
import {
  WireGuardGateway,
  WireGuardNodeReport,
  WireGuardPeer,
  type WireGuardPeer as Peer,
} from '../../src/api/v1alpha1/index.ts';
import type { NodeReportSpec } from '../../src/api/v1alpha1/node-report.ts';
import type { PeerSpec, PeerStatus } from '../../src/api/v1alpha1/peer.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { loadConnection } from '../../src/kube/config.ts';
import type { KubeObject, Resource } from '../../src/kube/object.ts';
import { namespaces, secrets } from '../../src/kube/resources.ts';
import { type CommandResult, runCommand } from '../../tools/lab/command.ts';
import { type ControlPlane, startControlPlane } from '../../tools/lab/control-plane.ts';
import { waitFor } from '../support/wait.ts';
import { agentCredentials, createNode, install } from '../../tools/lab/identity.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const signal = new AbortController().signal;

export interface CallOptions {
  readonly kubeconfig?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A control plane without operator: statuses are written as the test wants them. `peerwright` is a real process. */
export class CliLab implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly admin: KubeClient;
  readonly folder: string;

  private constructor(plane: ControlPlane, admin: KubeClient, folder: string) {
    this.plane = plane;
    this.admin = admin;
    this.folder = folder;
  }

  static async start(): Promise<CliLab> {
    const folder = await mkdtemp(join(tmpdir(), 'peerwright-cli-'));
    const plane = await startControlPlane({ folder: join(folder, 'cluster') });
    await install(plane);
    const connection = await loadConnection({ kubeconfig: plane.adminKubeconfig, env: {} });
    return new CliLab(plane, new KubeClient({ connection }), folder);
  }

  /** Runs `bin/peerwright` to its end, as a pipe would see it. */
  peerwright(argv: readonly string[], options: CallOptions = {}): Promise<CommandResult> {
    const { cwd } = options;
    return runCommand([join(ROOT, 'bin/peerwright'), ...argv], {
      env: this.#env(options),
      timeoutMs: 60_000,
      ...(cwd === undefined ? {} : { cwd }),
    });
  }

  /** Starts it and leaves it running; the caller ends it. */
  start(argv: readonly string[], options: CallOptions = {}) {
    const env = this.#env(options);
    return spawn(join(ROOT, 'bin/peerwright'), argv, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  #env({ kubeconfig = this.plane.adminKubeconfig, env = {} }: CallOptions): NodeJS.ProcessEnv {
    return { PATH: process.env['PATH'], HOME: this.folder, KUBECONFIG: kubeconfig, ...env };
  }

  async namespace(name: string): Promise<void> {
    await this.admin.create(namespaces, { metadata: { name } }, { signal });
  }

  async gateway(namespace: string, name: string, status: Partial<GatewayStatus> = {}): Promise<void> {
    const spec: GatewaySpec = { pools: [{ cidr: '10.90.0.0/16' }], client: { dns: ['10.0.0.10'] } };
    const object = { metadata: { namespace, name }, spec } as WireGuardGateway;
    await this.admin.create(WireGuardGateway, object, { signal });
    const patch = { status: { observedGeneration: 1, ...GATEWAY_STATUS, ...status } };
    await this.admin.mergePatch(WireGuardGateway, { namespace, name }, { patch, subresource: 'status', signal });
  }

  /** Resolves to its uid. */
  async peer(namespace: string, name: string, given: { spec?: Partial<PeerSpec>; status?: Partial<PeerStatus> } = {}) {
    const spec = { gatewayRef: { name: 'edge' }, ...given.spec };
    const object = { metadata: { namespace, name }, spec } as Peer;
    const { metadata } = await this.admin.create(WireGuardPeer, object, { signal });
    await this.peerStatus(namespace, name, { ...PEER_STATUS, ...given.status });
    return metadata.uid ?? '';
  }

  async peerStatus(namespace: string, name: string, status: Partial<PeerStatus>): Promise<void> {
    const patch = { status: { observedGeneration: 1, ...status } };
    await this.admin.mergePatch(WireGuardPeer, { namespace, name }, { patch, subresource: 'status', signal });
  }

  /** Of a peer. */
  async label(namespace: string, name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    await this.admin.mergePatch(WireGuardPeer, { namespace, name }, { patch: { metadata: { labels } }, signal });
  }

  /** As the agent of a node that is made for it: nobody else may. */
  async report(nodeName: string, spec: Partial<NodeReportSpec>): Promise<void> {
    const nodeUID = await createNode(this.plane, { name: nodeName, internalIP: '192.0.2.10' });
    const { kubeconfig } = await agentCredentials(this.plane, nodeName);
    const agent = new KubeClient({ connection: await loadConnection({ kubeconfig, env: {} }) });
    const metadata = { namespace: 'peerwright-system', name: `s001.${nodeName}` };
    const whole = { nodeName, nodeUID, observedTime: new Date().toISOString(), ...spec };
    await agent.create(WireGuardNodeReport, { metadata, spec: whole } as WireGuardNodeReport, { signal });
    await agent.close();
  }

  async configSecret(namespace: string, peer: string, wgConf: string): Promise<void> {
    const data = { 'wg.conf': Buffer.from(wgConf).toString('base64') };
    const metadata = { namespace, name: `${peer}-wireguard` };
    await this.admin.create(secrets, { metadata, type: 'peerwright.dev/peer-config', data }, { signal });
  }

  /** As an API server would whose schemas are older than ours, or have been loosened. */
  async acceptAnyStatus(): Promise<void> {
    const path = '/spec/versions/0/schema/openAPIV3Schema/properties/status';
    const value = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const patch = JSON.stringify([{ op: 'replace', path, value }]);
    for (const { plural } of [WireGuardGateway, WireGuardPeer])
      await this.#kubectl(['patch', 'crd', `${plural}.peerwright.dev`, '--type=json', '-p', patch]);
    await waitFor(
      async () => (await this.#keeps(WireGuardGateway, 'edge')) && (await this.#keeps(WireGuardPeer, 'laptop')),
      {
        what: 'the loosened schemas are in force',
      },
    );
  }

  /** Whether a field that no schema knows survives in a status of `net`. */
  async #keeps<T extends KubeObject>(kind: Resource<T>, name: string): Promise<boolean> {
    const options = { patch: { status: { anything: true } }, subresource: 'status', signal } as const;
    return 'anything' in Object(Object(await this.admin.mergePatch(kind, { namespace: 'net', name }, options)).status);
  }

  /** A kubeconfig of a service account that may do exactly what `rules` say, in this namespace. */
  async someone(namespace: string, name: string, rules: readonly object[]): Promise<string> {
    const meta = { namespace, name };
    const objects = [
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta },
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: meta, rules },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: meta,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
        subjects: [{ kind: 'ServiceAccount', ...meta }],
      },
    ];
    const stdin = objects.map((object) => JSON.stringify(object)).join('\n---\n');
    await this.#kubectl(['apply', '-f', '-'], stdin);
    return this.plane.kubeconfig(name, { token: await this.token(namespace, name) });
  }

  async token(namespace: string, serviceAccount: string): Promise<string> {
    return (await this.#kubectl(['create', 'token', serviceAccount, '-n', namespace])).trim();
  }

  async #kubectl(argv: readonly string[], stdin = ''): Promise<string> {
    const { code, stdout, stderr } = await this.plane.kubectl(argv, { stdin });
    if (code !== 0) throw new Error(`kubectl ${argv.join(' ')}: ${stderr}`);
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.admin.close();
    await this.plane.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export const GATEWAY_KEY = 'flD7k0z+CL7RjWCnMT/09Juf7pQiDjZCLOpkJQz9q3o=';
export const PEER_KEY = 'JsC7a3vB6VKHsIUJ2XHQY9jZEVJ4xdzwcFRY4iU2dGg=';

/** The conditions of something whose Ready is this. */
export function ready(status: 'True' | 'False' | 'Unknown', reason: string, message = 'Said.') {
  const lastTransitionTime = '2026-01-01T00:00:00Z';
  return [{ type: 'Ready', status, reason, message, observedGeneration: 1, lastTransitionTime }];
}

const GATEWAY_STATUS: Partial<GatewayStatus> = {
  conditions: ready('True', 'Programmed'),
  publicKey: GATEWAY_KEY,
  addresses: ['10.90.0.1'],
  nodeName: 'node-a',
  endpoint: 'vpn.example.com:51840',
  listenPort: 51840,
  pools: [{ cidr: '10.90.0.0/16', capacity: 65533, allocated: 2, quarantined: 0 }],
  routes: ['10.0.0.0/16'],
  peers: { total: 2, programmed: 2, connected: 1 },
};

const PEER_STATUS: Partial<PeerStatus> = {
  conditions: ready('True', 'Programmed'),
  addresses: ['10.90.0.7'],
  publicKey: PEER_KEY,
};
