import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';
import { logTails } from './missing.ts';
import { observe, peerRows } from './observe.ts';
import * as steps from './steps.ts';
import { renderTable, type PeerRow } from './table.ts';

export interface DemoDeps extends steps.StepDeps {
  /** Ends after the first table; otherwise only the signal ends it. */
  readonly once: boolean;
}

const REFRESH_MS = 2_000;

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
  const clients = await steps.startProcesses(lab, deps);
  deps.signal.throwIfAborted();
  await steps.apply(lab, clients, deps);
  await steps.waitFor('Ready', lab, deps);
  await steps.configureClients(lab, clients, deps);
  await steps.waitFor('Connected', lab, deps);
  await steps.pingGateways(lab, clients, deps);
  if (!deps.once) deps.progress.print(steps.suggestions(lab));
  await showPeers(lab, clients, deps);
}

/** The table, again every two seconds unless once is enough. */
async function showPeers(lab: Lab, clients: steps.Clients, { once, progress, signal }: DemoDeps): Promise<void> {
  for (;;) {
    const rows = await peerRows(await observe(lab.controlPlane, signal), clients);
    const table = renderTable(rows, { nowMs: Date.now(), columns: progress.columns });
    signal.throwIfAborted();
    progress.show(['', ...table, ''], JSON.stringify(rows.map(meaningOf)));
    if (once) return;
    await sleep(REFRESH_MS, undefined, { signal });
  }
}

/** A row without the times in it, which are others whenever one looks. */
function meaningOf({ addresses, handshakeMs: _, ...row }: PeerRow): object {
  return { ...row, addresses: addresses.map(({ address, pingMs }) => [address, pingMs !== undefined]) };
}
