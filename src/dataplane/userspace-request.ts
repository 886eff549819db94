import { lstat, mkdir, open, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeviceName } from '../mesh/model.ts';
import type { Clock } from '../runtime/clock.ts';
import { PeerwrightError } from '../runtime/error.ts';
import type { LinkFolders } from './link/lifecycle.ts';
import { answers } from './wireguard/uapi-socket.ts';
import { socketPath } from './wireguard/uapi.ts';

/** Where agent and `peerwright userspace` meet: a file `<device>.request` means "this wireguard-go should run". */
export const USERSPACE_FOLDER = '/run/peerwright/userspace';

const SUFFIX = '.request';

/** How long wireguard-go may take to answer; it needs about 50 ms. */
const WAIT_MS = 5_000;

/**
 * Asks for a wireguard-go and waits until it answers. Undefined when it does, otherwise the reason; the request is
 * then withdrawn, so that nothing starts behind the back of the one who gave up.
 */
export async function requestDevice(
  device: DeviceName,
  { folders, signal, clock }: { readonly folders: LinkFolders; readonly signal: AbortSignal; readonly clock: Clock },
): Promise<string | undefined> {
  await openFolder(folders.userspace);
  await using file = await open(requestPath(folders.userspace, device), 'w', 0o600);
  await file.sync();
  const deadline = clock.monotonic() + WAIT_MS;
  while (!signal.aborted && clock.monotonic() < deadline) {
    if (await answers(socketPath(folders.uapi, device))) return undefined;
    await clock.sleep(20, signal);
  }
  await removeRequest(folders.userspace, device);
  signal.throwIfAborted();
  return `no wireguard-go answered within ${WAIT_MS / 1000} s; ${await lastWords(folders.userspace, device)}`;
}

export async function removeRequest(folder: string, device: DeviceName): Promise<void> {
  await rm(requestPath(folder, device), { force: true });
}

/** Devices that are asked for. An absent folder holds none. */
export async function requestedDevices(folder: string): Promise<DeviceName[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length))
    .filter((name): name is DeviceName => /^[a-z][a-z0-9-]{0,14}$/.test(name))
    .toSorted();
}

/** Whether one is asked for. */
export async function isRequested(folder: string, device: DeviceName): Promise<boolean> {
  return (await requestedDevices(folder)).includes(device);
}

/** What wireguard-go printed, for the one who asks why it does not run. */
export function logPath(folder: string, device: DeviceName): string {
  return join(folder, `${device}.log`);
}

/**
 * Makes the folder, or makes sure that nobody else can write requests into it. Throws UserspaceFolder otherwise:
 * whoever can write there makes a privileged process start programs.
 */
export async function openFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await lstat(folder);
  if (!found.isDirectory() || (found.mode & 0o077) !== 0 || found.uid !== process.geteuid?.()) {
    throw new PeerwrightError('UserspaceFolder', `${folder} must be a folder of our own with mode 0700`, {
      hint: `Remove ${folder}, or chown and chmod it.`,
    });
  }
}

function requestPath(folder: string, device: DeviceName): string {
  return join(folder, `${device}${SUFFIX}`);
}

async function lastWords(folder: string, device: DeviceName): Promise<string> {
  const text = await readFile(logPath(folder, device), 'utf8').catch(() => '');
  const line = text.trim().split('\n').at(-1) ?? '';
  return line === '' ? 'is "peerwright userspace" running on the node?' : `it said: ${line.slice(-300)}`;
}
