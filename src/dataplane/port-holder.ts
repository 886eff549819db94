import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeviceName } from '../mesh/model.ts';
import { ProgramFailed } from './exec.ts';
import type { Run } from './exec.ts';

/** Binds a UDP port on every address of a family and lets it go; the code of the error when that does not work. */
export type Bind = (port: number, family: 4 | 6) => Promise<string | undefined>;

export interface PortQuestion {
  readonly port: number;
  /** The device that is to have it. */
  readonly device: DeviceName;
}

export interface PortHolderDeps {
  readonly run: Run;
  readonly signal: AbortSignal;
  readonly bind: Bind;
  /** Whether wireguard-go runs a device. */
  readonly isUserspace: (device: DeviceName) => Promise<boolean>;
  /** Where `udp` and `udp6` of the network namespace are: /proc/net. */
  readonly netFolder: string;
}

/**
 * Who holds a UDP port; undefined when the device can have it. Tried as WireGuard does: one socket for each family, the second for
 * IPv6 alone. A port that this process may not bind, or a family that the node does not have, counts as free: WireGuard
 * will say.
 *
 * wireguard-go holds the port of a device whose link is down, too; the kernel does not, and lists it all the same.
 */
export async function findPortHolder(
  { port, device }: PortQuestion,
  deps: PortHolderDeps,
): Promise<string | undefined> {
  const [v4, v6] = [await deps.bind(port, 4), await deps.bind(port, 6)];
  if (v4 !== TAKEN && v6 !== TAKEN) return undefined;
  const interfaces = await wireGuardsOn(port, deps);
  if (interfaces.includes(device) && (await deps.isUserspace(device))) return undefined;
  const other = interfaces.find((name) => name !== device);
  if (other !== undefined) return `the WireGuard interface ${printable(other)}`;
  return (await processOn(port, deps)) ?? 'another process';
}

export const bindUdp: Bind = async (port, family) => {
  const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', ipv6Only: family === 6 });
  try {
    const listening = once(socket, 'listening');
    socket.bind({ port, address: family === 4 ? '0.0.0.0' : '::', exclusive: true });
    await listening;
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'UNKNOWN';
  } finally {
    socket.close();
  }
};

const TAKEN = 'EADDRINUSE';

/** The kernel's WireGuard has no process, and wireguard-go is better known by its interface. */
async function wireGuardsOn(port: number, { run, signal }: PortHolderDeps): Promise<string[]> {
  try {
    const { stdout } = await run('wg', ['show', 'all', 'listen-port'], { signal });
    const lines = stdout.split('\n').map((line) => line.split('\t'));
    return lines.flatMap(([name = '', listenPort]) => (listenPort === String(port) ? [name] : []));
  } catch (error) {
    if (error instanceof ProgramFailed) return [];
    throw error;
  }
}

/** Needs the right to look at other processes, and to see them at all. */
async function processOn(port: number, { netFolder, signal }: PortHolderDeps): Promise<string | undefined> {
  const sockets = new Set(await socketsOn(port, netFolder));
  if (sockets.size === 0) return undefined;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    signal.throwIfAborted();
    if (!(await hasOpen(pid, sockets))) continue;
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'process');
    return `${printable(name.trim())} (pid ${pid})`;
  }
  return undefined;
}

/** Links of descriptors, `socket:[inode]`, of the sockets bound to the port; proc(5), "/proc/net/tcp". */
async function socketsOn(port: number, folder: string): Promise<string[]> {
  const texts = await Promise.all(['udp', 'udp6'].map((name) => readFile(join(folder, name), 'utf8').catch(() => '')));
  const rows = texts.flatMap((text) => text.split('\n').slice(1)).map((line) => line.trim().split(/\s+/));
  const bound = rows.filter(([, local = '']) => Number.parseInt(local.split(':')[1] ?? '', 16) === port);
  return bound.map((row) => `socket:[${row[9] ?? ''}]`);
}

async function hasOpen(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  for (const descriptor of await readdir(folder).catch(() => [])) {
    if (sockets.has(await readlink(join(folder, descriptor)).catch(() => ''))) return true;
  }
  return false;
}

/** Whoever names a process or an interface may use any character, and the message is shown to people. */
function printable(name: string): string {
  return name.replaceAll(/[^\x21-\x7e]/g, '?');
}
