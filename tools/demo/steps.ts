import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PeerwrightError } from '../../src/runtime/error.ts';
import { resolveKubernetes, type Kubernetes } from '../kubernetes/resolve.ts';
import type { LabClient } from '../lab/client.ts';
import { Lab } from '../lab/lab.ts';
import { ensureLinuxTools } from '../lab/linux-tools.ts';
import { manifests, NAMESPACE, NODES, PEERS, SITE_LABEL } from './manifests.ts';
import { missingAnswers, missingConditions, type Wanted } from './missing.ts';
import { clientConfig, observe, peerRows } from './observe.ts';
import type { Progress } from './progress.ts';

export interface StepDeps {
  readonly env: NodeJS.ProcessEnv;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export type Clients = ReadonlyMap<string, LabClient>;

/** Begins the names of the demo's namespaces and of its temporary folder. */
export const FOLDER_PREFIX = 'peerwright-demo-';
const LAB_PREFIX = 'demo';
const WAIT_SECONDS = 60;
const ANSWER_MS = 20_000;

/** Programs of Linux and Kubernetes, installed, downloaded or built where they are missing. */
export async function prepare({ env, progress, signal }: StepDeps): Promise<Kubernetes> {
  const log = (line: string): void => progress.print(`  ${line}`);
  await progress.step('Linux tools: wg, wireguard-go, nft, ip, ping', () =>
    ensureLinuxTools(['wg', 'wireguard-go', 'nft', 'ip', 'ping'], { log }),
  );
  signal.throwIfAborted();
  return progress.step('etcd, kube-apiserver and kubectl', (note) =>
    resolveKubernetes({ env, log, signal, ...(progress.isLive ? { progress: note } : {}) }),
  );
}

/** Network and control plane in `folder`. Errors: LabInUse, ControlPlaneFailed, LabFailed, the signal's reason. */
export async function startCluster(
  folder: string,
  kubernetes: Kubernetes,
  { progress, signal }: StepDeps,
): Promise<Lab> {
  const log = (line: string): void => progress.print(`  ${line}`);
  const lab = await progress.step(`control plane ${kubernetes.version} with CRDs, rights and policies`, () =>
    Lab.start({ prefix: LAB_PREFIX, folder: join(folder, 'lab'), kubernetes, log, signal }),
  );
  // Nobody else runs a demo now, so other folders are what killed ones left.
  const others = (await readdir(tmpdir())).filter((name) => name.startsWith(FOLDER_PREFIX));
  for (const name of others.map((other) => join(tmpdir(), other))) {
    if (name !== folder) await rm(name, { recursive: true, force: true });
  }
  return lab;
}

/** Two nodes, an operator and three clients, all at once. */
export async function startProcesses(lab: Lab, { progress }: StepDeps): Promise<Clients> {
  const text = ['--log-format', 'text'];
  const clients = new Map<string, LabClient>();
  await allOf([
    ...NODES.map(({ name, site }) =>
      progress.step(`${name}: agent and userspace helper`, () =>
        lab.addNode(name, { labels: { [SITE_LABEL]: site }, flags: text }),
      ),
    ),
    progress.step('operator', () => lab.addOperator(text)),
    ...PEERS.map(({ name }) =>
      progress.step(`client ${name}: a key of its own and wg0`, async () => {
        clients.set(name, await lab.addClient(name));
      }),
    ),
  ]);
  return clients;
}

/** Prints what a user would write, and applies it. Error: DemoFailed. */
export async function apply(lab: Lab, clients: Clients, { progress, signal }: StepDeps): Promise<void> {
  const publicKeyOf = (name: string): string => clients.get(name)?.publicKey ?? '';
  const yaml = manifests({
    laptop: publicKeyOf('laptop'),
    phone: publicKeyOf('phone'),
    printer: publicKeyOf('printer'),
  });
  progress.print(`\n${yaml.replaceAll(/^(?=.)/gm, '    ')}`);
  await progress.step('kubectl apply -f -', async () => {
    const { code, stderr } = await lab.controlPlane.kubectl(['apply', '-f', '-'], { stdin: yaml, signal });
    signal.throwIfAborted();
    if (code !== 0) throw new PeerwrightError('DemoFailed', `kubectl apply: ${stderr.trim()}`);
  });
}

/** As a person waits; when it takes too long, says for whom and why. Error: DemoFailed. */
export async function waitFor(wanted: Wanted, lab: Lab, { progress, signal }: StepDeps): Promise<void> {
  const kinds = wanted === 'Ready' ? 'wgg,wgp' : 'wgp';
  await progress.step(`kubectl wait --for=condition=${wanted} ${kinds} --all`, async () => {
    const bound = `--timeout=${WAIT_SECONDS}s`;
    const argv = ['wait', '-n', NAMESPACE, `--for=condition=${wanted}`, bound, kinds, '--all'];
    const { code, stderr } = await lab.controlPlane.kubectl(argv, {
      signal,
      timeoutMs: (2 * WAIT_SECONDS + 10) * 1000,
    });
    signal.throwIfAborted();
    if (code === 0) return;
    const missing = missingConditions(await observe(lab.controlPlane, signal), wanted);
    throw new PeerwrightError('DemoFailed', missing.length === 0 ? stderr.trim() : missing.join('\n'));
  });
}

/** Writes the clients' side of the tunnels, from the statuses of gateways and peers. */
export async function configureClients(lab: Lab, clients: Clients, { progress, signal }: StepDeps): Promise<void> {
  await progress.step('clients: addresses, key and endpoint of the gateway, from status', async () => {
    const { gateways, peers } = await observe(lab.controlPlane, signal);
    await allOf(
      peers.map(async (peer) => {
        const gateway = gateways.find(({ metadata }) => metadata.name === peer.spec.gatewayRef.name);
        if (gateway !== undefined) await clients.get(peer.metadata.name)?.configure(clientConfig(peer, gateway));
      }),
    );
  });
}

/** Resolves when every peer has pinged its gateway in every family. Error: DemoFailed, naming those that could not. */
export async function pingGateways(lab: Lab, clients: Clients, { progress, signal }: StepDeps): Promise<void> {
  await progress.step('every client pings its gateway', async () => {
    const end = performance.now() + ANSWER_MS;
    for (;;) {
      const missing = missingAnswers(await peerRows(await observe(lab.controlPlane, signal), clients));
      if (missing.length === 0) return;
      if (performance.now() > end) throw new PeerwrightError('DemoFailed', missing.join('\n'));
    }
  });
}

/** What to type in another terminal. */
export function suggestions({ controlPlane, folder }: Lab): string {
  const { kubectl } = controlPlane.kubernetes;
  const state = (value: string): string => `k patch wgp phone --type=merge -p '{"spec":{"state":"${value}"}}'`;
  return `
Try it in another terminal, as root; Ctrl-C here removes everything:

    export KUBECONFIG=${controlPlane.adminKubeconfig}
    export KUBECACHEDIR=${controlPlane.folder}/kubectl-cache
    alias k='${kubectl} -n ${NAMESPACE}'

    k get wgg,wgp                   # -o wide shows more
    k describe wgp laptop           # its conditions say why
    ${state('Disabled')}
    ${state('Enabled')}
    k delete wgp printer
    k get wgnc,wgnr,wgb -n peerwright-system
    ip netns exec ${LAB_PREFIX}-laptop ping fd00:90::1

    find ${folder} -name '*.log'`;
}

/** Waits for all, whatever fails: what is still starting could not be removed. Throws the first failure. */
async function allOf(works: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(works);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
