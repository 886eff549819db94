import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { PeerwrightError } from '../../src/runtime/error.ts';
import { runCommand } from './command.ts';

const GRACE_MS = 3_000;
const KILLED_MS = 5_000;

/** Runs `ip`, or throws LabFailed with what it said. */
export async function ip(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await runCommand(['ip', ...args], input === undefined ? {} : { input });
  if (code === 0) return stdout;
  throw new PeerwrightError('LabFailed', `ip ${args.join(' ')}: ${stderr.trim()}`, { retry: 'never' });
}

/** Runs lines of `ip` commands inside a network namespace. */
export async function ipIn(netns: string, lines: readonly string[]): Promise<void> {
  await ip(['-n', netns, '-batch', '-'], `${lines.join('\n')}\n`);
}

/** Makes a network namespace whose IPv6 addresses are usable at once: no duplicate address detection. */
export async function addNamespace(netns: string): Promise<void> {
  await ip(['netns', 'add', netns]);
  const sysctls = [
    'default/disable_ipv6',
    'all/disable_ipv6',
    'default/accept_dad',
    'all/accept_dad',
    'default/accept_ra',
  ];
  const script = sysctls.map((name) => `echo 0 > /proc/sys/net/ipv6/conf/${name}`).join('; ');
  // Where /proc/sys is read-only, only link-local addresses are late: ours are added with `nodad`.
  await runCommand(['nsenter', `--net=/run/netns/${netns}`, '--', 'sh', '-c', script]);
  await ipIn(netns, ['link set lo up']);
}

/** Ends every process in a network namespace and removes it. Nothing happens when there is none of that name. */
export async function removeNamespace(netns: string): Promise<void> {
  if (!namespaces().includes(netns)) return;
  await endProcesses(() => processesIn(netns));
  await ip(['netns', 'delete', netns]);
}

/** Names of all named network namespaces. */
export function namespaces(): readonly string[] {
  try {
    return readdirSync('/run/netns');
  } catch {
    return [];
  }
}

/** Pids of the processes whose network namespace this is; none for our own, whatever the name says. */
export function processesIn(netns: string): readonly number[] {
  const { ino } = statSync(`/run/netns/${netns}`);
  const wanted = `net:[${ino}]`;
  if (networkOf('self') === wanted) return [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => networkOf(pid) === wanted).map(Number);
}

/** SIGTERM to all, SIGKILL to those that are still there after 3 s; resolves when none is left. */
export async function endProcesses(list: () => readonly number[]): Promise<void> {
  signalAll(list(), 'SIGTERM');
  if (await emptyWithin(list, GRACE_MS)) return;
  signalAll(list(), 'SIGKILL');
  if (await emptyWithin(list, KILLED_MS)) return;
  throw new PeerwrightError('LabFailed', `Processes ${list().join(', ')} do not end`, { retry: 'never' });
}

async function emptyWithin(list: () => readonly number[], milliseconds: number): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (list().length > 0) {
    if (performance.now() > end) return false;
    await sleep(20);
  }
  return true;
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

function networkOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return '';
  }
}
