import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PeerwrightError } from '../../src/runtime/error.ts';
import { runCommand } from '../lab/command.ts';

/** Debian's kernel and what it takes to start something on it, unpacked; nothing of it is installed. */
export interface Kernel {
  /** As `uname -r` says. */
  readonly release: string;
  /** The bzImage. */
  readonly image: string;
  /** Folder with modules.dep. */
  readonly modules: string;
  /** A static busybox. */
  readonly busybox: string;
}

/** Not the `cloud` flavour: that has no 9p, by which the guest sees this machine's files. */
const META_PACKAGE = 'linux-image-amd64';

/**
 * The kernel that Debian's package lists name now, from `folder` or with `apt-get download`.
 * Error: KernelMissing, with what apt-get said.
 */
export async function debianKernel(folder: string, log: (line: string) => void): Promise<Kernel> {
  const depends = await output(['apt-cache', 'depends', META_PACKAGE]);
  const [, name = ''] = /Depends: (linux-image-\S+)/.exec(depends) ?? [];
  const into = join(folder, name);
  if (name === '') throw missing(`the package lists have no ${META_PACKAGE}`);
  if (!existsSync(into)) {
    log(`Downloading ${name} and busybox-static`);
    await unpack([name, 'busybox-static'], into);
  }
  const release = name.slice('linux-image-'.length);
  return {
    release,
    image: join(into, `boot/vmlinuz-${release}`),
    modules: join(into, `lib/modules/${release}`),
    busybox: join(into, 'bin/busybox'),
  };
}

/** The folder appears when all is in it. */
async function unpack(packages: readonly string[], into: string): Promise<void> {
  const partial = `${into}.${process.pid}`;
  const downloads = join(partial, 'downloads');
  const root = join(partial, 'root');
  try {
    await mkdir(downloads, { recursive: true });
    await output(['apt-get', 'download', '-qq', ...packages], downloads);
    for (const file of await readdir(downloads)) await output(['dpkg-deb', '--extract', join(downloads, file), root]);
    const [release = ''] = await readdir(join(root, 'lib/modules'));
    await output([join(root, 'bin/busybox'), 'depmod', '-b', root, release]);
    await rename(root, into);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function output(argv: readonly string[], cwd = '/'): Promise<string> {
  const { code, stdout, stderr } = await runCommand(argv, { cwd, timeoutMs: 300_000 });
  if (code !== 0) throw missing(`${argv.slice(0, 2).join(' ')} failed: ${stderr.trim()}`);
  return stdout;
}

function missing(why: string): PeerwrightError {
  return new PeerwrightError('KernelMissing', `There is no kernel to start: ${why}`, {
    hint: 'It is taken from Debian 12 or newer on amd64; apt-get update may help.',
  });
}
