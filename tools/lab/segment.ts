import { PeerwrightError } from '../../src/runtime/error.ts';
import { addNamespace, ipIn, removeNamespace } from './namespace.ts';

/** One machine of the lab: a network namespace with `eth0` on the bridge of a segment. */
export interface Spoke {
  readonly name: string;
  /** In /run/netns. */
  readonly netns: string;
  readonly v4: string;
  readonly v6: string;
  /** Of `eth0`. */
  readonly mtu: number;
  /** Ends its processes and removes it. */
  remove(): Promise<void>;
}

export interface SegmentOptions {
  /** Namespace that the bridge is in: it has the first address, and machines may have their default route to it. */
  readonly netns: string;
  /** Name of the bridge. */
  readonly device: string;
  /** `192.168.7.0/24`: no other length. */
  readonly v4: string;
  /** `fd00:7::/64`: no other length. */
  readonly v6: string;
  /** Of the bridge, and of machines that do not ask for another. Default: 1500, and the bridge's is the smallest on it. */
  readonly mtu?: number;
}

export interface MachineOptions {
  readonly name: string;
  readonly netns: string;
  /** Last part of its addresses; default: the next free one from 11. */
  readonly number?: number | undefined;
  /** Of both ends of its link. */
  readonly mtu?: number | undefined;
  /** Whether it forwards packets; default false. */
  readonly forwards?: boolean | undefined;
  /** False: it reaches its own segment only, and answers nobody else. Default true. */
  readonly defaultRoute?: boolean | undefined;
}

const FIRST_NUMBER = 11;
const MTU = 1500;

/** An Ethernet of the lab: a bridge in one namespace, and machines on it that have a namespace each. */
export class Segment {
  /** Of the bridge itself. */
  readonly v4: string;
  readonly v6: string;
  readonly #options: SegmentOptions;
  #next = FIRST_NUMBER;

  /** Error: LabFailed for subnets of other lengths. */
  constructor(options: SegmentOptions) {
    if (!/^[\d.]+\.0\/24$/.test(options.v4)) throw failed(`${options.v4} is no /24 for a segment`);
    if (!/^[\da-f:]+::\/64$/.test(options.v6)) throw failed(`${options.v6} is no /64 for a segment`);
    this.#options = options;
    ({ v4: this.v4, v6: this.v6 } = this.address(1));
  }

  async start(): Promise<void> {
    const { netns, device, mtu } = this.#options;
    // A bridge without an address of its own takes the lowest of its ports': a new machine would change it under those
    // who know the bridge already, and they would reach nobody until their neighbour entry expires.
    const bridge = `link add ${device} address 02:70:77:00:00:01 type bridge`;
    const up = `link set ${device} up${mtu === undefined ? '' : ` mtu ${mtu}`}`;
    await ipIn(netns, [bridge, up, ...addressLines(device, this)]);
  }

  /** Makes a machine on it. Error: LabFailed. */
  async attach({ name, netns, forwards = false, defaultRoute = true, ...wished }: MachineOptions): Promise<Spoke> {
    const { netns: bridgeNetns, device } = this.#options;
    const { number: own = this.#next++, mtu = this.#options.mtu ?? MTU } = wished;
    const { v4, v6 } = this.address(own);
    const port = `${device}-${own}`;
    await addNamespace(netns, { forwards });
    await ipIn(bridgeNetns, [
      `link add ${port} mtu ${mtu} type veth peer name eth0 mtu ${mtu} netns ${netns}`,
      `link set ${port} master ${device} up`,
    ]);
    const routes = defaultRoute ? [`route add default via ${this.v4}`, `route add default via ${this.v6}`] : [];
    await ipIn(netns, [...addressLines('eth0', { v4, v6 }), 'link set eth0 up', ...routes]);
    return { name, netns, v4, v6, mtu, remove: () => removeNamespace(netns) };
  }

  /** Addresses of the machine with this number. */
  address(number: number): { readonly v4: string; readonly v6: string } {
    const { v4, v6 } = this.#options;
    return { v4: v4.replace(/0\/24$/, String(number)), v6: v6.replace(/\/64$/, String(number)) };
  }
}

/** Lines of `ip -batch` that give a device its addresses. */
export function addressLines(device: string, { v4, v6 }: { readonly v4: string; readonly v6: string }) {
  return [`address add ${v4}/24 dev ${device}`, `address add ${v6}/64 dev ${device} nodad`];
}

function failed(message: string): PeerwrightError {
  return new PeerwrightError('LabFailed', message);
}
