import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kubernetes } from '../kubernetes/resolve.ts';
import { startLabClient, type LabClient } from './client.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { agentCredentials, createNode, install, operatorCredentials } from './identity.ts';
import {
  startLabNetwork,
  type LabNetwork,
  type LanHostOptions,
  type LanOptions,
  type SpokeOptions,
} from './network.ts';
import { startLabNode, type LabNode } from './node.ts';
import { startProcess, type ManagedProcess } from './process.ts';
import { Role, sourceOf } from './role.ts';
import type { LabRouter, RouterOptions } from './router.ts';
import type { Spoke } from './segment.ts';

export interface LabOptions {
  /** Begins every name; one living lab a prefix. */
  readonly prefix: string;
  /** Empty, or made now; everything is kept in it, and `stop` removes it. */
  readonly folder: string;
  /** Default: whatever `resolveKubernetes` finds or makes. */
  readonly kubernetes?: Kubernetes;
  readonly log?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** A node of the cluster with its two processes. */
export interface ClusterNode {
  readonly name: string;
  readonly uid: string;
  readonly spoke: Spoke;
  readonly node: LabNode;
  readonly agent: Role;
  readonly userspace: Role;
  /** Kubeconfig with the token that the agent runs with. */
  readonly agentKubeconfig: string;
}

export interface ClusterNodeOptions extends SpokeOptions {
  readonly labels?: Readonly<Record<string, string>>;
  /** Of the agent, besides those that every one needs. */
  readonly flags?: readonly string[];
}

/** A network behind a node or a client, with hosts in it. */
export interface LabLan {
  /** Of the machine that leads to it. */
  readonly v4: string;
  readonly v6: string;
  /** Without a default route it answers only who has an address of this network, as others have after masquerading. */
  addHost(name: string, options?: LanHostOptions): Promise<LabNode>;
}

/**
 * A whole Peerwright in network namespaces of this machine: control plane, nodes with their agents, operators and
 * clients. Every process runs as shipped: its own service account, a token bound to its pod, the shipped policies.
 */
export class Lab implements AsyncDisposable {
  readonly network: LabNetwork;
  readonly controlPlane: ControlPlane;
  readonly nodes: ClusterNode[] = [];
  readonly operators: Role[] = [];
  /** Logs and other files of everything in the lab. */
  readonly folder: string;
  /** Nodes, clients and hosts, also those that are not finished. */
  readonly #machines: LabNode[] = [];

  private constructor(network: LabNetwork, controlPlane: ControlPlane, folder: string) {
    this.network = network;
    this.controlPlane = controlPlane;
    this.folder = folder;
  }

  /** Network, control plane, CRDs, rights and policies; no process of Peerwright yet. */
  static async start({ prefix, folder, kubernetes, log, signal }: LabOptions): Promise<Lab> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const network = await startLabNetwork({ prefix, ...(log && { log }) });
    try {
      const controlPlane = await startControlPlane({
        folder: join(folder, 'control-plane'),
        netns: network.hub.netns,
        address: network.hub.v4,
        ...(kubernetes && { kubernetes }),
        ...(log && { log }),
        ...(signal && { signal }),
      });
      const lab = new Lab(network, controlPlane, folder);
      await install(controlPlane);
      return lab;
    } catch (error) {
      await network.remove();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** A node with agent and userspace helper, started. It forwards packets unless told not to. */
  async addNode(name: string, options: ClusterNodeOptions = {}): Promise<ClusterNode> {
    const { labels = {}, flags = [], ...place } = options;
    const spoke = await this.network.addSpoke(name, { forwards: true, ...place });
    const node = await startLabNode(spoke, join(this.folder, name));
    this.#machines.push(node);
    const uid = await createNode(this.controlPlane, { name, labels, internalIP: [spoke.v4, spoke.v6] });
    const { kubeconfig } = await agentCredentials(this.controlPlane, name);
    const files = (role: string) => join(node.folder, `${role}.log`);
    const inside = (argv: readonly string[], log: string) => node.spawn(argv, { stdout: log, stderr: log });
    const userspace = new Role(sourceOf('userspace', []), files('userspace'), inside);
    const agentFlags = ['--kubeconfig', kubeconfig, '--state-dir', node.stateDir, '--log-level', 'debug', ...flags];
    const agent = new Role(sourceOf('agent', agentFlags), files('agent'), inside);
    await userspace.start();
    await agent.start();
    const added = { name, uid, spoke, node, agent, userspace, agentKubeconfig: kubeconfig };
    this.nodes.push(added);
    return added;
  }

  /** An operator process, started, on this machine itself. */
  async addOperator(flags: readonly string[] = []): Promise<Role> {
    const name = `peerwright-operator-${this.operators.length}`;
    const { kubeconfig } = await operatorCredentials(this.controlPlane, name);
    const own = ['--kubeconfig', kubeconfig, '--identity', name, '--health-port', '0', '--log-level', 'debug'];
    const log = join(this.folder, `${name}.log`);
    const start = (argv: readonly string[], file: string): Promise<ManagedProcess> =>
      startProcess(argv, { stdout: file, stderr: file });
    const operator = new Role(sourceOf('operator', [...own, ...flags]), log, start);
    await operator.start();
    this.operators.push(operator);
    return operator;
  }

  /** A remote machine for one tunnel; one with `forwards` can be the way to a network behind it. */
  async addClient(name: string, place: SpokeOptions = {}): Promise<LabClient> {
    const client = await startLabClient(await this.network.addSpoke(name, place), join(this.folder, name));
    this.#machines.push(client.node);
    return client;
  }

  /** A router for nodes or clients behind it, with a link of that MTU on the way to all others. */
  addRouter(name: string, options: RouterOptions): Promise<LabRouter> {
    return this.network.addRouter(name, options);
  }

  /** A network that only this machine leads to: of a cluster behind a node, or of a site behind a client. */
  async addLan({ spoke }: LabNode, options: LanOptions): Promise<LabLan> {
    const lan = await this.network.addLan(spoke, options);
    return {
      v4: lan.v4,
      v6: lan.v6,
      addHost: async (name, host) => {
        const node = await startLabNode(await lan.addHost(name, host), join(this.folder, name));
        this.#machines.push(node);
        return node;
      },
    };
  }

  /** Ends and removes everything, whatever state it is in; what fails does not keep the rest. Safe to call twice. */
  async stop(): Promise<void> {
    const stopped = await Promise.allSettled([
      ...this.operators.map((operator) => operator.stop('SIGKILL')),
      ...this.#machines.map((machine) => machine.stop()),
    ]);
    // The network takes along what is still in its namespaces: what was only half started, too.
    const ended = await Promise.allSettled([this.controlPlane.stop()]);
    await this.network.remove();
    await rm(this.folder, { recursive: true, force: true });
    for (const result of [...stopped, ...ended]) if (result.status === 'rejected') throw result.reason;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
