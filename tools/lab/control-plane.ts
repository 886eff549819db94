import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PeerwrightError } from '../../src/runtime/error.ts';
import { resolveKubernetes, type Kubernetes } from '../kubernetes/resolve.ts';
import { apiServerArguments, etcdArguments, type ControlPlaneLayout } from './control-plane-arguments.ts';
import { runCommand, type CommandResult } from './command.ts';
import { waitUntilReady } from './control-plane-ready.ts';
import { writePrivateFile } from './files.ts';
import { kubeconfig, type Credentials } from './kubeconfig.ts';
import { freePorts } from './ports.ts';
import { startProcess, type ManagedProcess } from './process.ts';

export interface ControlPlaneOptions {
  /** A folder that does not exist or is empty; everything is kept in it, and `stop` removes it. */
  readonly folder: string;
  /** Address the API server binds and is reached at; default 127.0.0.1. */
  readonly address?: string;
  /** Name of a network namespace (in /run/netns) to run in; this machine must reach `address` in it. */
  readonly netns?: string;
  /** Default: whatever `resolveKubernetes` finds or makes. */
  readonly kubernetes?: Kubernetes;
  readonly log?: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface KubectlOptions {
  readonly stdin?: string;
  /** Default: the administrator's. */
  readonly kubeconfig?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ControlPlane extends AsyncDisposable {
  readonly folder: string;
  /** `https://address:port`; stays the same over restarts. */
  readonly server: string;
  readonly caFile: string;
  /** File of a kubeconfig of group system:masters. */
  readonly adminKubeconfig: string;
  readonly kubernetes: Kubernetes;
  /** Log files, appended to over restarts. */
  readonly logs: { readonly etcd: string; readonly apiServer: string };
  /** The processes that run now. */
  readonly pids: { readonly etcd: number | undefined; readonly apiServer: number | undefined };
  /** Writes a 0600 kubeconfig for these credentials into the folder; resolves to its path. */
  kubeconfig(name: string, credentials: Credentials): Promise<string>;
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<CommandResult>;
  /** SIGKILL, as a crash would; etcd and its data stay. */
  stopApiServer(): Promise<void>;
  /** Starts it again on the same port; resolves when it is ready. */
  startApiServer(): Promise<void>;
  restartApiServer(): Promise<void>;
  /** Ends the processes it started and removes the folder. Safe to call twice, and while starting. */
  stop(): Promise<void>;
}

/**
 * Starts etcd and a kube-apiserver (no controllers: nothing makes Pods run or collects garbage) and resolves when
 * /readyz answers 200, ≈ 5 s later. On failure or abort everything started is ended and the folder removed.
 * Errors: KubernetesUnavailable, ControlPlaneFailed (with the tail of the log), the signal's reason.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const log = options.log ?? (() => undefined);
  const kubernetes = options.kubernetes ?? (await resolveKubernetes({ ...options, env: process.env, log }));
  await createFolder(options.folder);
  const controlPlane = new LocalControlPlane(kubernetes, await prepare(options), options);
  try {
    await controlPlane.start();
    return controlPlane;
  } catch (error) {
    await controlPlane.stop();
    throw error;
  }
}

class LocalControlPlane implements ControlPlane {
  readonly folder: string;
  readonly server: string;
  readonly caFile: string;
  readonly adminKubeconfig: string;
  readonly kubernetes: Kubernetes;
  readonly logs: { readonly etcd: string; readonly apiServer: string };
  readonly #layout: ControlPlaneLayout;
  readonly #signal: AbortSignal | undefined;
  readonly #enter: readonly string[];
  #etcd: ManagedProcess | undefined;
  #apiServer: ManagedProcess | undefined;

  constructor(kubernetes: Kubernetes, layout: ControlPlaneLayout, options: ControlPlaneOptions) {
    this.kubernetes = kubernetes;
    this.folder = layout.folder;
    this.server = layout.server;
    this.caFile = join(layout.folder, 'certificates', 'apiserver.crt');
    this.adminKubeconfig = join(layout.folder, 'admin.kubeconfig');
    this.logs = { etcd: join(layout.folder, 'etcd.log'), apiServer: join(layout.folder, 'kube-apiserver.log') };
    this.#layout = layout;
    this.#signal = options.signal;
    this.#enter = options.netns === undefined ? [] : ['nsenter', `--net=/run/netns/${options.netns}`, '--'];
  }

  get pids() {
    return { etcd: this.#etcd?.pid, apiServer: this.#apiServer?.pid };
  }

  async start(): Promise<void> {
    await this.kubeconfig('admin', { token: this.#layout.adminToken });
    this.#etcd = await this.#run(this.kubernetes.etcd, etcdArguments(this.#layout), this.logs.etcd);
    await this.startApiServer();
  }

  async startApiServer(): Promise<void> {
    const { server, caFile, logs, kubernetes } = this;
    this.#apiServer ??= await this.#run(kubernetes.kubeApiserver, apiServerArguments(this.#layout), logs.apiServer);
    const children = [
      { name: 'etcd', process: this.#etcd, log: logs.etcd },
      { name: 'kube-apiserver', process: this.#apiServer, log: logs.apiServer },
    ];
    await waitUntilReady({ server, caFile, token: this.#layout.adminToken }, children, this.#signal);
  }

  async stopApiServer(): Promise<void> {
    const apiServer = this.#apiServer;
    this.#apiServer = undefined;
    apiServer?.kill('SIGKILL');
    await apiServer?.exited;
  }

  async restartApiServer(): Promise<void> {
    await this.stopApiServer();
    await this.startApiServer();
  }

  async kubeconfig(name: string, credentials: Credentials): Promise<string> {
    const file = join(this.folder, `${name}.kubeconfig`);
    const { server, caFile } = this;
    await writePrivateFile(file, kubeconfig({ name, server, caFile, credentials }));
    return file;
  }

  kubectl(args: readonly string[], options: KubectlOptions = {}): Promise<CommandResult> {
    const { stdin, kubeconfig: file = this.adminKubeconfig, timeoutMs = 60_000, signal } = options;
    const cache = ['--cache-dir', join(this.folder, 'kubectl-cache')];
    return runCommand([this.kubernetes.kubectl, '--kubeconfig', file, ...cache, ...args], {
      timeoutMs,
      ...(signal === undefined ? {} : { signal }),
      ...(stdin === undefined ? {} : { input: stdin }),
    });
  }

  async stop(): Promise<void> {
    const processes = [this.#apiServer, this.#etcd];
    this.#apiServer = undefined;
    this.#etcd = undefined;
    // The API server first: without etcd it would spend its grace time retrying.
    for (const process of processes) await process?.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #run(program: string, args: readonly string[], log: string): Promise<ManagedProcess> {
    return startProcess([...this.#enter, program, ...args], { stdout: log, stderr: log });
  }
}

async function createFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length === 0) return;
  throw new PeerwrightError('ControlPlaneFailed', `The folder ${folder} of the control plane is not empty`, {
    hint: 'Remove it, or name another one.',
  });
}

/** Picks ports and writes the files that the API server reads at start. */
async function prepare({ folder, address = '127.0.0.1' }: ControlPlaneOptions): Promise<ControlPlaneLayout> {
  const [apiServer = 0, etcdClient = 0, etcdPeer = 0] = await freePorts(3);
  const adminToken = randomBytes(24).toString('base64url');
  const pem = { type: 'spki', format: 'pem' } as const;
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: pem,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  await writePrivateFile(join(folder, 'tokens.csv'), `${adminToken},admin,admin,system:masters\n`);
  await writePrivateFile(join(folder, 'service-account.key'), keys.privateKey);
  await writeFile(join(folder, 'service-account.pub'), keys.publicKey);
  const host = address.includes(':') ? `[${address}]` : address;
  return {
    folder,
    address,
    adminToken,
    server: `https://${host}:${apiServer}`,
    ports: { apiServer, etcdClient, etcdPeer },
  };
}
