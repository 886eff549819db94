import { PeerwrightError } from '../../src/runtime/error.ts';
import { claim, type Claim } from './claim.ts';
import { hostLink, removeAbandonedLabs, removeLeftovers } from './leftovers.ts';
import { addNamespace, ip, ipIn } from './namespace.ts';
import { dropTooBig, startRouter, type LabRouter, type RouterOptions } from './router.ts';
import { addressLines, Segment, type MachineOptions, type SegmentOptions, type Spoke } from './segment.ts';

export type { Spoke } from './segment.ts';

export interface LabNetworkOptions {
  /** Begins every name that the lab makes: 2 to 10 of a-z and 0-9. One living lab a prefix. */
  readonly prefix: string;
  readonly log?: (line: string) => void;
}

export interface SpokeOptions extends Pick<MachineOptions, 'forwards' | 'mtu'> {
  /** Puts it behind this router instead of on the hub's bridge. */
  readonly router?: LabRouter | undefined;
}

export type LanOptions = Omit<SegmentOptions, 'netns'>;
export type LanHostOptions = Omit<MachineOptions, 'name' | 'netns'>;

/** A network behind one machine of the lab, which has the first address in it. */
export interface Lan {
  /** Of the machine in this network. */
  readonly v4: string;
  readonly v6: string;
  addHost(name: string, options?: LanHostOptions): Promise<Spoke>;
}

/**
 * A star of network namespaces:
 *
 * ```
 * this machine               <prefix>-hub                 <prefix>-<spoke>
 * <prefix>-host ──veth── bridge "lab" (.1, ::1) ──veth── eth0 (.11 …, ::11 …), default route to the hub
 * 198.18.X.2, ::2
 * ```
 *
 * X is one that no route of this machine and no other lab uses: several labs run side by side. Routers and networks
 * behind spokes have addresses that this machine never sees.
 */
export interface LabNetwork extends AsyncDisposable {
  /** Network namespace of the hub: an API server in it is reached by every spoke and by this machine. */
  readonly hub: { readonly netns: string; readonly v4: string; readonly v6: string };
  /** `198.18.X.0/24` and a /64 of unique local addresses. */
  readonly subnets: { readonly v4: string; readonly v6: string };
  addSpoke(name: string, options?: SpokeOptions): Promise<Spoke>;
  addRouter(name: string, options: RouterOptions): Promise<LabRouter>;
  addLan(machine: Pick<Spoke, 'netns'>, options: LanOptions): Promise<Lan>;
  /** Whether hub and routers, also those to come, tell nobody that a packet is too big. What is known stays known. */
  dropTooBig(isDropped: boolean): Promise<void>;
  /** Ends the processes in all its namespaces and removes everything. Safe to call twice. */
  remove(): Promise<void>;
}

/** Of the hub's bridge, so that only the links of the machines count. */
const LARGEST_MTU = 9000;
const SPOKE_MTU = 1500;

/**
 * Makes the hub and its link to this machine; first removes what dead labs left, of this and of other prefixes.
 * Errors: LabInUse when a living process runs a lab of this prefix, LabNeedsRoot, LabFailed.
 */
export async function startLabNetwork({ prefix, log = () => undefined }: LabNetworkOptions): Promise<LabNetwork> {
  if (!/^[a-z][a-z0-9]{1,9}$/.test(prefix)) throw failed('LabFailed', `${prefix} is no prefix of a lab`);
  if (process.getuid?.() !== 0) throw failed('LabNeedsRoot', 'Network namespaces need root');
  const name = claim(`lab-${prefix}`);
  if (name === undefined) throw failed('LabInUse', `A lab with prefix ${prefix} is running`);
  const claims = [name];
  try {
    await removeLeftovers(prefix, log);
    await removeAbandonedLabs(log);
    const { octet, subnet } = await freeSubnet();
    claims.push(subnet);
    const network = new StarNetwork(prefix, octet, claims);
    await network.start();
    return network;
  } catch (error) {
    await removeLeftovers(prefix, () => undefined);
    for (const held of claims) held.release();
    throw error;
  }
}

class StarNetwork implements LabNetwork {
  readonly hub: LabNetwork['hub'];
  readonly subnets: LabNetwork['subnets'];
  readonly #prefix: string;
  readonly #claims: Claim[];
  readonly #v6: string;
  readonly #star: Segment;
  readonly #routers: string[] = [];
  #isTooBigDropped = false;

  constructor(prefix: string, octet: number, claims: Claim[]) {
    const netns = `${prefix}-hub`;
    this.#prefix = prefix;
    this.#claims = claims;
    this.#v6 = `fd70:7700:${octet.toString(16)}:`;
    this.subnets = { v4: `198.18.${octet}.0/24`, v6: `${this.#v6}1::/64` };
    this.#star = new Segment({ netns, device: 'lab', ...this.subnets, mtu: LARGEST_MTU });
    this.hub = { netns, v4: this.#star.v4, v6: this.#star.v6 };
  }

  async start(): Promise<void> {
    const { netns } = this.hub;
    // It forwards to and from routers; to this machine it has no other way than the link itself.
    await addNamespace(netns, { forwards: true });
    await this.#star.start();
    const link = hostLink(this.#prefix);
    await ip(['link', 'add', link, 'type', 'veth', 'peer', 'name', 'host', 'netns', netns]);
    await ipIn(netns, ['link set host master lab', 'link set host up']);
    const [v4Line = '', v6Line = ''] = addressLines(link, this.#star.address(2));
    await ip(['-batch', '-'], `${v4Line}\nlink set ${link} up\n`);
    // A machine with IPv6 switched off still runs dual-stack labs.
    await ip(['-batch', '-'], `${v6Line}\n`).catch(() => undefined);
  }

  addSpoke(name: string, { router, mtu = SPOKE_MTU, forwards }: SpokeOptions = {}): Promise<Spoke> {
    const segment = router?.segment ?? this.#star;
    return segment.attach({ name, netns: this.#netns(name), mtu, forwards });
  }

  async addRouter(name: string, options: RouterOptions): Promise<LabRouter> {
    const netns = this.#netns(name);
    const index = this.#routers.push(netns);
    const place = { name, netns, hubNetns: this.hub.netns, index, v6: this.#v6 };
    const router = await startRouter(place, options);
    if (this.#isTooBigDropped) await dropTooBig(netns, true);
    return router;
  }

  async addLan({ netns }: Pick<Spoke, 'netns'>, options: LanOptions): Promise<Lan> {
    const segment = new Segment({ ...options, netns });
    await segment.start();
    const { v4, v6 } = segment;
    return { v4, v6, addHost: (name, host) => segment.attach({ ...host, name, netns: this.#netns(name) }) };
  }

  async dropTooBig(isDropped: boolean): Promise<void> {
    this.#isTooBigDropped = isDropped;
    for (const netns of [this.hub.netns, ...this.#routers]) await dropTooBig(netns, isDropped);
  }

  async remove(): Promise<void> {
    await removeLeftovers(this.#prefix, () => undefined);
    for (const held of this.#claims.splice(0)) held.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove();
  }

  #netns(name: string): string {
    return `${this.#prefix}-${name}`;
  }
}

async function freeSubnet(): Promise<{ readonly octet: number; readonly subnet: Claim }> {
  const routes = await ip(['-4', 'route', 'show', 'root', '198.18.0.0/15']);
  for (let octet = 1; octet < 255; octet += 1) {
    if (routes.includes(`198.18.${octet}.`)) continue;
    const subnet = claim(`net-${octet}`);
    if (subnet !== undefined) return { octet, subnet };
  }
  throw failed('LabFailed', 'No network of 198.18.0.0/16 is free');
}

function failed(code: 'LabFailed' | 'LabInUse' | 'LabNeedsRoot', message: string): PeerwrightError {
  return new PeerwrightError(code, message);
}
