import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cpioArchive } from './cpio.ts';
import type { CpioEntry } from './cpio.ts';
import type { Kernel } from './kernel.ts';
import { loadOrder } from './modules.ts';

/** Name of the folder share in the guest. */
export const MOUNT_TAG = 'machine';

/** What it takes to get to the share; the rest is loaded from there when the kernel asks for it. */
const MODULES = ['virtio_pci', '9pnet_virtio', '9p', 'overlay', 'virtio_rng'];

/**
 * An initramfs that makes this machine's file system the guest's, with a layer in memory over it, and runs `script`
 * there with `sh`. The script's exit code goes to the second serial port; then the guest turns itself off.
 */
export async function initramfs(kernel: Kernel, script: string): Promise<Buffer> {
  const modules = loadOrder(await readFile(join(kernel.modules, 'modules.dep'), 'utf8'), MODULES);
  const files = await Promise.all(
    modules.map(async (path, index): Promise<CpioEntry> => {
      return { name: `modules/${moduleFile(path, index)}`, content: await readFile(join(kernel.modules, path)) };
    }),
  );
  return cpioArchive([
    ...['bin', 'modules', 'proc', 'sys', 'dev', 'lower', 'upper', 'root'].map((name) => ({ name })),
    { name: 'bin/busybox', content: await readFile(kernel.busybox) },
    { name: 'init', content: Buffer.from(initScript(modules)) },
    { name: 'start', content: Buffer.from(startScript(kernel)) },
    { name: 'script', content: Buffer.from(script) },
    ...files,
  ]);
}

function moduleFile(path: string, index: number): string {
  return `${index}-${path.slice(path.lastIndexOf('/') + 1)}`;
}

function initScript(modules: readonly string[]): string {
  return `#!/bin/busybox sh
set -e
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
${modules.map((path, index) => `insmod /modules/${moduleFile(path, index)}`).join('\n')}
mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=512000 ${MOUNT_TAG} /lower
mount -t tmpfs none /upper
mkdir /upper/data /upper/work
mount -t overlay -o lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work none /root
mkdir -p /root/proc /root/sys /root/dev /root/run /root/tmp
mount -t tmpfs none /root/run
mount -t tmpfs none /root/tmp
cp /start /script /root/run
for each in proc sys dev; do mount --move /$each /root/$each; done
exec switch_root /root /bin/sh /run/start
`;
}

/** Runs with the programs of this machine. `modprobe` is busybox's, because not every machine has one; no udev. */
function startScript({ release, modules, busybox }: Kernel): string {
  return `export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
ln -s ${busybox} /run/modprobe
echo /run/modprobe > /proc/sys/kernel/modprobe
mkdir -p /lib/modules /dev/shm /dev/pts
ln -sfn ${modules} /lib/modules/${release}
mount -t tmpfs none /dev/shm
ln -s /proc/self/fd /dev/fd
mount -t devpts none /dev/pts
/run/modprobe tun
ip link set lo up
sh /run/script < /dev/null
echo $? > /dev/ttyS1
${busybox} poweroff -f
`;
}
