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
import { readNodeNetworks } from './link/node-networks.ts';
import { readUnderlayMtu } from './link/underlay.ts';
import { Firewall } from './nftables/firewall.ts';
import { bindUdp, findPortHolder } from './port-holder.ts';
import type { Bind } from './port-holder.ts';
import type { Dataplane, ReadResult } from './port.ts';
import { resolver } from './resolve.ts';
import type { Lookup } from './resolve.ts';
import { SYSCTL_FOLDER, readForwarding } from './sysctl.ts';
import { USERSPACE_FOLDER, isRequested, requestedDevices } from './userspace-request.ts';
import { kernelWireGuard } from './wireguard/kernel.ts';
import { answers } from './wireguard/uapi-socket.ts';
import { UAPI_FOLDER, socketPath, uapiWireGuard } from './wireguard/uapi.ts';
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
  /** Default: a socket of this process. */
  readonly bind?: Bind;
  /** Default: the system's resolver. */
  readonly lookup?: Lookup;
  /** Default: those of this machine. */
  readonly files?: Partial<LinuxFiles>;
}

/** What is read of the machine besides what programs print. */
export interface LinuxFiles {
  /** Default /etc/resolv.conf. */
  readonly resolvConf: string;
  /** Default /proc/sys. */
  readonly sysctl: string;
  /** Default /proc/net. */
  readonly net: string;
}

const FILES: LinuxFiles = { resolvConf: '/etc/resolv.conf', sysctl: SYSCTL_FOLDER, net: '/proc/net' };

/**
 * This machine. Processes started: `list` 1; `read` 1 (`ip`), and 1 (`wg`) for a kernel device; `firewall` 1 when
 * nothing changed, else 3 or 4; `apply` one for each run of consecutive operations of `ip`, none for userspace WireGuard;
 * `nodeNetworks` and `underlayMtu` 1; `portHolder` 1 (`wg`) when the port is taken; the others none.
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
  const files = { ...FILES, ...options.files };
  const bind = options.bind ?? bindUdp;
  const isUserspace = (device: DeviceName) => answers(socketPath(folders.uapi, device));
  return {
    list: async (signal) => {
      const [links, requested] = await Promise.all([listLinks({ run, signal }), requestedDevices(folders.userspace)]);
      return [...new Set([...links, ...requested])].toSorted();
    },
    read: (device, signal) => readDevice(device, { run, signal, folders, wireGuard }),
    apply: (plan, keys, signal) => applyPlan({ plan, keys }, { run, signal, folders, wireGuard, firewall, clock }),
    firewall: (rules, signal) => firewall.load(rules, signal),
    nodeNetworks: (signal) => readNodeNetworks({ run, signal, resolvConf: files.resolvConf }),
    underlayMtu: (remotes, signal) => readUnderlayMtu(remotes, { run, signal }),
    forwarding: () => readForwarding(files.sysctl),
    portHolder: (asked, signal) => findPortHolder(asked, { run, signal, bind, isUserspace, netFolder: files.net }),
    resolve: resolver(options.lookup),
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
