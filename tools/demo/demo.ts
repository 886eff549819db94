import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';
import { NAMESPACE } from './manifests.ts';
import { probes, startMachines, type Machines } from './machines.ts';
import { logTails } from './missing.ts';
import { observe } from './observe.ts';
import { meaningOf, reach, renderReach } from './reach.ts';
import { statusText, withoutNumbers } from './status.ts';
import * as steps from './steps.ts';
import { suggestions } from './suggestions.ts';

export interface DemoDeps extends steps.StepDeps {
  /** Ends after the first table; otherwise only the signal ends it. */
  readonly once: boolean;
}

const REFRESH_MS = 3_000;

/**
 * Builds a whole Peerwright in network namespaces, shows its peers, and removes everything, whatever happened.
 * Errors: the signal's reason; what failed, after the ends of the logs were printed.
 */
export async function runDemo(deps: DemoDeps): Promise<void> {
  const { progress, signal } = deps;
  const kubernetes = await steps.prepare(deps);
  signal.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), steps.FOLDER_PREFIX));
  let lab: Lab | undefined;
  try {
    lab = await steps.startCluster(folder, kubernetes, deps);
    await bringUp(lab, deps);
  } catch (error) {
    progress.keep();
    if (lab !== undefined && !signal.aborted) progress.print(`\n${logTails(lab)}`);
    throw error;
  } finally {
    progress.keep();
    await progress.step('everything removed', async () => {
      try {
        await lab?.stop();
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
}

async function bringUp(lab: Lab, deps: DemoDeps): Promise<void> {
  deps.signal.throwIfAborted();
  const machines = await startMachines(lab, deps.progress);
  deps.signal.throwIfAborted();
  await steps.apply(lab, machines, deps);
  await steps.waitFor('Ready', lab, deps);
  await steps.connect(lab, machines, deps);
  await steps.waitFor('Connected', lab, deps);
  await steps.checkReach(lab, machines, deps);
  if (deps.once) await steps.waitForCounts(lab, deps);
  else deps.progress.print(suggestions(lab));
  await show(lab, machines, deps);
}

/** Who reaches what, and `peerwright status`; again every few seconds unless once is enough. */
async function show(lab: Lab, machines: Machines, { once, progress, signal }: DemoDeps): Promise<void> {
  for (;;) {
    const observed = await observe(lab.controlPlane, signal);
    const [rows, status] = await Promise.all([reach(probes(machines, observed)), statusText(lab.controlPlane, signal)]);
    signal.throwIfAborted();
    const lines = ['', ...renderReach(rows), '', `$ peerwright -n ${NAMESPACE} status`, ...status, ''];
    progress.show(lines, [...rows.map(meaningOf), ...status.map(withoutNumbers)].join('\n'));
    if (once) return;
    await sleep(REFRESH_MS, undefined, { signal });
  }
}
