import { ALIAS_PREFIX } from '../mesh/device.ts';
import type { CurrentDevice, DeviceName, Implementation } from '../mesh/model.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Clock } from '../runtime/clock.ts';
import { applyPlan } from './apply.ts';
import { run as systemRun } from './exec.ts';
import type { Run } from './exec.ts';
import { conflict } from './link/lifecycle.ts';
import type { LinkFolders } from './link/lifecycle.ts';
import { implementationOf, listLinks, readLink } from './link/read.ts';
import type { Link } from './link/read.ts';
import { Firewall } from './nftables/firewall.ts';
import type { Dataplane, ReadResult } from './port.ts';
import { USERSPACE_FOLDER, isRequested, requestedDevices } from './userspace-request.ts';
import { kernelWireGuard } from './wireguard/kernel.ts';
import { UAPI_FOLDER, uapiWireGuard } from './wireguard/uapi.ts';
import type { WireGuard } from './wireguard/wireguard.ts';

export interface LinuxOptions {
  /** Default /run/peerwright/userspace. */
  readonly userspaceFolder?: string;
  /** Default /var/run/wireguard. */
  readonly uapiFolder?: string;
  /** Default: real processes. */
  readonly run?: Run;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: the UAPI socket for userspace, `wg` for the kernel. */
  readonly wireGuard?: Readonly<Record<Implementation, WireGuard>>;
}

/**
 * This machine. Processes started: `list` 1; `read` 1 (`ip`), and 1 (`wg`) for a kernel device; `firewall` 1 when
 * nothing changed, else 3; `apply` one for each run of consecutive operations of `ip`, none for userspace WireGuard.
 */
export function linuxDataplane(options: LinuxOptions = {}): Dataplane {
  const run = options.run ?? systemRun;
  const folders: LinkFolders = {
    userspace: options.userspaceFolder ?? USERSPACE_FOLDER,
    uapi: options.uapiFolder ?? UAPI_FOLDER,
  };
  const wireGuard = options.wireGuard ?? { Kernel: kernelWireGuard(run), Userspace: uapiWireGuard(folders.uapi) };
  const clock = options.clock ?? systemClock;
  const firewall = new Firewall(run);
  return {
    list: async (signal) => {
      const [links, requested] = await Promise.all([listLinks({ run, signal }), requestedDevices(folders.userspace)]);
      return [...new Set([...links, ...requested])].toSorted();
    },
    read: (device, signal) => readDevice(device, { run, signal, folders, wireGuard }),
    apply: (plan, privateKeyOf, signal) =>
      applyPlan({ plan, privateKeyOf }, { run, signal, folders, wireGuard, firewall, clock }),
    firewall: (rules, signal) => firewall.load(rules, signal),
  };
}

interface ReadDeps {
  readonly run: Run;
  readonly signal: AbortSignal;
  readonly folders: LinkFolders;
  readonly wireGuard: Readonly<Record<Implementation, WireGuard>>;
}

/**
 * Whose link it is:
 *
 *     link   alias   asked for or in our group   result
 *     no     -       no                          absent
 *     yes    ours    -                           ours
 *     yes    none    yes                         ours, half made: alias '', nothing on it; a plan makes it anew
 *     no     -       asked for                   the same
 *     yes    other   -                           foreign
 */
async function readDevice(device: DeviceName, deps: ReadDeps): Promise<ReadResult> {
  const link = await readLink(device, deps);
  if (link?.alias.startsWith(ALIAS_PREFIX) === true) return { state: 'ours', device: await fill(device, link, deps) };
  if (link !== undefined && !(await isHalfMade(device, link, deps))) {
    return { state: 'foreign', problem: conflict(device) };
  }
  const asked = link !== undefined || (await isRequested(deps.folders.userspace, device));
  return asked ? { state: 'ours', device: halfMade(device, link) } : { state: 'absent' };
}

async function isHalfMade(device: DeviceName, link: Link, { folders }: ReadDeps): Promise<boolean> {
  if (link.alias !== '') return false;
  if (link.kind === 'wireguard') return link.inOurGroup;
  return link.kind === 'tun' && (await isRequested(folders.userspace, device));
}

async function fill(device: DeviceName, link: Link, { wireGuard, signal }: ReadDeps): Promise<CurrentDevice> {
  const implementation = implementationOf(link);
  const { alias, up, mtu, addresses, routes } = link;
  const state = await wireGuard[implementation].read(device, signal);
  return { name: device, implementation, alias, up, mtu, addresses, routes, ...state };
}

function halfMade(name: DeviceName, link: Link | undefined): CurrentDevice {
  const implementation = link === undefined ? 'Userspace' : implementationOf(link);
  const nothing = { alias: '', up: false, mtu: 0, listenPort: 0, addresses: [], routes: [], peers: new Map() };
  return { name, implementation, ...nothing };
}
