import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PeerwrightError } from '../../src/runtime/error.ts';
import { MOUNT_TAG, initramfs } from './initramfs.ts';
import type { Kernel } from './kernel.ts';

export interface GuestOptions {
  readonly kernel: Kernel;
  /** For `sh`, in this machine's file system; what it writes is gone afterwards. */
  readonly script: string;
  /** Turns the guest off. */
  readonly signal: AbortSignal;
}

/**
 * Runs a script on a kernel of its own in an emulated machine, without KVM and without privileges. What it prints
 * goes to standard output as it comes. Gives its exit code; undefined when the guest did not get to its end.
 */
export async function runInGuest({ kernel, script, signal }: GuestOptions): Promise<number | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'peerwright-qemu-'));
  try {
    const files = { initrd: join(folder, 'initramfs'), exitCode: join(folder, 'exit-code') };
    await writeFile(files.initrd, await initramfs(kernel, script));
    await runQemu(argumentsOf(kernel, files), signal);
    const [, code] = /^(\d+)\s/.exec(await readFile(files.exitCode, 'utf8').catch(() => '')) ?? [];
    return code === undefined ? undefined : Number(code);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Resolves when it has ended, however. Error: QemuMissing. */
async function runQemu(args: readonly string[], signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const child = spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill);
  try {
    await once(child, 'close');
  } catch (cause) {
    throw new PeerwrightError('QemuMissing', 'qemu-system-x86_64 cannot be started', { hint: HINT, cause });
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

const HINT = 'On Debian and Ubuntu: apt-get install --no-install-recommends qemu-system-x86';

function argumentsOf(kernel: Kernel, files: { readonly initrd: string; readonly exitCode: string }): string[] {
  const machine = ['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '2048', '-no-reboot'];
  const quiet = ['-nodefaults', '-display', 'none', '-serial', 'stdio', '-serial', `file:${files.exitCode}`];
  // A kernel that gives up restarts at once, which `-no-reboot` turns into the end.
  const command = 'console=ttyS0 quiet loglevel=3 panic=-1';
  const boot = ['-kernel', kernel.image, '-initrd', files.initrd, '-append', command];
  const share = `local,path=/,mount_tag=${MOUNT_TAG},security_model=none,readonly=on,multidevs=remap`;
  return [...machine, ...quiet, ...boot, '-virtfs', share, '-device', 'virtio-rng-pci'];
}
