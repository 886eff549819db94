import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PeerwrightError } from '../../src/runtime/error.ts';
import type { CommandOptions, CommandResult } from './command.ts';
import { endProcesses, processesIn } from './namespace.ts';
import { logTail, startProcess, type ManagedProcess, type StartOptions } from './process.ts';
import type { Spoke } from './segment.ts';
import { Started } from './started.ts';

/**
 * A spoke with a mount namespace of its own, in which /run is a fresh tmpfs: WireGuard's sockets in /run/wireguard would
 * collide otherwise, and what a process leaves in /run goes with the node.
 */
export interface LabNode extends AsyncDisposable {
  readonly spoke: Spoke;
  /** A private folder for logs; removed by `stop`. */
  readonly folder: string;
  /** A private folder for `--state-dir`; it survives the processes, not the node. */
  readonly stateDir: string;
  /** Runs a program inside to its end. */
  exec(argv: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Starts a program inside; the pid is the program's own. */
  spawn(argv: readonly string[], options?: StartOptions): Promise<ManagedProcess>;
  /** Pids of every process inside, but for the one that holds the namespaces. */
  processes(): readonly number[];
  /** Ends every process inside, removes the folder and the spoke. Safe to call twice. */
  stop(): Promise<void>;
}

/** Containers may find /proc/sys read-only; here it may be written all the same, as on a machine of one's own. */
const SETUP = [
  '{ [ -w /proc/sys/net/ipv4/ip_forward ] || mount -o remount,bind,rw /proc/sys; }',
  'mount -t tmpfs -o mode=0755 peerwright-lab /run',
  'mkdir -m 0700 /run/wireguard /run/peerwright',
  ': > "$1"',
  'exec sleep infinity',
].join(' && ');
const READY_MS = 10_000;

/** `folder` must not exist, and not lie in /run, which is another one inside. Error: LabFailed. */
export async function startLabNode(spoke: Spoke, folder: string): Promise<LabNode> {
  if (resolve(folder).startsWith('/run/')) throw failed(`The folder ${folder} of a node must not lie in /run`);
  const stateDir = join(folder, 'state');
  const ready = join(folder, 'ready');
  const log = join(folder, 'holder.log');
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const enter = ['nsenter', `--net=/run/netns/${spoke.netns}`, '--'];
  const unshare = ['unshare', '--mount', '--propagation', 'private', '--'];
  const holder = await startProcess([...enter, ...unshare, 'sh', '-c', SETUP, 'sh', ready], { stderr: log });
  const node = nodeAround(holder, { spoke, folder, stateDir });
  try {
    await appears(ready, holder);
    return node;
  } catch {
    const tail = logTail(log);
    await node.stop();
    throw failed(`The node ${spoke.name} could not be made: ${tail}`);
  }
}

function nodeAround(holder: ManagedProcess, where: Pick<LabNode, 'spoke' | 'folder' | 'stateDir'>): LabNode {
  const enter = ['nsenter', `--target=${holder.pid}`, '--net', '--mount', '--'];
  const isThere = (): boolean => existsSync(`/run/netns/${where.spoke.netns}`);
  const processes = (): readonly number[] =>
    isThere() ? processesIn(where.spoke.netns).filter((pid) => pid !== holder.pid) : [];
  const started = new Started();
  const stop = async (): Promise<void> => {
    // The holder last: the others may still need the mounts to end in order. What we started may still be on its way in.
    await started.close();
    await endProcesses(() => [...new Set([...processes(), ...started.pids()])]);
    await started.ended();
    holder.kill('SIGKILL');
    await holder.exited;
    await where.spoke.remove();
    await rm(where.folder, { recursive: true, force: true });
  };
  return {
    ...where,
    exec: (argv, options) => started.run([...enter, ...argv], options),
    spawn: (argv, options) => started.start([...enter, ...argv], options),
    processes,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function appears(file: string, holder: ManagedProcess): Promise<void> {
  const ended = holder.exited.then(() => true);
  const end = performance.now() + READY_MS;
  while (!existsSync(file)) {
    if ((await Promise.race([ended, sleep(10, false)])) || performance.now() > end) throw failed('It did not start');
  }
}

function failed(message: string): PeerwrightError {
  return new PeerwrightError('LabFailed', message);
}
