import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { PeerwrightError } from '../../src/runtime/error.ts';
import { logTail, type ManagedProcess } from './process.ts';

/** A process that must live until the API server is ready. */
export interface Child {
  readonly name: string;
  readonly process: ManagedProcess | undefined;
  readonly log: string;
}

export interface Endpoint {
  readonly server: string;
  readonly caFile: string;
  readonly token: string;
}

const BOUND_MS = 60_000;
const INTERVAL_MS = 50;

/** Resolves when /readyz answers 200; rejects when a child dies before, after a minute, and when aborted. */
export async function waitUntilReady(
  endpoint: Endpoint,
  children: readonly Child[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const waiting = new AbortController();
  const stop = AbortSignal.any([waiting.signal, AbortSignal.timeout(BOUND_MS), ...(signal ? [signal] : [])]);
  try {
    await Promise.race([pollReady(endpoint, stop), ...children.map(deathOf)]);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof PeerwrightError) throw error;
    throw failed(`The API server was not ready within ${BOUND_MS / 1000} s`, children.at(-1)?.log);
  } finally {
    waiting.abort();
  }
}

async function pollReady(endpoint: Endpoint, signal: AbortSignal): Promise<void> {
  while (!(await isReady(endpoint))) await sleep(INTERVAL_MS, undefined, { signal });
}

/** False for every failure: no certificate yet, connection refused, 401 or 403 while RBAC is being filled. */
async function isReady({ server, caFile, token }: Endpoint): Promise<boolean> {
  const ca = await readFile(caFile).catch(() => undefined);
  if (ca === undefined) return false;
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}` };
    const call = request(`${server}/readyz`, { ca, headers, agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve(false));
    call.end();
  });
}

async function deathOf({ name, process, log }: Child): Promise<void> {
  if (process === undefined) throw failed(`${name} is not running`, log);
  const { code, signal } = await process.exited;
  throw failed(`${name} ended early (${signal ?? `exit code ${code}`})`, log);
}

function failed(what: string, log: string | undefined): PeerwrightError {
  const tail = log === undefined ? '' : logTail(log);
  return new PeerwrightError('ControlPlaneFailed', tail === '' ? what : `${what}; its log ends:\n${tail}`);
}
