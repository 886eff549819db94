import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProgramFailed, run } from '../../src/dataplane/exec.ts';
import type { Run } from '../../src/dataplane/exec.ts';
import type { LinuxFiles, LinuxOptions } from '../../src/dataplane/linux.ts';
import type { Bind } from '../../src/dataplane/port-holder.ts';
import type { Implementation } from '../../src/mesh/model.ts';

/** A network and mount namespace of its own, in which a Linux data plane works while the test runs outside. */
export interface RealNode extends AsyncDisposable {
  /** Runs programs inside. */
  readonly run: Run;
  /** Folders as seen from outside, and what has to happen inside. */
  readonly options: Required<Pick<LinuxOptions, 'run' | 'userspaceFolder' | 'uapiFolder' | 'bind'>> & {
    readonly files: LinuxFiles;
  };
  /** Runs a command line inside and gives its standard output. */
  sh(script: string): Promise<string>;
  /** Starts `peerwright userspace` inside. */
  startUserspace(): Promise<ChildProcess>;
  /** Pids of processes inside whose program has this name. */
  pidsOf(program: string): number[];
  /** Sets the sysctls; /proc/sys shows those of the reader's namespace, so their values are copied to where they are read. */
  setForwarding(forwarding: { readonly ipv4: boolean; readonly ipv6: boolean }): Promise<void>;
  /** A node that shares a veth pair with this one: 192.0.2.1 here, 192.0.2.2 there. */
  connect(other: RealNode): Promise<void>;
  readonly pid: number;
}

const REPOSITORY = join(import.meta.dirname, '../..');
const READY = '/run/ready';
const COPY_SYSCTLS = `cd /proc/sys && cp --parents net/ipv4/ip_forward net/ipv6/conf/all/forwarding /run/sysctl`;
const SETUP = `mount -t tmpfs none /run && mkdir -m 0700 /run/wireguard /run/sysctl && ${COPY_SYSCTLS} && ip link set lo up && : > ${READY} && exec sleep infinity`;

/** `Userspace`: as on a kernel without WireGuard, whatever this machine has, so that a test is the same everywhere. */
export async function realNode(wireGuard: Implementation = 'Userspace'): Promise<RealNode> {
  const holder = spawn('unshare', ['--net', '--mount', '--', 'sh', '-c', SETUP], { stdio: 'ignore' });
  const pid = holder.pid ?? 0;
  const root = `/proc/${pid}/root`;
  await until('the namespaces', () => readlinkOf(pid) !== readlinkOf(process.pid) && existsSync(`${root}${READY}`));
  const enter = [`--target=${pid}`, '--net', '--mount', '--'];
  const inside: Run = async (program, args, options) => {
    if (wireGuard === 'Userspace' && options.input?.includes('type wireguard') === true) throw unknownType(program);
    return await run('nsenter', [...enter, program, ...args], options);
  };
  const options = {
    run: inside,
    userspaceFolder: `${root}/run/peerwright/userspace`,
    uapiFolder: `${root}/run/wireguard`,
    bind: bindInside(inside),
    files: { resolvConf: `${root}/run/resolv.conf`, sysctl: `${root}/run/sysctl`, net: `/proc/${pid}/net` },
  };
  const sh = async (script: string) =>
    (await inside('sh', ['-ec', script], { signal: AbortSignal.timeout(20_000) })).stdout;
  return {
    run: inside,
    options,
    sh,
    pid,
    pidsOf: (program) => processesIn(pid).filter((each) => commandOf(each) === program),
    connect: async (other) => {
      await sh(`ip link add under type veth peer name under netns ${other.pid}`);
      await sh('ip address add 192.0.2.1/24 dev under; ip link set under up');
      await other.sh('ip address add 192.0.2.2/24 dev under; ip link set under up');
    },
    setForwarding: async ({ ipv4, ipv6 }) =>
      void (await sh(`sysctl -qw net.ipv4.ip_forward=${Number(ipv4)} net.ipv6.conf.all.forwarding=${Number(ipv6)}
        ${COPY_SYSCTLS}`)),
    startUserspace: () => startUserspace(enter, root),
    [Symbol.asyncDispose]: () => end(pid, holder),
  };
}

/** Waits for a condition, at most 10 seconds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await sleep(20);
  }
}

/** Binds as the data plane does, but in the network namespace of the node. */
function bindInside(inside: Run): Bind {
  return async (port, family) => {
    const program = `import('${REPOSITORY}/src/dataplane/port-holder.ts')
      .then(({ bindUdp }) => bindUdp(${port}, ${family})).then((code) => console.log(code ?? ''))`;
    const { stdout } = await inside(process.execPath, ['-e', program], { signal: AbortSignal.timeout(20_000) });
    return stdout.trim() === '' ? undefined : stdout.trim();
  };
}

function unknownType(program: string): ProgramFailed {
  return new ProgramFailed(program, { exitCode: 2, stderr: 'Error: Unknown device type.' });
}

async function startUserspace(enter: readonly string[], root: string): Promise<ChildProcess> {
  const program = [process.execPath, join(REPOSITORY, 'src/main.ts'), 'userspace', '--log-level', 'warn'];
  const child = spawn('nsenter', [...enter, ...program], { stdio: ['ignore', 'inherit', 'inherit'] });
  await until('the request folder', () => existsSync(`${root}/run/peerwright/userspace`));
  return child;
}

async function end(pid: number, holder: ChildProcess): Promise<void> {
  for (const each of processesIn(pid)) if (each !== pid) tryKill(each);
  const ended = once(holder, 'exit');
  holder.kill('SIGKILL');
  await ended;
}

function processesIn(pid: number): number[] {
  const namespace = readlinkOf(pid);
  if (namespace === undefined) return [];
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.filter((each) => readlinkOf(each) === namespace);
}

function readlinkOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

function commandOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/exe`).split('/').at(-1);
  } catch {
    return undefined;
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
