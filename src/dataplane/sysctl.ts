import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the kernel's settings are, those of the reader's network namespace. */
export const SYSCTL_FOLDER = '/proc/sys';

/** Whether the node forwards packets of each family. A kernel without a family forwards none of it. */
export async function readForwarding(folder: string): Promise<{ readonly ipv4: boolean; readonly ipv6: boolean }> {
  const [ipv4, ipv6] = await Promise.all([
    isOn(join(folder, 'net/ipv4/ip_forward')),
    isOn(join(folder, 'net/ipv6/conf/all/forwarding')),
  ]);
  return { ipv4, ipv6 };
}

async function isOn(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '0';
    throw error;
  });
  return Number(text) > 0;
}
