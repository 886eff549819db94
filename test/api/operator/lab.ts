import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  WireGuardAddressBlock,
  WireGuardGateway,
  WireGuardNodeConfig,
  WireGuardPeer,
} from '../../../src/api/v1alpha1/index.ts';
import { KubeClient } from '../../../src/kube/client.ts';
import { loadConnection } from '../../../src/kube/config.ts';
import { isNotFound } from '../../../src/kube/errors.ts';
import type { KubeObject, ObjectRef, Resource } from '../../../src/kube/object.ts';
import { namespaces } from '../../../src/kube/resources.ts';
import { generateKeyPair } from '../../../src/keys/key-pair.ts';
import { startControlPlane, type ControlPlane } from '../../../tools/lab/control-plane.ts';
import { agentCredentials, createNode, install, operatorCredentials } from '../../../tools/lab/identity.ts';
import { freePorts } from '../../../tools/lab/ports.ts';
import { logTail, startProcess } from '../../../tools/lab/process.ts';
import { Role, sourceOf } from '../../../tools/lab/role.ts';
import { SimulatedAgent } from '../../support/simulated-agent.ts';

export const SYSTEM = 'peerwright-system';
const NEVER_ABORTED = new AbortController().signal;

/** One operator process. */
export interface OperatorProcess {
  readonly role: Role;
  readonly log: () => Promise<string>;
  /** Everything at /metrics. */
  readonly metrics: () => Promise<string>;
  /** Successful writes so far, by `verb resource`. */
  readonly writes: () => Promise<ReadonlyMap<string, number>>;
  readonly leading: () => Promise<boolean>;
}

/** A control plane with what is shipped, real operators, and agents that are simulated with their real tokens. */
export class OperatorLab implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly admin: KubeClient;
  readonly agents: SimulatedAgent[] = [];
  readonly #operators: OperatorProcess[] = [];
  readonly #parent: string;
  #made = 0;
  #started = 0;

  private constructor(plane: ControlPlane, admin: KubeClient, parent: string) {
    this.plane = plane;
    this.admin = admin;
    this.#parent = parent;
  }

  static async start(): Promise<OperatorLab> {
    const parent = await mkdtemp(join(tmpdir(), 'peerwright-operator-'));
    const plane = await startControlPlane({ folder: join(parent, 'cluster') });
    const connection = await loadConnection({ kubeconfig: plane.adminKubeconfig, env: {} });
    const lab = new OperatorLab(plane, new KubeClient({ connection }), parent);
    await install(plane);
    return lab;
  }

  /** Started and with its caches synced; with other `flags` after those that tests need. */
  async operator(flags: readonly string[] = []): Promise<OperatorProcess> {
    this.#started += 1;
    const name = `peerwright-operator-${this.#started}`;
    const { kubeconfig } = await operatorCredentials(this.plane, name);
    const [port = 0] = await freePorts(1);
    const own = ['--kubeconfig', kubeconfig, '--identity', name, '--health-port', String(port), '--log-level', 'debug'];
    const log = join(this.#parent, `${name}.log`);
    const start = (argv: readonly string[], file: string) => startProcess(argv, { stdout: file, stderr: file });
    const settle = ['--policy-settle-seconds', '1'];
    const role = new Role(sourceOf('operator', [...own, ...settle, ...flags]), log, start);
    const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const operator: OperatorProcess = {
      role,
      log: () => readFile(log, 'utf8'),
      metrics,
      writes: async () => writesIn(await metrics()),
      leading: async () => /^peerwright_leader 1$/m.test(await metrics()),
    };
    this.#operators.push(operator);
    await role.start();
    await until(`operator ${name} is ready: ${logTail(log)}`, () => isUp(`http://127.0.0.1:${port}/readyz`));
    return operator;
  }

  /** A node and its simulated agent. */
  async node(name: string, labels: Readonly<Record<string, string>> = {}): Promise<SimulatedAgent> {
    const internalIP = `192.0.2.${this.agents.length + 10}`;
    const nodeUID = await createNode(this.plane, { name, labels, internalIP });
    const { kubeconfig } = await agentCredentials(this.plane, name);
    const agent = await SimulatedAgent.start({ nodeName: name, nodeUID, kubeconfig });
    this.agents.push(agent);
    return agent;
  }

  async namespace(): Promise<string> {
    this.#made += 1;
    const name = `tenant-${this.#made}`;
    await this.admin.create(namespaces, { metadata: { name } }, { signal: NEVER_ABORTED });
    return name;
  }

  gateway(ref: Ref, spec: WireGuardGateway['spec']): Promise<WireGuardGateway> {
    return this.create(WireGuardGateway, { ...ours('WireGuardGateway', ref), spec } as WireGuardGateway);
  }

  /** With a key of its own unless `spec` says otherwise. */
  peer(ref: Ref, spec: Partial<WireGuardPeer['spec']> = {}): Promise<WireGuardPeer> {
    return this.keylessPeer(ref, { publicKey: newKey(), ...spec });
  }

  /** The operator makes its key. */
  keylessPeer(ref: Ref, spec: Partial<WireGuardPeer['spec']> = {}): Promise<WireGuardPeer> {
    const whole = { gatewayRef: { name: 'edge' }, ...spec };
    return this.create(WireGuardPeer, { ...ours('WireGuardPeer', ref), spec: whole } as WireGuardPeer);
  }

  create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    return this.admin.create(resource, object, { signal: NEVER_ABORTED });
  }

  get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<T> {
    return this.admin.get(resource, ref, { signal: NEVER_ABORTED });
  }

  async find<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<T | undefined> {
    try {
      return await this.get(resource, ref);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async list<T extends KubeObject>(resource: Resource<T>, namespace?: string): Promise<readonly T[]> {
    return (await this.admin.list(resource, { namespace, signal: NEVER_ABORTED })).items;
  }

  patch<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, patch: object): Promise<T> {
    return this.admin.mergePatch(resource, ref, { patch, signal: NEVER_ABORTED });
  }

  /** As an administrator with the right to restore. */
  patchStatus<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, status: object): Promise<T> {
    return this.admin.mergePatch(resource, ref, { patch: { status }, subresource: 'status', signal: NEVER_ABORTED });
  }

  delete(resource: Resource<KubeObject>, ref: ObjectRef): Promise<void> {
    return this.admin.delete(resource, ref, { signal: NEVER_ABORTED });
  }

  blocks(): Promise<readonly WireGuardAddressBlock[]> {
    return this.list(WireGuardAddressBlock, SYSTEM);
  }

  config(node: string): Promise<WireGuardNodeConfig | undefined> {
    return this.find(WireGuardNodeConfig, { namespace: SYSTEM, name: node });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#operators.map(({ role }) => role.stop('SIGKILL')));
    await Promise.all(this.agents.map((agent) => agent.stop()));
    await this.admin.close();
    await this.plane.stop();
    await rm(this.#parent, { recursive: true, force: true });
  }
}

export interface Ref {
  readonly namespace: string;
  readonly name: string;
}

export function newKey(): string {
  return generateKeyPair().publicKey;
}

export function ours(kind: string, { namespace, name }: Ref) {
  return { apiVersion: 'peerwright.dev/v1alpha1', kind, metadata: { namespace, name } };
}

interface Conditioned extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly { type: string; status: string; reason: string; message: string }[] | undefined;
  };
}

export function condition(object: Conditioned | undefined, type: string) {
  return object?.status?.conditions?.find((one) => one.type === type);
}

export function isReady(object: Conditioned & { status?: { observedGeneration?: number | undefined } }): boolean {
  return (
    condition(object, 'Ready')?.status === 'True' && object.status?.observedGeneration === object.metadata.generation
  );
}

/** Polls; resolves to the first answer that is not false or undefined; rejects after `seconds`. */
export async function until<T>(what: string, ask: () => Promise<T | false | undefined>, seconds = 30): Promise<T> {
  const end = performance.now() + seconds * 1_000;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

const WRITES = ['create', 'update', 'patch', 'delete'];

function writesIn(text: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const [, verb = '', resource = '', status = '', count = '0'] of text.matchAll(LINE)) {
    if (WRITES.includes(verb) && status.startsWith('2')) {
      const key = `${verb} ${resource}`;
      found.set(key, (found.get(key) ?? 0) + Number(count));
    }
  }
  return found;
}

const LINE = /^peerwright_api_requests_total\{verb="([^"]*)",resource="([^"]*)",status="([^"]*)"\} (\d+)$/gm;
