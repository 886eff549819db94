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
  throw failed(`ip ${args.join(' ')}: ${stderr.trim()}`);
}

/** Runs lines of `ip` commands inside a network namespace. */
export async function ipIn(netns: string, lines: readonly string[]): Promise<void> {
  await ip(['-n', netns, '-batch', '-'], `${lines.join('\n')}\n`);
}

/**
 * Makes a network namespace whose IPv6 addresses are usable at once: no duplicate address detection. It forwards
 * packets of both families, or none of either, whatever this machine does.
 */
export async function addNamespace(netns: string, { forwards = false } = {}): Promise<void> {
  await ip(['netns', 'add', netns]);
  await setSysctls(netns, Number(forwards));
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
  throw new PeerwrightError('LabFailed', `Processes ${list().join(', ')} do not end`);
}

/** Containers may find /proc/sys read-only; in a mount namespace of its own the script may write there all the same. */
const SYSCTLS = `
cd /proc/sys/net
[ -w ipv4/ip_forward ] || mount -o remount,bind,rw /proc/sys
for name in disable_ipv6 accept_dad accept_ra; do
  for where in all default; do echo 0 > ipv6/conf/$where/$name; done
done
for name in ipv4/ip_forward ipv6/conf/all/forwarding; do
  [ ! -e $name ] || [ "$(cat $name)" = "$1" ] || echo "$1" > $name || exit 1
done
`;

async function setSysctls(netns: string, forwarding: number): Promise<void> {
  const enter = ['nsenter', `--net=/run/netns/${netns}`, '--', 'unshare', '--mount', '--propagation', 'private', '--'];
  const { code, stderr } = await runCommand([...enter, 'sh', '-c', SYSCTLS, 'sh', String(forwarding)]);
  if (code !== 0) throw failed(`Forwarding cannot be set in ${netns}: ${stderr.trim()}`);
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

function failed(message: string): PeerwrightError {
  return new PeerwrightError('LabFailed', message);
}
