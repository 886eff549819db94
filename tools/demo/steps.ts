import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PeerwrightError } from '../../src/runtime/error.ts';
import { resolveKubernetes, type Kubernetes } from '../kubernetes/resolve.ts';
import { Lab } from '../lab/lab.ts';
import { ensureLinuxTools } from '../lab/linux-tools.ts';
import { probes, type Machines } from './machines.ts';
import { manifests, NAMESPACE } from './manifests.ts';
import { missingConditions, type Wanted } from './missing.ts';
import { clientConfig, observe, wgConf } from './observe.ts';
import type { Progress } from './progress.ts';
import { reach, wrongAnswers } from './reach.ts';

export interface StepDeps {
  readonly env: NodeJS.ProcessEnv;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Begins the names of the demo's temporary folders. */
export const FOLDER_PREFIX = 'peerwright-demo-';
/** Begins the names of its namespaces. */
export const LAB_PREFIX = 'demo';
const WAIT_SECONDS = 60;
const ANSWER_MS = 20_000;
const COUNT_MS = 15_000;
const PAUSE_MS = 200;

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

/** Prints what a user would write, and applies it. Error: DemoFailed. */
export async function apply(lab: Lab, { clients }: Machines, { progress, signal }: StepDeps): Promise<void> {
  const yaml = manifests({ printer: clients.printer.publicKey });
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

/** Brings up the tunnels: with files from Secrets, and by hand for the one with a key of its own. */
export async function connect(lab: Lab, { clients }: Machines, { progress, signal }: StepDeps): Promise<void> {
  const { gateways, peers } = await observe(lab.controlPlane, signal);
  for (const name of ['laptop', 'branch'] as const) {
    await progress.step(`${name}: wg-quick up, with the file from its Secret`, async () => {
      const peer = peers.find(({ metadata }) => metadata.name === name);
      await clients[name].up(await wgConf(lab.controlPlane, peer, signal));
    });
    signal.throwIfAborted();
  }
  await progress.step('printer: its own key, and all else from status', async () => {
    const peer = peers.find(({ metadata }) => metadata.name === 'printer');
    const gateway = gateways.find(({ metadata }) => metadata.name === peer?.spec.gatewayRef.name);
    if (peer && gateway) await clients.printer.configure(clientConfig(peer, gateway));
  });
}

/** Resolves when everything answers that should, and nothing else. Error: DemoFailed, naming what is wrong. */
export async function checkReach(lab: Lab, machines: Machines, { progress, signal }: StepDeps): Promise<void> {
  await progress.step('pings: those that are allowed, and one that is not', async () => {
    const end = performance.now() + ANSWER_MS;
    for (;;) {
      const observed = await observe(lab.controlPlane, signal);
      const wrong = wrongAnswers(await reach(probes(machines, observed)));
      signal.throwIfAborted();
      if (wrong.length === 0) return;
      if (performance.now() > end) throw new PeerwrightError('DemoFailed', wrong.join('\n'));
      await sleep(PAUSE_MS, undefined, { signal });
    }
  });
}

/** The operator counts at most every ten seconds; whoever sees the table only once should see it right. */
export async function waitForCounts(lab: Lab, { progress, signal }: StepDeps): Promise<void> {
  await progress.step('counts of the gateways, which are up to ten seconds old', async () => {
    const end = performance.now() + COUNT_MS;
    while (performance.now() < end) {
      const { gateways } = await observe(lab.controlPlane, signal);
      if (gateways.every(({ status }) => status?.peers && status.peers.connected === status.peers.total)) return;
      await sleep(PAUSE_MS, undefined, { signal });
    }
  });
}
